"""The page of results, written from the rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.results import Row
from harness.table import describe_surroundings, replace_page, table_header, table_line

from .names import ALL, HEADINGS, LONG, OURS, REWARDS, VARIANTS

INTRODUCTION = """\
# How far confidence scores of entities can be trusted

Written by `benchmarks/confidence.py` from the rows beside it; do not edit.

One pipeline is trained on WNUT17. The entities of the best tag sequences on its test part get scores by different
formulas, all from the same potentials (`benchmarks/confidence_bench/scores.py`): the exact probability of the entity,
and what other libraries compute in its place. An entity is right if its tokens and its label are those of an annotated
one. Calibrated: all potentials are divided by a temperature before the formula is applied, which is fitted for each
formula to its own log loss on the dev part. The emissions are those of a CRF, which is not trained for each token by
itself: the softmax scores of a tagger that is may be better than they are here.

- Calibration error: expected calibration error over 10 bins of equal width, in points of probability; lower is better.
- Brier score and log loss (nats per entity): lower is better. Probabilities count as no closer to 0 and 1 than 1e-6.
- Area: under the precision-recall curve when entities are accepted in the order of their scores, x 100; higher is
  better. It depends on the order alone.

In brackets: 95 % of {resamples:,} resamples of the Docs, with the temperatures as they were fitted. Resampling adds
noise, and noise adds to the calibration error, so that its intervals lie high. By chance: the calibration error that is
left, on average, if each score is exactly the probability that its entity is right. An error no larger than that is no
sign of bad calibration."""

SINGLE_TOKENS = """\
The marginal of a tag U is the exact probability of an entity of one token, so that the formulas on token marginals
differ from the exact probability in longer entities alone: {long} of {all}."""


def write_page(path: Path, rows: Sequence[Row]) -> None:
    """Write the page; nothing without rows.

    path (Path): The Markdown file, replaced as a whole.
    rows (Sequence[Row]): All rows, oldest first. The newest ones of each pipeline and corpus are shown.
    """
    if not rows:
        return
    newest = {(row["run_id"], row["method"], row["calibrated"]): row for row in rows}
    runs = dict.fromkeys(row["run_id"] for row in reversed(rows))
    lines = [INTRODUCTION.format(resamples=rows[-1]["resamples"]), ""]
    for run in runs:
        lines += _section([row for (identity, _, _), row in newest.items() if identity == run])
    replace_page(path, "\n".join(lines))


def _section(rows: Sequence[Row]) -> list[str]:
    first = rows[0]
    limited = f", first {first['limit_docs']} posts" if first["limit_docs"] is not None else ""
    trained = [row for row in rows if not row["calibrated"]]
    fitted = [row for row in rows if row["calibrated"]]
    test = first["test"]
    singles = SINGLE_TOKENS.format(long=test["predicted_long"], all=test["predicted"])
    differences = (
        f"Calibrated, less those of the {OURS}; where the interval holds 0, the two cannot be told apart:"
    )
    parts = [
        [f"## {first['model']['components']}{limited} ({first['model']['sha256'][:8]})"],
        [f"Dev: {_describe(first['dev'])}. Test: {_describe(test)}."],
        ["Calibrated on the dev part:"],
        _table(fitted, ALL, temperatures=True),
        _verdict(fitted, ALL),
        [differences],
        _differences(fitted, ALL),
        [
            f"### Entities of two tokens or more ({test['correct_long']} of {test['predicted_long']} are right)"
        ],
        [singles],
        _table(fitted, LONG, temperatures=False),
        _verdict(fitted, LONG),
        [differences],
        _differences(fitted, LONG),
        ["### As trained, all entities"],
        _table(trained, ALL, temperatures=False),
        _label_temperatures(fitted),
        describe_surroundings(rows),
    ]
    return [line for lines in parts if lines for line in (*lines, "")]


def _describe(counts: dict[str, int]) -> str:
    precision = 100 * counts["correct"] / max(1, counts["predicted"])
    recall = 100 * counts["correct"] / max(1, counts["entities"])
    return (
        f"{counts['docs']:,} Docs with {counts['entities']:,} entities; {counts['predicted']:,} predicted, "
        f"{counts['correct']:,} of them right (P {precision:.1f}, R {recall:.1f})"
    )


def _table(rows: Sequence[Row], group: str, *, temperatures: bool) -> list[str]:
    heads = ["temperature"] if temperatures else []
    lines = table_header(["score", *heads, *(heading for heading, _, _ in HEADINGS.values())])
    for row in rows:
        cells = [f"{row['temperatures']['']:.2f}"] if temperatures else []
        lines.append(table_line([_name(row), *cells, *_cells(row[group]["figures"])]))
    return lines


def _differences(rows: Sequence[Row], group: str) -> list[str]:
    lines = table_header(["score", *(heading for heading, _, _ in HEADINGS.values())])
    for row in rows:
        if row[group]["difference"] is not None:
            lines.append(table_line([_name(row), *_cells(row[group]["difference"], sign="+")]))
    return lines


def _cells(figures: dict[str, dict[str, float]], sign: str = "") -> list[str]:
    return [_cell(figures[measure], measure, sign) for measure in HEADINGS]


def _verdict(rows: Sequence[Row], group: str) -> list[str]:
    """For each measure, whether ours is best after calibration, and how sure that is."""
    ours = next(row for row in rows if row["method"] == OURS)
    others = [row for row in rows if row["method"] not in {OURS, *VARIANTS}]
    lines = []
    for measure, (heading, factor, digits) in HEADINGS.items():
        sign = -1 if measure in REWARDS else 1
        best = min(others, key=lambda row: sign * row[group]["figures"][measure]["value"])
        own, other = (factor * row[group]["figures"][measure]["value"] for row in (ours, best))
        verdict = "best" if sign * own <= sign * other else "not best"
        line = f"- {heading}: the {OURS} is {verdict}, {own:.{digits}f}; of the others {best['method']} is, "
        difference = best[group]["difference"][measure]
        line += f"{other:.{digits}f}, a difference of {_cell(difference, measure, sign='+')}"
        if measure == "ece":
            line += f"; a score that is exactly right has {100 * ours[group]['chance']:.1f} by chance"
        lines.append(f"{line}.")
    return lines


def _label_temperatures(rows: Sequence[Row]) -> list[str]:
    lines = []
    for row in rows:
        own = {label: value for label, value in row["temperatures"].items() if label}
        if own:
            listed = ", ".join(f"{label} {value:.2f}" for label, value in own.items())
            lines.append(f"Temperatures of labels: {listed}.")
    return lines


def _name(row: Row) -> str:
    return f"**{row['method']}**" if row["method"] == OURS else str(row["method"])


def _cell(interval: dict[str, float], measure: str, sign: str = "") -> str:
    _, factor, digits = HEADINGS[measure]
    value, low, high = (f"{factor * interval[key]:{sign}.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"
