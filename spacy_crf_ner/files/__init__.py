"""Files that all rooms write and read alike: whole or not at all, and Docs in spaCy's format."""

from .docbins import count_docs, find_docbins, read_docbin, read_docs
from .replacement import Replacement, write_json, write_text

__all__ = [
    "Replacement",
    "count_docs",
    "find_docbins",
    "read_docbin",
    "read_docs",
    "write_json",
    "write_text",
]
