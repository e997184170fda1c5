"""Write down what the spaCy projects in `projects` reached: read the metrics of those that have run.

The projects themselves train and evaluate; this only reads what they left in `metrics` and `training`. A project that
has run again replaces its rows.

    python -m spacy project run all projects/biomedical --vars.gpu_id 0
    python benchmarks/projects.py projects/biomedical --threads 16
    python benchmarks/projects.py                  # only write the page
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.results import Row, read_rows, surroundings
from harness.table import describe_surroundings, replace_page, table_header, table_line

RESULTS = Path(__file__).parent / "results" / "projects.jsonl"
BEST = "model-best"
INTRODUCTION = """\
# What the projects reached

Written by `benchmarks/projects.py` from the rows beside it; do not edit.

Exact entities, in percent, of the model that was best on the development set. One training each, with one seed: how
far another one would be from it is not known. *95 %* is the bootstrap interval of the test F1 over the sentences or
messages of the test set, which is too narrow where several are of one text; *seen* and *unseen* are the recall of
entities whose text and label are in the training set, and of all others. What was trained is not each project's
default, which wants a larger encoder and a GPU: the first column says what it was."""
HEADINGS = ("model", "updates", "words", "dev F1", "test P", "test R", "test F1", "95 %", "seen", "unseen")
# What the hidden tokens of projects/partial-annotation are taken for, by the folder of the model.
VARIANTS = {"missing": "hidden tokens unknown", "outside": "hidden tokens in no entity"}
# Architectures of small networks, by the last part of their names.
NETWORKS = {
    "BiLSTM": "BiLSTM from scratch",
    "HashEmbedCNN": "CNN from scratch",
    "IteratedDilatedCNN": "IDCNN from scratch",
}


def main(argv: list[str] | None = None) -> None:
    """Read what the command line names, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("projects", nargs="*", type=Path, help="folders of projects that have run")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch that they were run with")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the rows; the page is beside them")
    args = parser.parse_args(argv)
    rows = read_rows(args.out)
    for project in args.projects:
        new = read_project(project, args.threads)
        rows = [row for row in rows if row["project"] != new[0]["project"]] + new
    rows.sort(key=lambda row: row["project"])
    replace_page(args.out, "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))
    replace_page(args.out.with_suffix(".md"), page(read_rows(args.out)))


def read_project(project: Path, threads: int) -> list[Row]:
    """What a project reached.

    project (Path): Its folder, after the command `evaluate`.
    threads (int): Threads of torch that it was run with.
    RETURNS (list[Row]): A row for each model that the reports in `metrics` are of.
    """
    reports = [_read_json(project / "metrics" / f"{part}.report.json") for part in ("dev", "test")]
    pairs = [tuple(reports)]
    if reports[0]["against"] is not None:
        pairs.append(tuple(report["against"] for report in reports))
    return [
        {"project": project.resolve().name}
        | _read_training(project, Path(test["model"]))
        | {"dev": _scores(dev), "test": _scores(test)}
        | surroundings(threads)
        for dev, test in pairs
    ]


def page(rows: Sequence[Row]) -> str:
    """The page.

    rows (Sequence[Row]): All rows, by project.
    RETURNS (str): Markdown, one section a project.
    """
    sections = [INTRODUCTION]
    for name in dict.fromkeys(row["project"] for row in rows):
        own = [row for row in rows if row["project"] == name]
        lines = [*table_header(HEADINGS), *(table_line(_cells(row)) for row in own)]
        sections += [f"## [{name}](../../projects/{name})", "\n".join(lines), *_settings(own)]
    return "\n\n".join([*sections, "\n".join(describe_surroundings(rows))]) + "\n"


def _read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    return found


def _read_training(project: Path, model: Path) -> Row:
    """How a model of a project was trained, from its config."""
    from spacy.util import load_config

    config = load_config(project / model / "config.cfg", interpolate=True)
    training, components = config["training"], config["components"]
    return {
        "variant": model.parent.name if model.parent.name in VARIANTS else "",
        "encoder": _name_encoder(project, components),
        "lang": config["nlp"]["lang"],
        "updates": training["max_steps"],
        "batch_words": training["batcher"]["size"],
        "learn_rate": training["optimizer"]["learn_rate"]["initial_rate"],
        "seed": training["seed"],
    }


def _name_encoder(project: Path, components: dict[str, Any]) -> str:
    from harness.systems import describe_encoder

    if "transformer" in components:
        name = components["transformer"]["model"]["name"]
        # A project may name a folder of its own, which may be a link to the original.
        return describe_encoder(str((project / name).resolve()) if (project / name).is_dir() else name)[
            "name"
        ]
    architecture = components["tok2vec"]["model"]["@architectures"].split(".")[1]
    return NETWORKS.get(architecture, architecture)


def _scores(report: dict[str, Any]) -> Row:
    """What is kept of a report of `crf-ner evaluate`."""
    micro, seen = report["micro"], report["seen"]
    return {
        **{key: micro[key] for key in ("precision", "recall", "f1")},
        "interval": micro["intervals"]["f1"],
        # Of none that are annotated no share is found.
        **{
            name: seen[name]["recall"] if seen[name]["tp"] + seen[name]["fn"] else None
            for name in ("seen", "unseen")
        },
    }


def _cells(row: Row) -> Iterable[str]:
    test = row["test"]
    variant = f", {VARIANTS[row['variant']]}" if row["variant"] else ""
    yield row["encoder"] + variant
    yield str(row["updates"])
    yield _batch_words(row["batch_words"], row["updates"])
    yield from (
        _percent(value) for value in (row["dev"]["f1"], test["precision"], test["recall"], test["f1"])
    )
    yield " to ".join(_percent(bound) for bound in test["interval"]) if test["interval"] else "-"
    yield from (_percent(test[name]) for name in ("seen", "unseen"))


def _batch_words(size: int | dict[str, Any], updates: int) -> str:
    """Words of a batch; of the schedule `compounding.v1`, those of the first and of the last update."""
    if isinstance(size, int):
        return str(size)
    last = min(size["stop"], size["start"] * size["compound"] ** updates)
    return f"{size['start']} to {last:.0f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _settings(rows: Sequence[Row]) -> list[str]:
    """How the rows of a project were trained, where the table does not say it."""
    rates = sorted({f"{row['learn_rate']:g}" for row in rows})
    seeds = sorted({str(row["seed"]) for row in rows})
    return [f"Learning rate {' and '.join(rates)}, seed {' and '.join(seeds)}."]


if __name__ == "__main__":
    main()
