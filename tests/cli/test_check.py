"""`python -m spacy crf-ner check`: what is wrong with data is said, and ends with an error where it has to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.util import registry

from tests import tiny
from tests.cli.support import read_config, run

pytestmark = pytest.mark.usefixtures("commands")
VOCAB = spacy.blank("en").vocab


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


def doc(text: str, *entities: tuple[int, int, str]) -> Doc:
    words = text.split()
    result = Doc(VOCAB, words=words, spaces=[True] * (len(words) - 1) + [False])
    result.set_ents([Span(result, start, end, label=label) for start, end, label in entities])
    return result


def write(path: Path, *docs: Doc) -> Path:
    DocBin(docs=docs).to_disk(path)
    return path


def good(path: Path, first: int, n: int) -> Path:
    return write(path, *(doc(f"Anna met number {first + i} here today .", (0, 1, "PER")) for i in range(n)))


def check(*arguments: Any, fails: bool = False) -> str:
    return run("crf-ner", "check", *arguments, fails=fails)


def config(path: Path, name: str, **settings: str) -> Path:
    found = read_config(name)
    for key, value in settings.items():
        *sections, last = key.split("__")
        block = found
        for section in sections:
            block = block[section]
        block[last] = value
    found.to_disk(path)
    return path


def test_good_data_passes_without_a_config(tmp_path: Path) -> None:
    train, dev = good(tmp_path / "train.spacy", 0, 60), good(tmp_path / "dev.spacy", 60, 9)
    output = check(train, dev, "--lang", "en", "--strict")
    assert "PER 60 9" in output
    assert "Every label of train has at least 50 entities" in output
    assert "No text is in two parts" in output
    assert "The tokenizer divides all Docs as they are" in output
    assert "warning" not in output
    assert "error" not in output


def test_what_fails_ends_with_an_error_and_says_what_to_do(tmp_path: Path) -> None:
    train = good(tmp_path / "train.spacy", 0, 60)
    dev = write(
        tmp_path / "dev.spacy", doc("Anna sees Rome", (2, 3, "LOC")), doc("Boris sings here", (0, 1, "PER"))
    )
    output = check(train, dev, fails=True)
    assert "1 label of dev that train does not have: LOC" in output
    assert "Correct them if they are other spellings" in output
    assert "1 error" in output


def test_warnings_are_errors_if_that_is_wanted(tmp_path: Path) -> None:
    train = good(tmp_path / "train.spacy", 0, 5)
    assert "less than 10 entities: PER (5)" in check(train)
    assert "1 warning" in check(train, "--strict", fails=True)


def test_the_same_advice_is_given_once(tmp_path: Path) -> None:
    touching = doc("Anna Boris", (0, 1, "PER"), (1, 2, "PER"))
    parts = [write(tmp_path / f"{name}.spacy", touching) for name in ("train", "dev", "test")]
    output = check(*parts, "--scheme", "IO", fails=True)
    assert output.count("no tags exist for them") == 3
    assert output.count('Set `scheme` to "BILUO" or "BIO".') == 1
    assert "no tags exist" not in check(*parts, "--scheme", "BIO")


def test_a_config_names_data_tokenizer_and_settings(tmp_path: Path) -> None:
    train, dev = good(tmp_path / "train.spacy", 0, 60), good(tmp_path / "dev.spacy", 60, 9)
    settings = {"paths__train": str(train), "paths__dev": str(dev), "components__ner__segments": "sents"}
    path = config(tmp_path / "config.cfg", "crf_ner_cnn", **settings)
    output = check("--config", path, fails=True)
    assert "No component of the pipeline sets sentences" in output
    assert "The tokenizer divides all Docs as they are" in output
    output = check(train, "--config", path, "--segments", "doc")
    assert "No Doc has sentence boundaries; each is one sequence" in output
    assert "dev" not in output.split("Annotation")[0]


def test_entities_among_the_spans_that_a_config_says_are_wrong_are_found(tmp_path: Path) -> None:
    contradicted = doc("Anna sees Rome", (0, 1, "PER"))
    contradicted.spans["rejected"] = [contradicted[0:1], Span(contradicted, 2, 3, label="PER")]
    train = write(tmp_path / "train.spacy", contradicted)
    path = config(tmp_path / "config.cfg", "crf_ner_cnn", components__ner__incorrect_spans_key="rejected")
    output = check(train, "--config", path, fails=True)
    assert "1 entity of train also in doc.spans['rejected']" in output
    assert "'Anna' (PER), Doc 1" in output
    assert "rejected" not in check(train)


def test_word_pieces_are_counted_if_there_is_an_encoder(tmp_path: Path, tiny_encoder: Path) -> None:
    train = write(
        tmp_path / "train.spacy", doc("word " * 200, (0, 1, "PER")), doc("Anna sleeps", (0, 1, "PER"))
    )
    settings = {"paths__train": str(train), "paths__encoder": str(tiny_encoder)}
    path = config(tmp_path / "config.cfg", "crf_ner_trf", **settings)
    output = check("--config", path)
    assert "1 Doc of train (50 %) longer than a window of 128 tokens" in output
    assert "windows of train with more word pieces than the 128" in output
    output = check(train, "--encoder", tiny_encoder, "--window", "20")
    assert "longer than a window of 20 tokens" in output
    assert "reads 128 word pieces at once" in output


def test_an_encoder_that_is_not_there_fails_only_if_it_is_asked_for(tmp_path: Path) -> None:
    train, none = good(tmp_path / "train.spacy", 0, 60), str(tmp_path / "none")
    path = config(tmp_path / "config.cfg", "crf_ner_trf", paths__train=str(train), paths__encoder=none)
    assert "Word pieces are not counted" in check("--config", path)
    assert "to be a Hugging Face model" in check(train, "--encoder", none, fails=True)


def test_counts_and_verdicts_are_saved_even_if_something_fails(tmp_path: Path) -> None:
    train, target = write(tmp_path / "train.spacy", doc("It rains")), tmp_path / "found.json"
    check(train, "--json", target, fails=True)
    found = json.loads(target.read_text(encoding="utf8"))
    assert found["parts"]["train"]["docs"] == 1
    assert [one["message"] for one in found["findings"] if one["level"] == "fail"] == [
        "train has no entities: nothing can be learned"
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.json", "train.spacy"]


def test_the_data_is_not_overwritten(tmp_path: Path) -> None:
    train = good(tmp_path / "train.spacy", 0, 3)
    before = train.read_bytes()
    assert "Expected `--json` to be a file of its own" in check(train, "--json", train, fails=True)
    assert train.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "neither files nor a config are given"),
        (("none.spacy",), "none.spacy to be a .spacy file, or a folder with such files, got nothing"),
        (("{train}", "--scheme", "BIOES"), "Expected `scheme` to be one of BILUO, BIO, IO"),
        (("{train}", "--lang", "qq"), "Expected --lang qq to give a tokenizer"),
    ],
)
def test_what_nothing_can_be_made_of_is_named(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    train = good(tmp_path / "train.spacy", 0, 3)
    assert message in check(*(one.format(train=train) for one in arguments), fails=True)


def test_texts_do_not_reach_the_terminal_as_they_are(tmp_path: Path) -> None:
    train = write(tmp_path / "train.spacy", doc("Anna \x1b[2J sleeps", (0, 2, "PER\x1b[2J")))
    output = check(train)
    assert "\x1b[2J" not in output
    assert "\\x1b[2J" in output


def test_our_tiny_corpus_is_read_as_a_config_reads_it(tiny_corpus: Path, tmp_path: Path) -> None:
    path = config(
        tmp_path / "config.cfg", "crf_ner_cnn", paths__train=str(tiny_corpus), paths__dev=str(tiny_corpus)
    )
    output = check("--config", path, fails=True)
    assert f"train {tiny_corpus} {len(tiny.TINY_SENTENCES)}" in output
    assert "12 Docs of dev (100 %) with the text of a Doc of train" in output
