"""`python -m spacy crf-ner convert`: what goes in comes out, or is in the report."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Corpus, Example
from spacy.util import registry

from tests import tiny
from tests.cli.support import run

pytestmark = pytest.mark.usefixtures("commands")
JSONL = '{"text": "Anna met Boris", "spans": [{"start": 0, "end": 4, "label": "PERSON"}]}\n'
COLUMNS = "Anna\tB-PER\nsleeps\tO\n\ndo\tO\nn't\tO\nsleep\tO\n,\tO\nAnna-\tB-PER\nMaria\tI-PER\n"


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf8", newline="")
    return path


def examples(path: Path, lang: str = "en") -> list[Example]:
    """What `spacy train` makes of a file or folder."""
    return list(Corpus(path)(spacy.blank(lang)))


def docs(path: Path, lang: str = "en") -> list[Doc]:
    return [example.reference for example in examples(path, lang)]


def labels(*paths: Path, lang: str = "en") -> Counter[str]:
    return Counter(ent.label_ for path in paths for doc in docs(path, lang) for ent in doc.ents)


def test_names_of_labels_may_be_given(tmp_path: Path) -> None:
    old = '{"text": "Anna sleeps", "annotations": [{"label": 7, "start_offset": 0, "end_offset": 4, "user": 1}]}\n'
    path, names = (
        write(tmp_path / "a.jsonl", old),
        write(tmp_path / "names.json", '[{"id": 7, "text": "PERSON"}]'),
    )
    assert "names.json is an input" in run(
        "crf-ner",
        "convert",
        path,
        "-o",
        tmp_path / "out",
        "--label-config",
        names,
        "--json",
        names,
        fails=True,
    )
    run("crf-ner", "convert", path, "-o", tmp_path / "out", "--label-config", names)
    assert labels(tmp_path / "out" / "a.spacy") == {"PERSON": 1}


def test_where_nothing_can_be_written_nothing_is_read(tmp_path: Path) -> None:
    path, file = write(tmp_path / "a.jsonl", JSONL), write(tmp_path / "file", "")
    output = run("crf-ner", "convert", path, "-o", file / "out", fails=True)
    assert "is a file, not a folder" in output
    assert "Convert" not in output


def report(path: Path) -> list[dict[str, str]]:
    header, *lines = (line.split("\t") for line in path.read_text(encoding="utf-8-sig").splitlines())
    return [dict(zip(header, line, strict=True)) for line in lines]


def convert(*arguments: Any, fails: bool = False) -> str:
    return run("crf-ner", "convert", *arguments, fails=fails)


def test_a_file_becomes_a_file_of_its_name_in_the_folder(tmp_path: Path) -> None:
    output = convert(write(tmp_path / "people.jsonl", JSONL), "-o", tmp_path / "corpus")
    assert "1 in the files = 1 entities + 0 not written" in output
    assert "Nothing to report" in output
    assert "jsonl" in output
    assert sorted(path.name for path in (tmp_path / "corpus").iterdir()) == [
        "convert-report.tsv",
        "people.spacy",
    ]
    assert tiny.entities(docs(tmp_path / "corpus" / "people.spacy")[0]) == [(0, 1, "PERSON")]


def test_training_gets_the_tokens_of_the_file_if_it_does_not_tell_where_spaces_are(tmp_path: Path) -> None:
    convert(write(tmp_path / "a.conll", COLUMNS), "-o", tmp_path / "a.spacy")
    first, second = examples(tmp_path / "a.spacy")
    assert [token.text for token in second.predicted] == ["do", "n't", "sleep", ",", "Anna-", "Maria"]
    assert first.get_aligned_ner() == ["U-PER", "O"]
    assert second.get_aligned_ner() == ["O", "O", "O", "O", "B-PER", "L-PER"]


def test_several_files_can_become_one_and_counts_are_saved(tmp_path: Path) -> None:
    inputs = [write(tmp_path / "a.conll", COLUMNS), write(tmp_path / "b.jsonl", JSONL)]
    target, counts = tmp_path / "all.spacy", tmp_path / "counts.json"
    output = convert(
        *inputs, "-o", target, "--label-map", "PERSON=PER", "--label-map", "X=Y", "--json", counts
    )
    assert "Label PERSON: 1 mention written as PER" in output
    assert "Label X: 0 mentions written as Y" in output
    assert labels(target) == {"PER": 3}
    found = json.loads(counts.read_text(encoding="utf8"))
    assert found["labels"] == {"PER": {"found": 3, "entities": 3, "in_spans_only": 0, "not_written": 0}}
    assert [(one["format"], one["scheme"]) for one in found["files"]] == [("columns", "IOB2"), ("jsonl", "")]
    assert (found["texts"], found["docs"], found["report_lines"]) == (3, {str(target): 3}, 0)
    assert Path(found["report"]) == tmp_path / "all-report.tsv"


def test_a_split_has_its_names_and_is_the_same_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "".join(JSONL.replace("met", f"met{number}") for number in range(10)))
    texts = []
    for seed in (0, 0, 1):
        output = tmp_path / "corpus"
        assert "8 Docs" in convert(path, "-o", output, "--split", "80/10/10", "--seed", seed)
        parts = {
            name: [doc.text for doc in docs(output / f"{name}.spacy")] for name in ("train", "dev", "test")
        }
        assert [len(found) for found in parts.values()] == [8, 1, 1]
        texts.append(parts)
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--split", "90"), "Expected `--split` to be two or three numbers"),
        (("--label-map", "PER"), "Expected `--label-map` to be old=new"),
        (("--format", "xml"), "Expected `--format` to be columns"),
        (("--scheme", "IOB1"), "`--scheme` is for columns, conllu, datasets, but the format is jsonl"),
        (("--on-misaligned", "drop"), "Expected `--on-misaligned` to be error, warn"),
    ],
)
def test_what_makes_no_sense_ends_with_an_error_and_without_files(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    path = write(tmp_path / "a.jsonl", JSONL)
    assert message in convert(path, "-o", tmp_path / "out", *arguments, fails=True)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("train.spacy", "a file of Docs, which `crf-ner check` and `spacy train` read as it is"),
        ("Sheet.XLSX", "Save its sheet as text with tabs"),
        ("paper.pdf", "Save its text"),
        ("corpus.tar.gz", "Unpack it"),
    ],
)
def test_files_of_other_kinds_are_known_by_their_names(tmp_path: Path, name: str, advice: str) -> None:
    path = tmp_path / name
    path.write_text(COLUMNS, encoding="utf8")
    output = convert(path, "--output", tmp_path / "out", fails=True)
    assert f"Expected {path} to be annotated text, but by its name it is" in output
    assert advice in output
    assert not (tmp_path / "out").exists()
    # A folder is not known by its name, and a file is what `--format` says.
    convert(path, "--output", tmp_path / "out", "--format", "columns")
    path.rename(tmp_path / "file.conll")
    path.mkdir()
    (tmp_path / "file.conll").rename(path / "file.conll")
    convert(path, "--output", tmp_path / "out")


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", JSONL)
    assert "`--report` to be a file of its own" in convert(path, "-o", tmp_path, "--report", path, fails=True)
    assert path.read_text(encoding="utf8") == JSONL


def test_misaligned_mentions_are_an_error_if_wanted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", JSONL.replace('"end": 4', '"end": 3'))
    output = convert(path, "-o", tmp_path / "out", "--on-misaligned", "error", fails=True)
    assert "but 1 do not: no Docs are written" in output
    assert "line 1: 'Ann' (PERSON)" in output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["convert-report.tsv"]


def test_what_training_would_not_learn_from_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conllu", "# text = Anna\n1\tAnna\t_\tX\t_\t_\t0\troot\t_\t_\n\n")
    assert "No token is annotated" in convert(path, "-o", tmp_path / "out", "--n-sents", "0")
    path = write(tmp_path / "b.jsonl", JSONL)
    assert "none were joined by --n-sents" in convert(path, "-o", tmp_path / "out", "--n-sents", "5")


@pytest.mark.parametrize("mode", ["warn", "expand", "contract"])
def test_doccano_keeps_the_longest_of_nested_mentions(corpora: Path, tmp_path: Path, mode: str) -> None:
    path = corpora / "doccano" / "sample.jsonl"
    convert(path, "-o", tmp_path, "--lang", "es", "--on-misaligned", mode)
    rows = report(tmp_path / "convert-report.tsv")
    nested = [row for row in rows if row["label"] == "BOARDGAME_NAME"]
    misaligned = [row for row in rows if "where tokens do" in row["reason"]]
    assert len(nested) == 11
    assert all(row["reason"].startswith("it is inside of") for row in nested)
    assert [(row["line"], row["text"]) for row in misaligned] == [
        ("17", "player board simple"),
        ("17", "13990"),
        ("39", "13990"),
    ]
    # Prices are no tokens of their own, and the first one expands to a token that another mention has.
    lost = {"warn": 3, "expand": 1, "contract": 2}[mode]
    assert labels(tmp_path / "sample.spacy", lang="es").total() == 83 - 11 - lost


def test_doccano_keeps_all_mentions_in_a_span_group(corpora: Path, tmp_path: Path) -> None:
    path = corpora / "doccano" / "sample.jsonl"
    output = convert(path, "-o", tmp_path / "a.spacy", "-l", "es", "--spans-key", "sc")
    assert "83 in the files = 69 entities + 11 in doc.spans only + 3 not written" in output
    assert sum(len(doc.spans["sc"]) for doc in docs(tmp_path / "a.spacy", "es")) == 80


def test_brat_keeps_all_entities(corpora: Path, tmp_path: Path) -> None:
    output = convert(corpora / "ncbi-disease-brat", "-o", tmp_path)
    assert "158 in the files = 158 entities + 0 not written" in output
    path = tmp_path / "ncbi-disease-brat.spacy"
    expected = {"SpecificDisease": 90, "Modifier": 39, "DiseaseClass": 20, "CompositeMention": 9}
    assert labels(path) == expected
    aligned = [example.get_aligned_spans_y2x(example.reference.ents) for example in examples(path)]
    assert sum(len(spans) for spans in aligned) == 158


def test_wnut17_has_the_same_counts_before_and_after(corpora: Path, tmp_path: Path) -> None:
    names = ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")
    output = convert(*(corpora / "wnut17" / name for name in names), "-o", tmp_path)
    assert "3890 in the files = 3890 entities + 0 not written" in output
    for name, n_docs, n_entities in (
        ("wnut17train", 3394, 1975),
        ("emerging.dev", 1009, 836),
        ("emerging.test", 1287, 1079),
    ):
        found = docs(tmp_path / f"{name}.spacy")
        assert (len(found), sum(len(doc.ents) for doc in found)) == (n_docs, n_entities)


def test_wikigold_is_split_and_joined_by_article(corpora: Path, tmp_path: Path) -> None:
    path = corpora / "wikigold" / "wikigold.conll.txt"
    convert(path, "-o", tmp_path, "--split", "80/10/10", "--n-sents", "0")
    parts = [tmp_path / f"{name}.spacy" for name in ("train", "dev", "test")]
    found = [docs(part) for part in parts]
    assert sum(len(part) for part in found) == 145
    sentences = [sum(len(list(doc.sents)) for doc in part) for part in found]
    assert sum(sentences) == 1384 + 195 + 117
    assert sentences == pytest.approx([0.8 * 1696, 169.6, 169.6], abs=1)
    assert labels(*parts).total() == 2995 + 317 + 246
