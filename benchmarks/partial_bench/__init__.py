"""Parts of the benchmark of partial and negative supervision: corpus, what is left of its annotation, page."""
