"""Whether the parts of a corpus have the same labels in the same shares."""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log2

from .findings import Finding
from .labels import TRAIN, LabelCounts

# Bits from which a difference is worth a look, and from which scores of both parts tell different things.
SOME, MUCH = 0.01, 0.05
# How many times as much as chance brings about.
BEYOND_CHANCE = 3.0


def divergence(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """Jensen-Shannon divergence of two distributions, from counts (Lin 1991, https://doi.org/10.1109/18.61115).

    first (Mapping[str, int]): How often each value occurs; not empty.
    second (Mapping[str, int]): The same.
    RETURNS (float): Bits: 0 if both are the same, and at most 1, if they have no value in common.
    """
    totals = sum(first.values()), sum(second.values())
    result = 0.0
    for value in first.keys() | second.keys():
        p, q = first.get(value, 0) / totals[0], second.get(value, 0) / totals[1]
        mean = (p + q) / 2
        result += sum(share * log2(share / mean) / 2 for share in (p, q) if share)
    # Rounding may leave a little less than nothing.
    return min(max(result, 0.0), 1.0)


def divergence_by_chance(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """What `divergence` is expected to be if both are samples of one distribution.

    For large samples 8 ln(2) n m / (n + m) times the divergence is distributed as chi-squared with a degree of freedom
    less than there are values, as for the log-likelihood ratio (Grosse et al. 2002,
    https://doi.org/10.1103/PhysRevE.65.041905).

    first (Mapping[str, int]): How often each value occurs; not empty.
    second (Mapping[str, int]): The same.
    RETURNS (float): Bits.
    """
    n, m = sum(first.values()), sum(second.values())
    return (len(first.keys() | second.keys()) - 1) * (1 / n + 1 / m) / (8 * log(2))


def check_label_drift(parts: Mapping[str, LabelCounts]) -> list[Finding]:
    """How the shares of labels differ from those of train.

    parts (Mapping[str, LabelCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "label-drift", for each other part than train with entities; nothing with one label.
    """
    if TRAIN not in parts or not parts[TRAIN].entities:
        return []
    known = parts[TRAIN].entities
    found = []
    for part, counts in parts.items():
        own = counts.entities
        if part == TRAIN or not own or len(own.keys() | known.keys()) < 2:
            continue
        bits, chance = divergence(known, own), divergence_by_chance(known, own)
        message = (
            f"Labels of {part} and train differ by {bits:.3f} bits (0: same shares; 1: no label in common; by chance "
            f"about {chance:.3f})"
        )
        if bits < SOME or bits < BEYOND_CHANCE * chance:
            found.append(Finding("good", "label-drift", message))
            continue
        advice = "Scores over all labels depend on these shares: look at those of each label."
        examples = _largest(known, own, part)
        found.append(Finding("warn" if bits >= MUCH else "info", "label-drift", message, advice, examples))
    return found


def _largest(first: Mapping[str, int], second: Mapping[str, int], part: str) -> tuple[str, ...]:
    """The labels whose shares differ most."""
    totals = sum(first.values()), sum(second.values())
    shares = {
        label: (first.get(label, 0) / totals[0], second.get(label, 0) / totals[1])
        for label in first.keys() | second.keys()
    }
    order = sorted(shares, key=lambda label: (-abs(shares[label][0] - shares[label][1]), label))
    return tuple(
        f"{label!r}: {100 * shares[label][0]:.0f} % of train, {100 * shares[label][1]:.0f} % of {part}"
        for label in order[:3]
    )
