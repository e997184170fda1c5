"""Checks of annotated Docs before training: one idea a file, all of them from one pass over the data."""

from .config import Facts, make_language, name_parts, read_facts
from .findings import Finding, Level, count, printable
from .survey import Part, Pipeline, Survey, survey
from .verdicts import as_dict, check_all
from .word_pieces import Pieces, load_pieces

__all__ = [
    "Facts",
    "Finding",
    "Level",
    "Part",
    "Pieces",
    "Pipeline",
    "Survey",
    "as_dict",
    "check_all",
    "count",
    "load_pieces",
    "make_language",
    "name_parts",
    "printable",
    "read_facts",
    "survey",
]
