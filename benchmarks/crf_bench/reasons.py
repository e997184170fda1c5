"""Errors as one line for the page, without places on this machine."""

from __future__ import annotations

import re

# An absolute path; what stands after its last slash is kept.
_PLACE = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?[/\\](?:[^\s'\"():,]+[/\\])+")


def explain(error: BaseException) -> str:
    """RETURNS (str): Its type and the first line of its message.

    error (BaseException): The error.
    """
    first = (str(error).splitlines() or [""])[0]
    return without_places(f"{type(error).__name__}: {first}")


def without_places(text: str) -> str:
    """RETURNS (str): The text, with the names of files in place of their paths.

    text (str): A line.
    """
    return _PLACE.sub("", text)
