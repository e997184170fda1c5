"""The sections of the page that are not about the shapes: series, memory, pipelines, the long Doc."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.results import Row

from .answers import answers_section
from .cases import (
    ANSWERS_KIND,
    CNN,
    LENGTHS_KIND,
    LONG_DOC_KIND,
    MEMORY_KIND,
    MINILM,
    NUMBERS_KIND,
    OPS,
    PIPELINE_KIND,
    TAGS_KIND,
    TITLES,
)
from .comparison import OUR_NAMES, verdict_below
from .long_doc import GOAL_SECONDS, GOAL_TOKENS
from .numbers import numbers_section

NOTHING = "–"
MEBI = 2**20
SERIES = {
    LENGTHS_KIND: ("Time against length", "steps", 1),
    TAGS_KIND: ("Time against tags", "tags", 2),
}
# Most of `nlp.pipe` that the CRF may take, and the most that an update may take of that with spaCy's `ner`.
PIPE_GOALS = {CNN: 5.0, MINILM: 1.0}
# Memory is linear if a token of the longest Doc needs at most so many times what one of the shortest needs.
LINEAR = 1.1


def other_sections(rows: Sequence[Row]) -> list[str]:
    """RETURNS (list[str]): The sections for which there are rows.

    rows (Sequence[Row]): All rows, oldest first.
    """
    sections = []
    for kind in SERIES:
        sections += series_sections(kind, [row for row in rows if row["kind"] == kind])
    for kind, write in (
        (MEMORY_KIND, memory_section),
        (PIPELINE_KIND, pipeline_section),
        (LONG_DOC_KIND, long_doc_section),
    ):
        chosen = [row for row in rows if row["kind"] == kind]
        if chosen:
            sections.append(write(chosen))
    answers = [row for row in rows if row["kind"] == ANSWERS_KIND and "error" not in row]
    if answers:
        latest = _last(answers, lambda row: [row["kernels"], row["threads"]])
        sections.append(answers_section(latest, _table, _when(latest)))
    numbers = [row for row in rows if row["kind"] == NUMBERS_KIND]
    if numbers:
        latest = _last(numbers, lambda row: [row["tags"], row["spread"], row["implementation"]])
        sections.append(f"{numbers_section(latest)}\n\n{_when(latest)}")
    return sections


def series_sections(kind: str, rows: Sequence[Row]) -> list[str]:
    """Milliseconds of all implementations along a series of shapes.

    kind (str): "lengths" or "tags".
    rows (Sequence[Row]): Its rows.
    RETURNS (list[str]): One section for each device, number of threads and operation.
    """
    title, what, position = SERIES[kind]
    sections = []
    for device, threads in sorted({(row["device"], row["threads"]) for row in rows}):
        for op in OPS:
            chosen = _last(
                [row for row in rows if (row["device"], row["threads"], row["op"]) == (device, threads, op)],
                lambda row: row["shape"],
            )
            if not chosen:
                continue
            names = sorted({name for row in chosen for name in row["results"]}, key=_ours_first)
            lines = [[what, *(f"{name}, ms" for name in names)], _rule(len(names) + 1)]
            for row in sorted(chosen, key=lambda row: row["shape"][position]):
                cells = [_cell(row["results"].get(name)) for name in names]
                lines.append([f"{row['shape'][position]:,}", *cells])
            fixed = [f"batch {chosen[0]['shape'][0]}"]
            fixed.append(
                f"{chosen[0]['shape'][2]} tags" if position == 1 else f"{chosen[0]['shape'][1]} steps"
            )
            head = f"## {title}: {TITLES[op]}, {device}, {threads} threads ({', '.join(fixed)})"
            sections.append(f"{head}\n\n{_table(lines)}\n\n{_when(chosen)}")
    return sections


def memory_section(rows: Sequence[Row]) -> str:
    """Peak memory, in MiB.

    rows (Sequence[Row]): Its rows.
    RETURNS (str): Markdown.
    """
    key = ("device", "threads", "op", "shape", "implementation")
    rows = _last(rows, lambda row: [row[name] for name in key])
    parts = ["## Peak memory"]
    methods = sorted({row["method"] for row in rows if "method" in row})
    parts.append(f"Of one call, what it returns included, in MiB: {'; '.join(methods)}.")
    names = list(dict.fromkeys(row["implementation"] for row in rows))
    lines = [["operation", "batch, steps, tags", "emissions", *names], _rule(len(names) + 3)]
    places = list(dict.fromkeys((row["op"], tuple(row["shape"])) for row in rows))
    for op, shape in places:
        here = {row["implementation"]: row for row in rows if (row["op"], tuple(row["shape"])) == (op, shape)}
        size = next((row["emissions_bytes"] for row in here.values() if "emissions_bytes" in row), None)
        cells = [_mebi(here.get(name, {}).get("peak_bytes")) for name in names]
        lines.append([TITLES[op], ", ".join(map(str, shape)), _mebi(size), *cells])
    return "\n\n".join([*parts, _table(lines), _when(rows)])


def pipeline_section(rows: Sequence[Row]) -> str:
    """Shares of the CRF, and the training step beside spaCy's.

    rows (Sequence[Row]): Its rows.
    RETURNS (str): Markdown.
    """
    rows = _last(rows, lambda row: [row["pipeline"], row["kernels"], row["threads"], row["limit_docs"]])
    lines = [
        ["pipeline", "kernels", "threads", "what", "the CRF's functions", "`crf_ner` but its encoder"],
        _rule(6),
    ]
    verdicts = []
    for row in rows:
        where = f"{row['pipeline']}, {row['kernels']}, {row['threads']} threads"
        limited = "" if row["limit_docs"] is None else f", first {row['limit_docs']} posts"
        for what, name in (("pipe", "`nlp.pipe`"), ("update", "training step")):
            share = row["shares"][what]
            lines.append(
                [
                    row["pipeline"] + limited,
                    row["kernels"],
                    str(row["threads"]),
                    name,
                    f"{100 * share['crf']:.2f} %",
                    f"{100 * share['component']:.2f} %",
                ]
            )
        share = 100 * row["shares"]["pipe"]["crf"]
        verdicts.append(
            f"- {where}: share of `nlp.pipe` {verdict_below(share, PIPE_GOALS[row['pipeline']], '%')}."
        )
        if "ratio_to_ner" in row:
            ratio = row["ratio_to_ner"]
            outcome = "met" if ratio["update"] <= 1 else f"missed by {100 * (ratio['update'] - 1):.0f} %"
            verdicts.append(
                f"- {where}: a training step takes {ratio['update']:.2f} times that with spaCy's `ner` (goal at most "
                f"1: {outcome}), `nlp.pipe` {ratio['pipe']:.2f} times."
            )
    about = (
        "WNUT17's test part, after a few updates on its training part. Wall time inside the CRF's layer, "
        "`decode_viterbi` with the entities' probabilities and `loss_and_gradient`, and inside the whole component "
        "without its encoder, as shares of all the time of `nlp.pipe` (128 Docs a batch) and of `nlp.update` (1,000 "
        "words a batch)."
    )
    return "\n\n".join(["## Share of a pipeline", about, _table(lines), "\n".join(verdicts), _when(rows)])


def long_doc_section(rows: Sequence[Row]) -> str:
    """Time and memory of very long Docs.

    rows (Sequence[Row]): Its rows.
    RETURNS (str): Markdown.
    """
    rows = _last(rows, lambda row: [row["kernels"], row["threads"], row["tokens"]])
    header = ["kernels", "threads", "tokens", "entities", "s", "peak memory, MiB", "bytes a token"]
    lines = [header, _rule(len(header))]
    verdicts = []
    for row in rows:
        cells = [row["kernels"], str(row["threads"]), f"{row['tokens']:,}"]
        if "error" in row:
            lines.append([*cells, row["error"], NOTHING, NOTHING, NOTHING])
            continue
        cells += [f"{row['entities']:,}", f"{row['median_seconds']:.2f}", _mebi(row["peak_bytes"])]
        lines.append([*cells, f"{row['peak_bytes'] / row['tokens']:.0f}"])
        if row["tokens"] == GOAL_TOKENS:
            outcome = verdict_below(row["median_seconds"], GOAL_SECONDS, "s")
            verdicts.append(
                f"- {row['kernels']}, {row['threads']} threads, {row['tokens']:,} tokens: {outcome}."
            )
    verdicts += _linear(rows)
    about = (
        "`decode_viterbi` on one sequence in the packed layout, BILUO over 6 labels (25 tags) with the scheme's masks: "
        "the best path, its entities, and the exact probability of each. Memory beyond the emissions, on the first "
        f"call in a fresh process ({'; '.join(sorted({row['method'] for row in rows if 'method' in row}))})."
    )
    return "\n\n".join(["## A very long Doc", about, _table(lines), "\n".join(verdicts), _when(rows)])


def _linear(rows: Sequence[Row]) -> list[str]:
    groups: dict[tuple[str, int], dict[int, float]] = {}
    for row in rows:
        if "peak_bytes" in row:
            group = groups.setdefault((row["kernels"], row["threads"]), {})
            group[row["tokens"]] = row["peak_bytes"] / row["tokens"]
    bullets = []
    for (kernels, threads), sizes in groups.items():
        short, long = min(sizes), max(sizes)
        if short < long and sizes[short] > 0:
            growth = sizes[long] / sizes[short]
            outcome = "no more than linear" if growth <= LINEAR else "more than linear"
            more = f"{growth:.2f} times as much at {long:,} tokens as at {short:,}"
            bullets.append(f"- {kernels}, {threads} threads: memory a token is {more}: {outcome}.")
    return bullets


def _ours_first(name: str) -> tuple[bool, str]:
    return name not in OUR_NAMES, name


def _last(rows: Sequence[Row], key: Callable[[Row], object]) -> list[Row]:
    """Of the rows with the same key the last, in the order in which the keys first came."""
    found: dict[str, Row] = {}
    for row in rows:
        found[repr(key(row))] = row
    return list(found.values())


def _when(rows: Sequence[Row]) -> str:
    places = {f"{row['date']}: {row['machine']}, torch {row['versions'].get('torch', '?')}" for row in rows}
    return "; ".join(sorted(places)) + "."


def _cell(result: Row | None) -> str:
    if result is None:
        return NOTHING
    mark = " (wrong)" if result["wrong"] else " (imprecise)" if result["imprecise"] else ""
    ms = result["ms"]
    return (f"{ms:,.0f}" if ms >= 100 else f"{ms:.3g}") + mark


def _mebi(size: float | None) -> str:
    if size is None:
        return NOTHING
    return f"{size / MEBI:,.0f}" if size >= 100 * MEBI else f"{size / MEBI:.3g}"


def _rule(columns: int) -> list[str]:
    return ["---", *["---:"] * (columns - 1)]


def _table(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
