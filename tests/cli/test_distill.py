"""`python -m spacy crf-ner distill`: a CNN learns from a transformer that has learned the tiny corpus."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from spacy.training.initialize import init_nlp
from spacy.util import load_config, registry
from transformers import BertConfig, BertModel

from tests import tiny
from tests.cli.support import predictions, run

pytestmark = [
    pytest.mark.usefixtures("commands"),
    # spaCy's cli/package.py leaves it to the garbage collector to close what it writes.
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]
STUDENT = tiny.CONFIGS / "crf_ner_cnn.cfg"
TRANSFORMER = tiny.CONFIGS / "crf_ner_trf.cfg"
STEPS = {
    "training.max_steps": 20,
    "training.eval_frequency": 10,
    "training.optimizer.learn_rate.initial_rate": 0.01,
    "training.optimizer.learn_rate.warmup_steps": 2,
    "components.tok2vec.model.width": 32,
    "components.tok2vec.model.depth": 2,
    "components.tok2vec.model.embed_size": 500,
}
# Twenty texts: two are held out.
RAW = tuple(text for text in (*tiny.TINY_TEXTS, *reversed(tiny.TINY_TEXTS)) if text)[:20]
teacher_config = pytest.mark.parametrize("config_name", ["crf_ner_trf"], indirect=True, scope="session")
cnn_teacher = pytest.mark.parametrize("config_name", ["crf_ner_cnn"], indirect=True, scope="session")


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("raw") / "raw.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in RAW), encoding="utf8")
    return path


def distill(teacher: Path, raw: Path, output: Path, *options: Any, fails: bool = False, **steps: Any) -> str:
    settings = tiny.as_arguments({**STEPS, **steps})
    return run("crf-ner", "distill", teacher, STUDENT, raw, "-o", output, *options, *settings, fails=fails)


@dataclass(frozen=True)
class Distilled:
    """What the command has made of raw texts alone."""

    output: Path
    printed: str
    report: dict[str, Any]


@pytest.fixture(scope="module")
def distilled(
    commands: None, trained: Path, raw: Path, tmp_path_factory: pytest.TempPathFactory
) -> Distilled:
    output = tmp_path_factory.mktemp("distilled") / "out"
    report = output.parent / "report.json"
    printed = distill(trained, raw, output, "--json", report, "--temperature", 2)
    return Distilled(output, printed, json.loads(report.read_text(encoding="utf8")))


@teacher_config
def test_a_student_learns_from_raw_text_alone(trained: Path, distilled: Distilled) -> None:
    report, best = distilled.report, distilled.output / "model-best"
    assert report["teacher"]["ents_f"] == 1.0
    assert report["student"]["ents_f"] > 0.8
    assert report["teacher"]["path"] == str(trained)
    assert report["student"]["path"] == str(best)
    assert (report["raw_texts"], report["gold_docs"], report["student"]["dev_docs"]) == (20, 0, 2)
    assert report["seconds"].keys() == {"teaching", "training"}
    n_bytes = sum(path.stat().st_size for path in best.rglob("*") if path.is_file())
    assert report["student"]["bytes"] == n_bytes
    before, after = (report[one]["words_per_second"] for one in ("teacher", "student"))
    for expected in (
        "Asking the teacher about 20 texts",
        "2 of the texts are held out",
        "Teacher and student on 2 Docs: held-out texts as the teacher annotates them",
        f"F1, % 100.00 {100 * report['student']['ents_f']:.2f}",
        f"Words per second {before:,.0f} {after:,.0f} {after / before:.3g}",
        f"The student is in {best}",
    ):
        assert expected in distilled.printed


@teacher_config
def test_the_student_is_an_ordinary_pipeline(trained: Path, distilled: Distilled, tmp_path: Path) -> None:
    output = distilled.output
    teacher, student = spacy.load(trained), spacy.load(output / "model-best")
    assert student.pipe_names == ["tok2vec", "ner"]
    assert student.get_pipe("ner").labels == teacher.get_pipe("ner").labels  # type: ignore[attr-defined]
    own = load_config(output / "teacher" / "student.cfg", interpolate=False)
    for name in ("model-best", "model-last"):
        saved = load_config(output / name / "config.cfg", interpolate=False)
        for section in ("paths", "corpora", "training", "initialize", "components"):
            assert saved[section] == own[section]
        text = (output / name / "config.cfg").read_text(encoding="utf8")
        assert all(word not in text for word in (str(trained), str(output), "istill"))
    run("package", output / "model-best", tmp_path, "--name", "student", "--build", "none")
    (found,) = tmp_path.glob("*/*/*/config.cfg")
    packaged = spacy.load(found.parent)
    assert predictions(packaged) == predictions(student)
    assert predictions(packaged)[0][0][:3] == (0, 2, "PERSON")


@teacher_config
def test_a_second_run_takes_the_lessons_of_the_first_also_streamed(
    trained: Path, raw: Path, distilled: Distilled, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(distilled.output / "teacher", output / "teacher")
    (path,) = output.glob("teacher/lessons-*")
    before = path.stat().st_ino
    distill(trained, raw, output, **{"training.max_steps": 1, "training.max_epochs": -1})
    assert path.stat().st_ino == before
    assert (output / "model-best").exists()


@pytest.mark.slow
def test_a_student_with_fewer_layers_begins_with_the_first_ones_of_its_teacher(
    tiny_corpus: Path, tiny_encoder: Path, raw: Path, tmp_path: Path
) -> None:
    config = BertConfig.from_pretrained(tiny_encoder)
    config.num_hidden_layers = 2
    encoder = Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))
    BertModel(config).save_pretrained(encoder)
    settings = tiny.overrides("crf_ner_trf", tiny_corpus, encoder, steps=1)
    teacher = init_nlp(load_config(TRANSFORMER, overrides=settings))
    teacher.to_disk(tmp_path / "teacher")
    trained = teacher.get_pipe("transformer").model  # type: ignore[attr-defined]
    # As in docs/distillation.md.
    trained.transformer.save_pretrained(tmp_path / "own")
    trained.tokenizer.save_pretrained(tmp_path / "own")
    settings = tiny.overrides("crf_ner_trf", tiny_corpus, tmp_path / "own", steps=1)
    settings["components.transformer.model.transformer_config.num_hidden_layers"] = 1
    settings["training.optimizer.learn_rate.initial_rate"] = 0.0
    paths = (tmp_path / "teacher", TRANSFORMER, raw, "--output", tmp_path / "out")
    run("crf-ner", "distill", *paths, *tiny.as_arguments(settings))
    shutil.rmtree(tmp_path / "own")
    student = spacy.load(tmp_path / "out" / "model-best").get_pipe("transformer").model.transformer  # type: ignore[attr-defined]
    assert len(trained.transformer.encoder.layer) == 2
    assert len(student.encoder.layer) == 1
    first = trained.transformer.encoder.layer[0].state_dict()
    for name, weight in student.encoder.layer[0].state_dict().items():
        torch.testing.assert_close(weight, first[name])


@cnn_teacher
def test_annotated_data_is_learned_and_measured_on(
    trained: Path, raw: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    output, report_path = tmp_path / "out", tmp_path / "report.json"
    options = ("--gold", tiny_corpus, "--dev", tiny_corpus, "--weight", 0.5, "--json", report_path)
    printed = distill(trained, raw, output, *options)
    report = json.loads(report_path.read_text(encoding="utf8"))
    assert "held out" not in printed
    assert f"Teacher and student on {len(tiny.TINY_TEXTS)} Docs: annotated Docs" in printed
    assert report["gold_docs"] == report["student"]["dev_docs"] == len(tiny.TINY_TEXTS)
    assert report["student"]["ents_f"] > 0.9
    assert not (output / "teacher" / "held-out.spacy").exists()
    saved = load_config(output / "model-best" / "config.cfg", interpolate=True)
    assert saved["corpora"]["train"]["path"] == saved["corpora"]["dev"]["path"] == str(tiny_corpus)


@cnn_teacher
def test_what_does_not_go_together_ends_before_the_teacher_begins(
    trained: Path, raw: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    contraction = tmp_path / "contraction.txt"
    contraction.write_text("Don't go.\n", encoding="utf8")
    printed = distill(trained, contraction, output, fails=True, **{"nlp.lang": "xx"})
    assert "Teacher and student must have the same tokens" in printed
    for options, steps, message in (
        (("--temperature", 0), {"components.ner.scheme": "BIO"}, "Set `[components.ner] scheme` to 'BILUO'"),
        (("--gold", tiny_corpus), {"corpora.train.path": "x.spacy"}, "`--gold` sets `paths.train`"),
    ):
        printed = distill(trained, raw, output, *options, fails=True, **steps)
        assert message in printed
        assert not output.exists()


def test_an_unknown_option_is_named(raw: Path, tmp_path: Path) -> None:
    output = run(
        "crf-ner", "distill", tmp_path, STUDENT, raw, "-o", tmp_path / "out", "--unknown", 3, fails=True
    )
    assert "no such option; settings of the config have a dot: --unknown" in output
