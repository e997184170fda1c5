"""The page of results, written from the rows alone."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence

from harness.results import Row
from harness.table import (
    describe_surroundings,
    mean_and_deviation,
    table_header,
    table_line,
)

from .names import BASES, CORPORA, PRETRAINING, STRATEGIES

INTRODUCTION = """\
# Strategies of fine-tuning

Written by `benchmarks/strategies.py` from the rows beside it; do not edit.

Every strategy is a ready config from `configs/` with the settings below, trained with the same batches, number of
updates and seeds. F1 in percent over exact entities, mean and standard deviation of the seeds. *CPU s*: processor
seconds of the training over all threads, which other load on the machine changes little; *peak*: the most memory of
the process; *updated*: parameters that the optimizer has changed, in millions and as a share of all."""

GIGABYTE = 1e9
MILLION = 1e6
BASELINE = "full"
# What we wanted of a strategy, by corpus: points of test F1 more than plain fine-tuning.
AIMS = {"wnut17-tenth": ("posterior", 3.0)}

# Heading, digits, value.
COLUMNS: list[tuple[str, int, Callable[[Row], float]]] = [
    ("dev F1", 2, lambda row: 100 * row["dev"]["f"]),
    ("test P", 2, lambda row: 100 * row["test"]["p"]),
    ("test R", 2, lambda row: 100 * row["test"]["r"]),
    ("test F1", 2, lambda row: 100 * row["test"]["f"]),
    ("CPU s", 0, lambda row: row["train_cpu_seconds"]),
    ("peak, GB", 2, lambda row: row["peak_bytes"] / GIGABYTE),
]


def page(rows: Sequence[Row]) -> str:
    """The page.

    rows (Sequence[Row]): All rows, oldest first.
    RETURNS (str): Markdown, one section a corpus and protocol.
    """
    keys = dict.fromkeys((row["corpus"], row["protocol_id"]) for row in rows)
    order = list(CORPORA)
    sections = [
        [row for row in rows if (row["corpus"], row["protocol_id"]) == key]
        for key in sorted(keys, key=lambda key: order.index(key[0]))
    ]
    sections.sort(key=lambda own: own[0]["limit_docs"] is not None)
    return "\n\n".join([INTRODUCTION, *(_section(own) for own in sections), _settings(rows)]) + "\n"


def newest(rows: Sequence[Row]) -> list[Row]:
    """Of each strategy and seed the newest row, if its settings are those of the strategy's newest row."""
    settings = {row["strategy"]: row["settings_id"] for row in rows}
    found = {
        (row["strategy"], row["seed"]): row for row in rows if row["settings_id"] == settings[row["strategy"]]
    }
    order = list(STRATEGIES)
    return [found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[1]))]


def gain(rows: Sequence[Row], strategy: str) -> float | None:
    """How much better a strategy is than plain fine-tuning.

    rows (Sequence[Row]): One row a strategy and seed.
    strategy (str): The strategy.
    RETURNS (float | None): The mean difference in points of test F1 over the seeds that both have, if there are any.
    """
    own, plain = (
        {row["seed"]: 100 * row["test"]["f"] for row in rows if row["strategy"] == name}
        for name in (strategy, BASELINE)
    )
    common = own.keys() & plain.keys()
    return statistics.mean(own[seed] - plain[seed] for seed in common) if common else None


def _section(rows: Sequence[Row]) -> str:
    every, rows = rows, newest(rows)
    first = rows[0]
    protocol = first["protocol"]
    limited = f", first {first['limit_docs']} posts" if first["limit_docs"] is not None else ""
    lines = [
        f"## {CORPORA[first['corpus']]}{limited}",
        "",
        (
            f"{protocol['steps']} updates of at most {protocol['batch_words']} words; the learning rate rises for "
            f"{protocol['warmup_share']:.0%} of them and falls to 0; dropout {protocol['dropout']:g}; encoder "
            f"{first['encoder']['name']}; the last model is evaluated."
        ),
        "",
        *table_header(
            [
                "strategy",
                "seeds",
                *(heading for heading, _, _ in COLUMNS),
                "updated, M",
                f"test F1 - `{BASELINE}`",
            ]
        ),
    ]
    for name in dict.fromkeys(row["strategy"] for row in rows):
        own = [row for row in rows if row["strategy"] == name]
        cells = [mean_and_deviation([value(row) for row in own], digits) for _, digits, value in COLUMNS]
        changed, all_of_them = own[0]["updated_parameters"], own[0]["parameters"]
        updated = f"{changed / MILLION:.2f} ({changed / all_of_them:.1%})"
        better = gain(rows, name)
        shown = "-" if better is None or name == BASELINE else f"{better:+.2f}"
        lines.append(table_line([f"`{name}`", str(len(own)), *cells, updated, shown]))
    aim = _aim(first["corpus"], rows)
    return "\n".join(
        [*lines, *aim, "", *_seeds(rows), *_replaced(every, rows), "", *describe_surroundings(every)]
    )


def _aim(corpus: str, rows: Sequence[Row]) -> list[str]:
    """Whether what we wanted was reached; nothing where there is no aim, or no row."""
    strategy, wanted = AIMS.get(corpus, ("", 0.0))
    better = gain(rows, strategy)
    if better is None:
        return []
    reached = "reached" if better >= wanted else f"missed by {wanted - better:.2f}"
    return ["", f"The aim was {wanted:+.2f} for `{strategy}`, which we recommend here: {reached}."]


def _seeds(rows: Sequence[Row]) -> list[str]:
    lines = ["Test F1 of each seed:", ""]
    for name in dict.fromkeys(row["strategy"] for row in rows):
        scores = ", ".join(
            f"{row['seed']}: {100 * row['test']['f']:.2f}" for row in rows if row["strategy"] == name
        )
        lines.append(f"- `{name}`: {scores}")
    return lines


def _replaced(every: Sequence[Row], shown: Sequence[Row]) -> list[str]:
    """Runs that the table leaves out, since their strategy has got other settings."""
    return [
        f"- `{row['strategy']}` with older settings, not in the table, {row['seed']}: "
        f"{100 * row['test']['f']:.2f}"
        for row in every
        if row not in shown
    ]


def _settings(rows: Sequence[Row]) -> str:
    newest_row = {row["strategy"]: row for row in rows}
    lines = ["## What makes each strategy", ""]
    for name in (name for name in STRATEGIES if name in newest_row):
        row = newest_row[name]
        settings = f"`{json.dumps(row['settings'])}`" if row["settings"] else "nothing else"
        base = BASES.get(row["base"], f"`configs/{row['base']}.cfg`")
        lines.append(f"- `{name}`: {STRATEGIES[name]}. {base}, rate {row['rate']:g}, {settings}")
    lines += [
        "",
        f"PRETRAINED is the output of `{PRETRAINING}`, on the 10,000 raw tweets that WNUT17's authors give.",
    ]
    return "\n".join(lines)
