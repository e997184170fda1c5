"""Models for others: a card that says what they are, in a folder or on the Hugging Face Hub."""

from .card import Notes, write_card
from .facts import CrfFacts, Facts, find_facts, find_local_paths
from .folder import PAGE, check_folder, check_page, write_files, write_folder
from .hub import upload
from .limits import find_limits
from .markdown import one_line
from .model import Model, read_model
from .place import Place
from .scores import Scores, read_scores, scores_of_training

__all__ = [
    "PAGE",
    "CrfFacts",
    "Facts",
    "Model",
    "Notes",
    "Place",
    "Scores",
    "check_folder",
    "check_page",
    "find_facts",
    "find_limits",
    "find_local_paths",
    "one_line",
    "read_model",
    "read_scores",
    "scores_of_training",
    "upload",
    "write_card",
    "write_files",
    "write_folder",
]
