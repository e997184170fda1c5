"""Parts of the benchmark of fine-tuning strategies: what is compared, corpora, training, page."""
