"""Parts of the benchmark of confidence: scores of predicted entities, measures with their intervals, page."""
