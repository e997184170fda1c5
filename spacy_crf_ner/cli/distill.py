"""`python -m spacy crf-ner distill`: train a lighter pipeline on what a trained one thinks of raw texts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from timeit import default_timer as timer
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .loading import load_pipeline, read_config
from .printing import percent
from .saving import check_outputs, refuse_stdout, save_json
from .starting import parse_overrides, start

if TYPE_CHECKING:
    from spacy.language import Language
    from thinc.api import Config

    from ..training.distillation.texts import RawText

# Texts of which tokens are compared before the teacher begins.
SAMPLE = 200
# Examples to run before speed is measured.
WARM_UP = 20
FOLDER, OWN_CONFIG, HELD_OUT = "teacher", "student.cfg", "held-out.spacy"
BEST = "model-best"
MEASURES = {"ents_p": "Precision, %", "ents_r": "Recall, %", "ents_f": "F1, %"}


def distill_pipeline(
    ctx: typer.Context,
    teacher: str = typer.Argument(..., help="Name or path of the trained pipeline to learn from"),
    config_path: Path = typer.Argument(
        ..., exists=True, dir_okay=False, help="Config of the student, as for `spacy train`"
    ),
    raw_path: Path = typer.Argument(
        ..., exists=True, dir_okay=False, help="Texts: a line each, or .jsonl with 'text'"
    ),
    output: Path = typer.Option(
        ..., "--output", "-o", file_okay=False, help="Folder of the student, and of the teacher's scores"
    ),
    gold: Path | None = typer.Option(
        None, "--gold", exists=True, help="Annotated Docs to learn from, too: sets `paths.train`"
    ),
    dev: Path | None = typer.Option(
        None,
        "--dev",
        exists=True,
        help="Annotated Docs to choose the best student by: sets `paths.dev`; by default some of the texts",
    ),
    temperature: float = typer.Option(
        1.0, "--temperature", "-T", help="Softens the distributions of both, if it is above 1"
    ),
    weight: float = typer.Option(
        1.0, "--weight", "-w", help="What the teacher counts, beside the annotated Docs"
    ),
    component: str | None = typer.Option(
        None, "--component", help="Name of the teacher's crf_ner component, if there are several"
    ),
    json_path: Path | None = typer.Option(None, "--json", "-j", dir_okay=False, help="Save the comparison"),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that teacher or student need"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Train a lighter pipeline on what another one thinks.

    The other one, TEACHER, scores raw texts (its scores are kept in OUTPUT, so that a command that was interrupted goes
    on), the student of CONFIG_PATH learns its exact distribution over annotations, and annotated Docs where there are
    some, in spaCy's training loop, and both are compared. Settings of the config can be overridden, as in `spacy
    train`: --training.max_steps 2000. The student is in OUTPUT/model-best.
    """
    overrides = _overrides(ctx, gold, dev)
    options = {"temperature": temperature, "weight": weight}
    try:
        inputs = [path for path in (config_path, raw_path, gold, dev) if path is not None]
        refuse_stdout(json_path)
        check_outputs(inputs, json_path, folder=output)
        start(code_path, use_gpu)
        nlp, student = _load(teacher, config_path, overrides)
        plan = _plan(nlp, component, student, raw_path, output, gold=gold, dev=dev, options=options)
        report = _distill(nlp, component, plan, use_gpu)
        if json_path is not None:
            save_json(report, json_path, "the comparison")
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)


class _Plan(NamedTuple):
    """What was found out before anything takes long."""

    output: Path
    own: Config
    config: Config
    raw: RawText
    n_gold: int
    hold_out: bool


def _overrides(ctx: typer.Context, gold: Path | None, dev: Path | None) -> dict[str, Any]:
    overrides = parse_overrides(ctx.args)
    given = {"paths.train": gold, "paths.dev": dev}
    return {**overrides, **{name: str(path) for name, path in given.items() if path is not None}}


def _load(teacher: str, config_path: Path, overrides: dict[str, Any]) -> tuple[Language, Language]:
    """The teacher, and the student as its config has it, without weights."""
    from spacy.cli._util import show_validation_error
    from spacy.util import load_model_from_config

    config = read_config(config_path, overrides)
    with show_validation_error(config_path, hint_fill=False):
        student = load_model_from_config(config, auto_fill=True)
    return load_pipeline(teacher, {}), student


