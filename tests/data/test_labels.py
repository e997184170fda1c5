"""Labels under other names."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacy_crf_ner.data.labels import change_labels, parse_label_map
from spacy_crf_ner.data.records import Mention, Record
from spacy_crf_ner.errors import DataError


def test_old_and_new_labels_are_read() -> None:
    assert parse_label_map(["PERSON=PER", " A = B ", "MISC=", "X=Y=Z"]) == {
        "PERSON": "PER",
        "A": "B",
        "MISC": "",
        "X": "Y=Z",
    }


@pytest.mark.parametrize("pairs", [["PERSON"], ["=PER"], ["A=B", "A=C"]])
def test_what_is_no_change_of_a_label_is_shown(pairs: list[str]) -> None:
    with pytest.raises(DataError, match=f"--label-map` to be old=new.*got '{pairs[-1]}'"):
        parse_label_map(pairs)


def test_labels_are_changed_once_and_what_is_left_out_is_listed() -> None:
    mentions = (Mention(0, 1, "A", 4), Mention(2, 3, "B", 4), Mention(4, 5, "C", 5), Mention(6, 7, "D", 6))
    record = Record(Path("x"), 4, "a b c d", mentions)
    changed, findings = change_labels(record, {"A": "B", "B": "A", "C": ""})
    assert [mention.label for mention in changed.mentions] == ["B", "A", "D"]
    assert [(one.problem.line, one.problem.text, one.problem.label, one.lost) for one in findings] == [
        (5, "c", "C", True)
    ]
