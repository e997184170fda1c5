"""Parts of the benchmarks: corpus and batches, systems, training, results."""
