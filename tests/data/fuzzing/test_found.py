"""Inputs that generated files have shown to go wrong, each by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_crf_ner.data.alignment import MAX_MARKS, MAX_WORD, align
from spacy_crf_ner.data.conversion import Settings, Source, convert
from spacy_crf_ner.data.merging import merge_docs
from spacy_crf_ner.data.readers import ReaderOptions, find_inputs
from spacy_crf_ner.data.records import Mention, Record
from spacy_crf_ner.errors import DataError
from tests.data.fuzzing.annotated import Given
from tests.data.fuzzing.run import EARLIER, Outcome
from tests.data.fuzzing.run import convert as convert_checked
from tests.data.fuzzing.token_files import saved_datasets

PATH = Path("texts.jsonl")
CONLLU_LINE = "%s\tx\t_\tX\t_\t_\t0\troot\t_\tNER=O\n"


def run(name: str, content: str, file_format: str, **options: Any) -> Outcome:
    given = Given(file_format, {name: content.encode()}, name, {"file_format": file_format, **options})
    return convert_checked(given)


def test_the_number_of_a_word_with_thousands_of_digits() -> None:
    outcome = run("given.conllu", CONLLU_LINE % ("9" * 5000), "conllu")
    assert "line 1 is not: its first column is '9999" in outcome.refused


def test_a_tag_of_a_million_characters() -> None:
    outcome = run("given.conll", f"a\tB-{'x' * 10**6}\nb\tX\n", "columns")
    assert "to be of one scheme, but 'B-xxx" in outcome.refused


def test_a_key_of_a_million_characters() -> None:
    line = (CONLLU_LINE % 1).replace("NER", "x" * 10**6)
    outcome = run("given.conllu", line, "conllu", tag_column="NER")
    assert "the keys there are: xxx" in outcome.refused


@pytest.mark.parametrize("text", ["[" * (MAX_MARKS + 1), "\U0001f600" * (MAX_MARKS + 1), "a:b" * MAX_WORD])
def test_a_text_over_which_the_tokenizer_would_take_hours(text: str) -> None:
    record = Record(Path("a"), 1, f"Anna {text}", (Mention(0, 4, "PER", 1),))
    doc, findings = align(spacy.blank("xx").tokenizer, record)
    assert doc is None
    assert [finding.lost for finding in findings] == [False, True]
    assert all("too many for the tokenizer" in finding.problem.reason for finding in findings)


@pytest.mark.parametrize("text", ["[ " * (MAX_MARKS + 1), "-" * MAX_MARKS, "a" * MAX_WORD])
def test_a_long_text_that_the_tokenizer_divides(text: str) -> None:
    doc, findings = align(spacy.blank("xx").tokenizer, Record(Path("a"), 1, text))
    assert doc is not None
    assert findings == []


def test_docs_that_are_joined_begin_sentences() -> None:
    docs = [Doc(Vocab(), words=["a", "b"])]
    docs.append(Doc(docs[0].vocab, words=["c", "d", "e"], ents=["B-X", "I-X", ""]))
    merged = merge_docs(docs)
    assert [token.is_sent_start for token in merged] == [True, False, True, False, False]
    assert [sentence.text for sentence in merged.sents] == ["a b", "c d e"]
    assert [token.ent_iob_ for token in merged] == ["", "", "B", "I", ""]


def test_an_input_without_texts_beside_one_with_some(tmp_path: Path) -> None:
    """The file of an earlier run must not stand for it."""
    for name, answer in (("a", "accept"), ("b", "reject")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"text": "x", "answer": answer}), encoding="utf8")
    inputs = find_inputs([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], None, ReaderOptions())
    sources = [Source(found.path, found.read) for found in inputs]
    targets = [{"": tmp_path / "a.spacy"}, {"": tmp_path / "b.spacy"}]
    targets[1][""].write_bytes(EARLIER)
    with pytest.raises(DataError, match=r"Expected texts in \S*b\.jsonl, but found none .*report\.tsv"):
        convert(sources, targets, Settings(), tmp_path / "report.tsv")
    assert not targets[0][""].exists()
    assert targets[1][""].read_bytes() == EARLIER
    assert "its `answer` is 'reject'" in (tmp_path / "report.tsv").read_text(encoding="utf-8-sig")


def test_a_part_of_a_split_whose_texts_become_no_docs(tmp_path: Path) -> None:
    records = [Record(PATH, 1, text) for text in ("a", "[" * (MAX_MARKS + 1))]
    target = {part: tmp_path / f"{part}.spacy" for part in ("train", "dev")}
    target["dev"].write_bytes(EARLIER)
    settings = Settings(lang="xx", shares={"train": 0.5, "dev": 0.5})
    with pytest.raises(DataError, match=r"of 2 documents none is left for (dev|train)"):
        convert([Source(PATH, lambda: iter(records))], [target], settings, tmp_path / "report.tsv")
    assert [path.name for path in tmp_path.iterdir()] == ["dev.spacy"]


@pytest.mark.parametrize(
    "split", ["x" * 5000, "\ud83d", "../other", "a\0b"], ids=["long", "surrogate", "elsewhere", "NUL"]
)
def test_a_data_set_with_a_split_that_no_folder_can_be_called_by(split: str) -> None:
    given = next(one for one in saved_datasets() if "dataset_dict.json" in one.files)
    files = given.files | {"dataset_dict.json": json.dumps({"splits": ["train", split]}).encode()}
    outcome = convert_checked(Given("datasets", files, "", given.options))
    assert "it cannot be loaded" in outcome.refused


@pytest.mark.parametrize("place", ["offsets", "text"])
def test_a_data_set_whose_files_are_damaged(place: str) -> None:
    given = next(one for one in saved_datasets() if "dataset_dict.json" not in one.files)
    (name,) = (name for name in given.files if name.endswith(".arrow"))
    content = given.files[name]
    word = given.sentences[0].words[0].encode()
    start = content.index(word)
    damaged = content[:start] + b"\xff" + content[start + 1 :]
    if place == "offsets":
        # The end of the first word, before the words.
        start = content.rindex(len(word).to_bytes(4, "little"), 0, start)
        damaged = content[:start] + b"\xff\xff\xff\x7f" + content[start + 4 :]
    outcome = convert_checked(Given("datasets", given.files | {name: damaged}, "", given.options))
    assert "it cannot be loaded" in outcome.refused


def test_records_that_are_all_left_out_are_listed_though_no_docs_are_written() -> None:
    outcome = run("given.jsonl", '{"text": "a", "answer": "reject"}', "jsonl")
    assert "no Docs are written. What was left out is in" in outcome.refused
