"""Records to files, and that nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_crf_ner.data.conversion import SHOWN_MENTIONS, Settings, Source, Tally, convert
from spacy_crf_ner.data.records import Mention, Problem, Record
from spacy_crf_ner.errors import DataError
from tests import tiny

PATH = Path("texts.jsonl")


def record(text: str, *mentions: tuple[int, int, str], **parts: Any) -> Record:
    return Record(PATH, 1, text, tuple(Mention(*mention, 1) for mention in mentions), **parts)


def run(tmp_path: Path, *records: Record, parts: tuple[str, ...] = ("",), **settings: Any) -> Tally:
    """Convert Records of one source into a file for each part, beside a report."""

    def read() -> Iterator[Record]:
        return iter(records)

    target = {part: tmp_path / f"{part or 'all'}.spacy" for part in parts}
    return convert([Source(PATH, read)], [target], Settings(**settings), tmp_path / "report.tsv")


def docs(path: Path) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def report(tmp_path: Path) -> list[list[str]]:
    """Text, label and what was done of each line."""
    lines = (tmp_path / "report.tsv").read_text(encoding="utf-8-sig").splitlines()[1:]
    return [[line.split("\t")[column] for column in (2, 3, 5)] for line in lines]


def test_docs_are_in_the_order_of_the_records_and_counted(tmp_path: Path) -> None:
    tally = run(
        tmp_path, record("Anna met Boris", (0, 4, "P"), (9, 14, "P")), record("in Paris", (3, 8, "G"))
    )
    found = docs(tmp_path / "all.spacy")
    assert [tiny.entities(doc) for doc in found] == [[(0, 1, "P"), (2, 3, "P")], [(1, 2, "G")]]
    assert tally.docs == {tmp_path / "all.spacy": 2}
    assert (tally.records, tally.tokens, tally.missing, tally.listed) == (2, 5, 0, 0)
    assert tally.found == tally.entities == {"P": 2, "G": 1}
    assert report(tmp_path) == []


def test_every_annotation_of_the_files_is_an_entity_or_in_the_report(tmp_path: Path) -> None:
    first = record(
        "Bank of New York",
        (0, 16, "ORG"),
        (8, 16, "GPE"),
        (0, 16, "ORG"),
        (1, 3, "X"),
        problems=(
            Problem(PATH, 1, "a b", "X", "it has 2 parts"),
            Problem(PATH, 1, "", "", "left out: notes (2)"),
        ),
        repaired=(Problem(PATH, 1, "Bank of New York", "ORG", "begins with I"),),
    )
    left_out = record("", problems=(Problem(PATH, 2, "No", "", "its `answer` is 'reject'"),))
    tally = run(tmp_path, first, left_out)
    assert tally.found == {"ORG": 2, "GPE": 1, "X": 2}
    assert tally.entities == {"ORG": 1}
    assert tally.lost == {"ORG": 1, "GPE": 1, "X": 2}
    assert (tally.records, tally.repaired, tally.misaligned, tally.listed) == (1, 1, 1, 7)
    assert report(tmp_path) == [
        ["a b", "X", "not written"],
        ["", "", "not written"],
        ["Bank of New York", "ORG", "written"],
        ["Bank of New York", "ORG", "written once"],
        ["an", "X", "not written; its tokens are left without annotation"],
        ["New York", "GPE", "not written to doc.ents"],
        ["No", "", "not written"],
    ]


def test_a_count_that_does_not_add_up_is_an_error() -> None:
    tally = Tally()
    tally.found["X"] = 2
    tally.entities["X"] = 1
    with pytest.raises(AssertionError, match=r"{'X': 2} annotations read, but {'X': 1} accounted for"):
        tally.check()


def test_with_a_span_group_overlaps_are_counted_there(tmp_path: Path) -> None:
    tally = run(tmp_path, record("Bank of New York", (0, 16, "ORG"), (8, 16, "GPE")), spans_key="sc")
    assert (tally.entities, tally.spans, tally.lost) == ({"ORG": 1}, {"GPE": 1}, {})
    (doc,) = docs(tmp_path / "all.spacy")
    spans = doc.spans["sc"]
    assert [(span.text, span.label_) for span in spans] == [("Bank of New York", "ORG"), ("New York", "GPE")]


def test_labels_are_changed_and_left_out_and_neither_is_silent(tmp_path: Path) -> None:
    text = record(
        "a b c d", (0, 1, "A"), (2, 3, "B"), (4, 5, "C"), problems=(Problem(PATH, 1, "x", "A", "bad"),)
    )
    tally = run(tmp_path, text, label_map={"A": "B", "B": "A", "C": "", "Z": "Y"})
    (doc,) = docs(tmp_path / "all.spacy")
    assert tiny.entities(doc) == [(0, 1, "B"), (1, 2, "A")]
    assert [token.ent_iob_ for token in doc] == ["B", "B", "O", "O"]
    assert tally.changed == {"A": 1, "B": 1, "C": 1}
    assert tally.found == {"B": 2, "A": 1, "C": 1}
    assert tally.lost == {"B": 1, "C": 1}
    assert ["c", "C", "left out by --label-map: its tokens are outside"] in report(tmp_path)


def test_a_new_label_that_is_an_old_one_of_another_is_counted_once_changed(tmp_path: Path) -> None:
    tally = run(tmp_path, record("abc", (0, 2, "A")), label_map={"A": "B", "B": "C"})
    assert tally.found == tally.lost == {"B": 1}


def test_misaligned_mentions_are_an_error_if_wanted_with_all_of_them_in_the_report(tmp_path: Path) -> None:
    earlier = tmp_path / "all.spacy"
    earlier.write_bytes(b"earlier")
    texts = [record("abc", (0, 2, f"L{number}")) for number in range(SHOWN_MENTIONS + 3)]
    with pytest.raises(DataError, match="but 13 do not: no Docs are written") as caught:
        run(tmp_path, *texts, on_misaligned="error")
    message = str(caught.value)
    assert "texts.jsonl, line 1: 'ab' (L0): it does not begin and end where tokens do" in message
    assert "(L9)" in message
    assert "(L10)" not in message
    assert len(report(tmp_path)) == len(texts)
    assert earlier.read_bytes() == b"earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.spacy", "report.tsv"]


def test_a_file_that_cannot_be_read_to_the_end_changes_nothing(tmp_path: Path) -> None:
    def read() -> Iterator[Record]:
        yield record("a")
        raise DataError("line 2 is no JSON")

    with pytest.raises(DataError, match="line 2"):
        convert([Source(PATH, read)], [{"": tmp_path / "a.spacy"}], Settings(), tmp_path / "r.tsv")
    assert not list(tmp_path.iterdir())


def test_documents_stay_together_in_a_split_and_are_joined_within_it(tmp_path: Path) -> None:
    texts = [record(f"d{number // 4} s{number}", document=f"d{number // 4}") for number in range(40)]
    tally = run(
        tmp_path, *texts, parts=("train", "dev"), shares={"train": 0.7, "dev": 0.3}, n_sents=3, seed=1
    )
    assert tally.docs == {tmp_path / "train.spacy": 14, tmp_path / "dev.spacy": 6}
    names: dict[str, list[list[str]]] = {
        part: [doc.text.split()[::2] for doc in docs(tmp_path / f"{part}.spacy")] for part in ("train", "dev")
    }
    # Three sentences of a document, then the fourth.
    assert all(len(set(document)) == 1 for found in names.values() for document in found)
    assert [len(document) for document in names["dev"]] == [3, 1] * 3
    train, dev = ({document[0] for document in found} for found in names.values())
    assert not train & dev
    assert len(train | dev) == 10


def test_what_is_left_out_takes_no_place_in_a_split(tmp_path: Path) -> None:
    left_out = record("", problems=(Problem(PATH, 2, "No", "", "rejected"),))
    tally = run(
        tmp_path,
        *[left_out, record("a"), left_out, record("b")],
        parts=("train", "dev"),
        shares={"train": 0.5, "dev": 0.5},
    )
    assert list(tally.docs.values()) == [1, 1]


def test_a_text_with_half_of_a_surrogate_pair_is_listed(tmp_path: Path) -> None:
    tally = run(tmp_path, record("bad \ud83d", (0, 3, "X")), record("good"))
    assert (tally.records, tally.lost, tally.docs) == (2, {"X": 1}, {tmp_path / "all.spacy": 1})
    assert [line[2] for line in report(tmp_path)] == ["the text is left out", "not written"]


def test_no_texts_are_an_error(tmp_path: Path) -> None:
    for settings in ({}, {"shares": {"train": 0.5, "dev": 0.5}}):
        with pytest.raises(DataError, match=r"Expected texts in texts\.jsonl, but found none.*--format"):
            run(tmp_path, parts=("train", "dev") if settings else ("",), **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"on_misaligned": "drop"}, "--on-misaligned` to be error, warn, expand, contract, but got 'drop'"),
        ({"lang": "klingon"}, "`--lang` to be the code of a language .* got 'klingon' .*E048"),
        ({"n_sents": -1}, "--n-sents` to be 0 or more, but got -1"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        run(tmp_path, record("a"), **settings)
    assert not list(tmp_path.iterdir())
