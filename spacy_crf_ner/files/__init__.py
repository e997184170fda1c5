"""Files that all rooms write and read alike: whole or not at all, and Docs in spaCy's format."""

from .docbins import count_docs, find_docbins, read_docbin, read_docs
from .outputs import require_writable
from .replacement import Replacement, name_errors, to_json, write_json, write_text

__all__ = [
    "Replacement",
    "count_docs",
    "find_docbins",
    "name_errors",
    "read_docbin",
    "read_docs",
    "require_writable",
    "to_json",
    "write_json",
    "write_text",
]
