"""Pipeline components: what Examples ask of the CRF, and what it writes to Docs."""

from .crf_ner import CRFEntityRecognizer, make_crf_ner
from .crf_pipe import CRFPipe

__all__ = ["CRFEntityRecognizer", "CRFPipe", "make_crf_ner"]
