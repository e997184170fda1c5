"""Parts of `benchmarks/distillation.py`."""
