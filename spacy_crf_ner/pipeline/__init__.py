"""Pipeline components: what Examples ask of the CRF, and what it writes to Docs."""

from .crf_ner import CRFEntityRecognizer
from .crf_pipe import CRFPipe
from .factories import make_crf_ner

__all__ = ["CRFEntityRecognizer", "CRFPipe", "make_crf_ner"]
