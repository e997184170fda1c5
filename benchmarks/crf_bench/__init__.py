"""Parts of the CRF benchmark: cases, implementations, agreement, timing, limits, tables."""
