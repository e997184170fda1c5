"""What tables and progress bars of all commands have in common."""

from __future__ import annotations

# Characters of a column, up to which a table is kept straight.
MAX_COLUMN = 100
# Seconds after which it is shown how far it is.
DELAY = 1.0


def printable(text: str) -> str:
    """RETURNS (str): A text on one line, without characters that a terminal might take for commands.

    text (str): Any text.
    """
    return "".join(char if char.isprintable() else " " for char in text)


def percent(share: float | None) -> str:
    """RETURNS (str): A share as per cent with two decimals, or a dash if there is none.

    share (float | None): 0 to 1.
    """
    return "-" if share is None else f"{100 * share:.2f}"


def probability(value: float | None) -> str:
    """RETURNS (str): A probability with three decimals, or a dash if there is none.

    value (float | None): 0 to 1.
    """
    return "-" if value is None else f"{value:.3f}"
