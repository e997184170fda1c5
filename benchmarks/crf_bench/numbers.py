"""How exact float32 is, and how often a sequence has to be computed again, by the spread of the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.results import Row, append_row, surroundings

from .cases import NUMBERS_KIND
from .timing import time_call

if TYPE_CHECKING:
    from spacy_crf_ner.functional import Potentials

# Standard deviations of the emissions, in nats, for few labels and for many.
SPREADS = (1.0, 5.0, 8.0, 10.0, 12.0, 20.0, 50.0, 100.0)
LABELS = (2, 18)
SEQUENCES, STEPS = 500, 40
SCORES = ("emissions", "transitions", "start", "end")
# As in the documentation: log Z by its value, probabilities by themselves.
GOAL_RELATIVE, GOAL_ABSOLUTE = 1e-4, 1e-5


def run_numbers(sequences: int, spreads: Sequence[float], threads: int, out: Path | None) -> list[Row]:
    """Compare float32 with float64 in log space, and append a row for each spread, number of labels and implementation.

    sequences (int): Sequences in each batch.
    spreads (Sequence[float]): Standard deviations of the emissions.
    threads (int): Threads.
    out (Path | None): The file of the rows.
    RETURNS (list[Row]): The rows.
    """
    import torch

    torch.set_num_threads(threads)
    rows = []
    for labels in LABELS:
        usual: dict[str, float] = {}
        for spread in spreads:
            potentials = constrained(sequences, labels, spread)
            for name, recursions in float32_implementations().items():
                result = compare(potentials, recursions)
                # Against the smallest spread, with which nothing is computed again.
                usual.setdefault(name, result["seconds"])
                result["times"] = result["seconds"] / usual[name]
                case = {
                    "kind": NUMBERS_KIND,
                    "implementation": name,
                    "spread": spread,
                    "sequences": sequences,
                }
                row = surroundings(threads) | case | {"tags": potentials.n_tags} | result
                rows.append(row)
                if out is not None:
                    append_row(out, row)
                print({key: row[key] for key in (*list(case)[1:], "tags", *result)}, flush=True)
    return rows


def float32_implementations() -> dict[str, Any]:
    """RETURNS (dict[str, Recursions]): Torch, and the extension if it is there."""
    from spacy_crf_ner.functional import SCALED
    from spacy_crf_ner.kernels.cpu import Compiled, unavailable

    found: dict[str, Any] = {"torch": SCALED}
    if unavailable() is None:
        found["compiled"] = Compiled()
    return found


def constrained(sequences: int, labels: int, spread: float) -> Potentials:
    """Normal deviates with the masks of BILUO; transitions have a spread of 2.

    sequences (int): Number of sequences, of half to all of `STEPS` tokens.
    labels (int): Number of labels.
    spread (float): Standard deviation of the emissions, in nats.
    RETURNS (Potentials): Packed, float32.
    """
    import torch

    from spacy_crf_ner.functional import Potentials
    from spacy_crf_ner.tags import TagSet

    tagset = TagSet("BILUO", [f"L{number}" for number in range(labels)])
    n_tags = tagset.n_tags
    generator = torch.Generator().manual_seed(labels)
    lengths = torch.randint(STEPS // 2, STEPS + 1, (sequences,), generator=generator)
    return Potentials(
        torch.randn(int(lengths.sum()), n_tags, generator=generator) * spread,
        lengths,
        torch.randn(n_tags, n_tags, generator=generator) * 2.0,
        torch.randn(n_tags, generator=generator) * 2.0,
        torch.randn(n_tags, generator=generator) * 2.0,
        allowed_transitions=torch.tensor(tagset.allowed_transitions),
        allowed_start=torch.tensor(tagset.allowed_start),
        allowed_end=torch.tensor(tagset.allowed_end),
    )


def compare(potentials: Potentials, recursions: Any) -> dict[str, Any]:
    """Errors of one implementation, and how many sequences it had to compute again.

    potentials (Potentials): The batch, float32.
    recursions (Recursions): The implementation.
    RETURNS (dict[str, Any]): `relative_error` of log Z, `absolute_error` of the marginals, `seconds`, and `redone`,
        which is None where the implementation does not tell.
    """
    from spacy_crf_ner.functional import LOG_SPACE

    exact = replace(potentials, **{name: getattr(potentials, name).double() for name in SCORES})
    totals, tokens = LOG_SPACE.marginals(exact)
    seconds, (found_totals, found_tokens) = min(
        (time_call(lambda: recursions.marginals(potentials), "cpu") for _ in range(5)),
        key=lambda timed: timed[0],
    )
    return {
        "relative_error": float(((found_totals - totals) / totals).abs().max()),
        "absolute_error": float((found_tokens.double() - tokens).abs().max()),
        "redone": redone(potentials) if recursions.name.startswith("compiled") else None,
        "seconds": seconds,
    }


def redone(potentials: Potentials) -> list[int]:
    """RETURNS (list[int]): Sequences that the extension computes again in float64, and of these, in log space, too."""
    from spacy_crf_ner.kernels.cpu.arrays import Batch, forward_backward

    arrays = {name: value.numpy() for name, value in vars(potentials).items() if value is not None}
    return list(forward_backward(Batch(**arrays), marginals=True)[2])


def numbers_section(rows: Sequence[Row]) -> str:
    """A table, and whether the documentation's bounds hold.

    rows (Sequence[Row]): Its rows.
    RETURNS (str): Markdown.
    """
    head = [
        "implementation",
        "tags",
        "spread, nats",
        "log Z, relative",
        "marginals, absolute",
        "float64",
        "log space",
    ]
    lines = [[*head, "time"], ["---", *["---:"] * 7]]
    for row in rows:
        in_doubles, in_logs = row["redone"] or (None, None)
        shares = ["–" if n is None else f"{100 * n / row['sequences']:.1f} %" for n in (in_doubles, in_logs)]
        errors = [f"{row[name]:.0e}" for name in ("relative_error", "absolute_error")]
        lines.append(
            [
                row["implementation"],
                row["tags"],
                f"{row['spread']:g}",
                *errors,
                *shares,
                f"{row['times']:.1f}x",
            ]
        )
    worst = [max(row[name] for row in rows) for name in ("relative_error", "absolute_error")]
    held = worst[0] <= GOAL_RELATIVE and worst[1] <= GOAL_ABSOLUTE
    table = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    title = (
        f"Largest errors of float32 against float64 in log space, on {rows[-1]['sequences']} sequences of up to "
        f"{STEPS} tokens with BILUO constraints and normal deviates as scores; how many of them the compiled "
        "kernels computed again in float64, and of these in log space; and the time of the marginals, in times of "
        "that at the smallest spread."
    )
    verdict = (
        f"- Bounds of the documentation ({GOAL_RELATIVE:g} of log Z, {GOAL_ABSOLUTE:g} of the marginals): "
        f"{'met' if held else 'missed'}; at most {worst[0]:.0e} and {worst[1]:.0e}."
    )
    return "\n\n".join(["## Numbers", title, table, verdict])
