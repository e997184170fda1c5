"""The model card: a README.md that says what a model finds, how to use it, how good it is, and what it cannot do."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .facts import Facts, find_facts
from .front_matter import make_front_matter
from .limits import find_limits
from .markdown import code, link, one_line, plain, table
from .model import Model
from .scores import Score, Scores

UNKNOWN = "-"
# Settings of the training by what the card calls them.
TRAINING = {
    "max_steps": "Updates at most",
    "max_epochs": "Passes over the data at most",
    "patience": "Updates without a better score until training stops",
    "learn_rate": "Learning rate",
    "optimizer": "Optimizer",
    "dropout": "Dropout",
    "seed": "Seed",
}


@dataclass(frozen=True)
class Notes:
    """What the author adds, in Markdown.

    data (str | None): What the model was trained and measured on.
    limitations (str | None): What else it cannot do.
    """

    data: str | None = None
    limitations: str | None = None


def write_card(
    model: Model,
    scores: Scores | None,
    notes: Notes,
    *,
    address: str | None = None,
    repo_id: str | None = None,
    page: str | None = None,
) -> str:
    """The text of the card.

    model (Model): The pipeline.
    scores (Scores | None): How good it is.
    notes (Notes): What the author adds.
    address (str | None): What `pip install` takes, a URL or a file name; None if there is no wheel.
    repo_id (str | None): The repository on the Hugging Face Hub, if it is one.
    page (str | None): File name of the report that lies beside the card, if there is one.
    RETURNS (str): YAML and Markdown.
    """
    facts = find_facts(model.meta, model.config, model.saved)
    parts = [
        [make_front_matter(model.name, model.meta, facts, scores)],
        [f"# {plain(model.name)}", "", *_introduction(model, facts)],
        ["## What it finds", "", *_labels(facts)],
        ["## Install and use", "", *_use(model, facts, address, repo_id)],
        ["## Data", "", *_data(model.meta, notes)],
        ["## Scores", "", *_scores(scores, page)],
        ["## How it was made", "", *_config(facts)],
        ["## Limitations", "", *_limitations(facts, scores, notes)],
        ["## What it needs", "", *(f"- {code(need)}" for need in facts.needs)],
    ]
    return "\n\n".join("\n".join(part).rstrip("\n") for part in parts) + "\n"


def _introduction(model: Model, facts: Facts) -> Iterator[str]:
    description = plain(model.meta.get("description") or "")
    if description:
        yield description
        yield ""
    crf = "spaCy pipeline with a linear-chain CRF (spacy-crf-ner)" if facts.crf else "spaCy pipeline"
    sure = (
        ": it says how probable each of its entities is"
        if any(one.probabilities for one in facts.crf)
        else ""
    )
    yield f"Version {plain(model.version)}, language {code(model.meta['lang'])}. A {crf}{sure}."
    author, url = (one_line(model.meta.get(key) or "") for key in ("author", "url"))
    if author or url:
        yield ""
        yield f"By {link(author or url, url)}."


def _labels(facts: Facts) -> Iterator[str]:
    rows = [(code(name), ", ".join(map(code, labels))) for name, labels in facts.labels.items()]
    if not rows:
        yield "Its components have no labels."
        return
    yield from table(["component", "labels"], rows)


def _use(model: Model, facts: Facts, address: str | None, repo_id: str | None) -> Iterator[str]:
    if address is not None:
        yield from ("```bash", f"pip install {shlex.quote(one_line(address))}", "```", "")
    else:
        yield from ("```bash", f"pip install {shlex.join(map(one_line, facts.needs))}", "```", "")
    yield from ("```python", "import spacy")
    if address is not None:
        yield from ("", f"nlp = spacy.load({json.dumps(one_line(model.name))})")
    elif repo_id is not None:
        yield from (
            "from huggingface_hub import snapshot_download",
            "",
            f'nlp = spacy.load(snapshot_download("{repo_id}"))',
        )
    else:
        yield from ("", 'nlp = spacy.load("path/to/this/folder")')
    sure = any(one.probabilities for one in facts.crf)
    yield from (
        'doc = nlp("Put your text here.")',
        "for ent in doc.ents:",
        f"    print(ent.text, ent.label_{', ent._.crf_prob' if sure else ''})",
        "```",
    )


def _data(meta: dict[str, Any], notes: Notes) -> Iterator[str]:
    if notes.data:
        yield notes.data.strip()
        yield ""
    sources = meta.get("sources")
    named = [one for one in sources if isinstance(one, dict)] if isinstance(sources, list) else []
    for source in named:
        # As spaCy's own models have it: name, url, license, author.
        further = [plain(source[key]) for key in ("author", "license") if source.get(key)]
        yield f"- {link(source.get('name', UNKNOWN), source.get('url') or '')}" + "".join(
            f", {one}" for one in further
        )
    if not notes.data and not named:
        yield "The author does not say what it was trained on."


def _scores(scores: Scores | None, page: str | None) -> Iterator[str]:
    if scores is None:
        yield "No scores are known."
    else:
        yield _measured_on(scores)
        yield ""
        yield from _score_table(scores)
    if page is not None:
        yield ""
        yield f"All measures and errors: [{plain(page)}]({page})."


def _measured_on(scores: Scores) -> str:
    if scores.data is None:
        return "Measured by the training on its development data. An entity is right if tokens and label are."
    docs = "" if scores.docs is None else f" ({scores.docs} Docs)"
    return f"Measured by `crf-ner evaluate` on {code(scores.data)}{docs}. An entity is right if tokens and label are."


def _score_table(scores: Scores) -> list[str]:
    header = ["label", "annotated", "precision, %", "recall, %", "F1, %"]
    if scores.intervals:
        level = "" if scores.level is None else f"{100 * scores.level:g} % "
        header.append(f"{level}interval of F1")
    rows = [(code(label), score) for label, score in scores.labels.items()]
    cells = [(name, *_cells(score)) for name, score in [*rows, ("**all**", scores.total)]]
    if all(score.annotated is None for _, score in rows):
        del header[1]
        cells = [(name, *others[1:]) for name, *others in cells]
    return table(header, [row[: len(header)] for row in cells], numbers=True)


def _cells(score: Score) -> tuple[str, ...]:
    shares = (
        UNKNOWN if one is None else f"{100 * one:.2f}" for one in (score.precision, score.recall, score.f1)
    )
    ends = UNKNOWN if score.interval is None else " to ".join(f"{100 * one:.2f}" for one in score.interval)
    return (UNKNOWN if score.annotated is None else str(score.annotated), *shares, ends)


def _config(facts: Facts) -> list[str]:
    rows = [("Pipeline", ", ".join(map(code, facts.components)))]
    for one in facts.crf:
        name = "" if len(facts.crf) == 1 else f" of {code(one.name)}"
        rows += [
            (f"Encoder{name}", code(one.encoder)),
            (f"Tag scheme{name}", code(one.scheme)),
            (f"Loss{name}", code(one.loss)),
            (f"Decoding{name}", code(one.decoding)),
            (f"Calibrated{name}", _calibration(one.temperature, one.calibrated)),
        ]
    # Of these settings, but for the seed, 0 stands for no limit, or for nothing.
    settings = {key: value for key, value in facts.training.items() if value or key == "seed"}
    return table(
        ["setting", "value"], [*rows, *((TRAINING[key], code(value)) for key, value in settings.items())]
    )


def _calibration(temperature: float, calibrated: bool) -> str:
    return f"yes, temperature {temperature:.4g}" if calibrated else "no"


def _limitations(facts: Facts, scores: Scores | None, notes: Notes) -> Iterator[str]:
    yield from (f"- {limit}" for limit in find_limits(facts, scores))
    if notes.limitations:
        yield ""
        yield notes.limitations.strip()
