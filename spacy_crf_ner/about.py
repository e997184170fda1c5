"""Name and version of the distribution, in the one place that setup.cfg reads."""

__title__ = "spacy-crf-ner"
__version__ = "0.1.0"
