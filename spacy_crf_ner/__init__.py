"""spacy-crf-ner: linear-chain CRF sequence labelling for spaCy pipelines.

Importing spaCy is enough to use it: the factories, architectures and layers are entry points. This package
itself imports nothing heavy.
"""

from .about import __version__

__all__ = ["__version__"]
