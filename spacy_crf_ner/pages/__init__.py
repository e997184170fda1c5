"""Pages of HTML: what was measured and explained, in one file that needs no network and runs nothing from data."""

from .entities_page import entities_page
from .evaluation_page import evaluation_page
from .explanation_page import explanation_page
from .vector_graphics import require_plots

__all__ = ["entities_page", "evaluation_page", "explanation_page", "require_plots"]
