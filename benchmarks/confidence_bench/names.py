"""Names of the rows and columns, for which nothing has to be imported."""

from __future__ import annotations

OURS = "exact probability"
# The same probability with temperatures that are fitted in other ways.
PER_LABEL = "exact probability, a temperature for each label"
FROM_SEQUENCES = "exact probability, temperature fitted to whole annotations"
VARIANTS = (PER_LABEL, FROM_SEQUENCES)

# Entities that are measured: all, and those of two tokens or more.
ALL, LONG = "all", "long"

# Measure, heading, factor, digits.
HEADINGS: dict[str, tuple[str, float, int]] = {
    "ece": ("calibration error", 100, 1),
    "brier": ("Brier score", 1, 3),
    "nll": ("log loss", 1, 3),
    "aupr": ("area", 100, 1),
}
# Those of which more is better.
REWARDS = frozenset({"aupr"})
