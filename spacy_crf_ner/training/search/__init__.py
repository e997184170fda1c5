"""Search for the settings of a config that score best."""

from .search import Search, SearchSettings
from .space import read_space

__all__ = ["Search", "SearchSettings", "read_space"]