def _plan(
    teacher: Language,
    name: str | None,
    student: Language,
    raw_path: Path,
    output: Path,
    *,
    gold: Path | None,
    dev: Path | None,
    options: dict[str, float],
) -> _Plan:
    """Check that teacher, student and data go together.

    RAISES (SpacyCrfNerError): They do not.
    """
    from ..evaluation import find_component
    from ..training.distillation.student import (
        check_gold,
        check_path,
        check_tokenizers,
        distillation_config,
        find_student,
        has_data,
    )
    from ..training.distillation.texts import survey
    from ..training.raw_texts import read_raw_texts

    component = find_component(teacher, name)
    component.require_ready()
    learner = find_student(student, component)
    own = student.config
    for corpus, option, path in (("train", "--gold", gold), ("dev", "--dev", dev)):
        if path is not None:
            check_path(own, corpus, option, path)
    hold_out = not has_data(own, "dev")
    folder = output / FOLDER
    config = distillation_config(
        own,
        learner.name,
        component.labels,
        folder=folder,
        own_path=folder / OWN_CONFIG,
        held_out=folder / HELD_OUT if hold_out else None,
        **options,
    )
    raw = survey(raw_path)
    check_tokenizers(teacher, student, islice(read_raw_texts(raw_path), SAMPLE))
    return _Plan(output, own, config, raw, check_gold(student, component), hold_out)


def _distill(teacher: Language, name: str | None, plan: _Plan, use_gpu: int) -> dict[str, Any]:
    """Let the teacher teach and the student learn, compare them, and print.

    RETURNS (dict[str, Any]): What `--json` saves.
    RAISES (SpacyCrfNerError): No scores to learn from, or nothing to learn.
    """
    from spacy.cli._util import show_validation_error
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train
    from spacy.util import load_model

    path = teacher.path
    seconds = {"teaching": _timed(lambda: _teach(teacher, name, plan))}
    before = _measure(teacher, plan)
    msg.divider("Training the student")
    with show_validation_error(hint_fill=False):
        nlp = init_nlp(plan.config, use_gpu=use_gpu)
    seconds["training"] = _timed(lambda: train(nlp, plan.output, use_gpu=use_gpu))
    best = plan.output / BEST
    after = _measure(load_model(best), plan)
    report = {
        "teacher": {"path": str(path), **before},
        "student": {"path": str(best), **after},
        "dev": "held-out texts as the teacher annotates them" if plan.hold_out else "annotated Docs",
        "raw_texts": plan.raw.n_texts,
        "gold_docs": plan.n_gold,
        "seconds": seconds,
    }
    _print(report)
    return report


def _teach(teacher: Language, name: str | None, plan: _Plan) -> None:
    from tqdm import tqdm

    from ..evaluation import find_component
    from ..training.distillation.lessons import LessonFolder
    from ..training.distillation.teacher import save_held_out, teach

    folder = LessonFolder(plan.output / FOLDER)
    folder.path.mkdir(parents=True, exist_ok=True)
    plan.own.to_disk(folder.path / OWN_CONFIG)
    msg.divider(f"Asking the teacher about {plan.raw.n_texts} texts")
    component = find_component(teacher, name)
    with tqdm(total=plan.raw.n_texts, desc="Teaching", unit="texts") as bar:
        for n_texts in teach(teacher, component, plan.raw, folder):
            bar.update(n_texts)
    if plan.hold_out:
        n_docs = save_held_out(teacher, plan.raw, folder.path / HELD_OUT)
        msg.info(
            f"{n_docs} of the texts are held out to compare the student with its teacher (or give --dev)"
        )


def _measure(nlp: Language, plan: _Plan) -> dict[str, Any]:
    """Scores on the dev corpus, words per second there, and bytes on disk."""
    from ..training.distillation.student import read_corpus

    examples = list(read_corpus(plan.config, "dev", nlp))
    nlp.evaluate(examples[:WARM_UP])
    scores = nlp.evaluate(examples)
    size = sum(path.stat().st_size for path in nlp.path.rglob("*") if path.is_file())
    found = {name: scores.get(name) for name in MEASURES}
    return {**found, "words_per_second": scores["speed"], "bytes": size, "dev_docs": len(examples)}


def _timed(action: Callable[[], object]) -> float:
    start = timer()
    action()
    return timer() - start


def _print(report: dict[str, Any]) -> None:
    before, after = report["teacher"], report["student"]
    rows = [
        (title, *(percent(one[name]) for one in (before, after)), _share(after[name], before[name]))
        for name, title in MEASURES.items()
    ]
    for name, title, unit in (
        ("words_per_second", "Words per second", 1),
        ("bytes", "Size on disk, MB", 1e6),
    ):
        shown = (f"{one[name] / unit:,.{0 if unit == 1 else 1}f}" for one in (before, after))
        rows.append((title, *shown, _share(after[name], before[name])))
    msg.divider(f"Teacher and student on {before['dev_docs']} Docs: {report['dev']}")
    msg.table(rows, header=("", "Teacher", "Student", "Ratio"), aligns=("l", "r", "r", "r"), divider=True)
    msg.good(f"The student is in {after['path']}")


def _share(value: float | None, of: float | None) -> str:
    return "-" if value is None or not of else f"{value / of:.3g}"
