"""The table of what was not written as it stands."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from spacy_crf_ner.data.alignment import Finding
from spacy_crf_ner.data.records import Problem
from spacy_crf_ner.data.report import COLUMNS, MAX_TEXT, open_report
from spacy_crf_ner.errors import DataError


def finding(text: str, label: str = "X") -> Finding:
    return Finding(Problem(Path("a.jsonl"), 7, text, label, "it is nested"), "not written", lost=True)


def written(path: Path, *findings: Finding) -> list[str]:
    """The lines of a report of these."""
    with open_report(path) as report:
        for one in findings:
            report.add(one)
    assert report.n_lines == len(findings)
    return path.read_text(encoding="utf-8-sig").splitlines()


def test_a_finding_is_a_line_under_the_names_of_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.tsv"
    written(path, finding("Zoë"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows == [
        dict(zip(COLUMNS, ("a.jsonl", "7", "Zoë", "X", "it is nested", "not written"), strict=True))
    ]


def test_a_spreadsheet_can_tell_the_encoding(tmp_path: Path) -> None:
    written(tmp_path / "report.tsv")
    assert (tmp_path / "report.tsv").read_bytes().startswith(b"\xef\xbb\xbffile\t")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\r\nand\ttab", r"two\nlines\r\nand\ttab"),
        ("=1+1", "'=1+1"),
        ("@anna", "'@anna"),
        ("half \ud83d", r"half \ud83d"),
        ("a\u202eb\u200b\x00\u2028", r"a\u202eb\u200b\x00\u2028"),
        ("no\u00a0break 👩\u200d🔬", "no\u00a0break 👩\u200d🔬"),
        ("x" * (MAX_TEXT + 1), "x" * MAX_TEXT + "..."),
    ],
)
def test_a_text_is_one_cell_that_shows_what_it_is(tmp_path: Path, text: str, shown: str) -> None:
    lines = written(tmp_path / "report.tsv", finding(text))
    assert lines[1].split("\t")[2] == shown
    assert len(lines) == 2


def test_a_label_is_not_trusted_either(tmp_path: Path) -> None:
    assert written(tmp_path / "report.tsv", finding("a", "=X\tY"))[1].split("\t")[3] == r"'=X\tY"


def test_a_report_that_fails_leaves_the_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.tsv"
    before = written(path, finding("earlier"))
    with pytest.raises(AttributeError, match="problem"), open_report(path) as report:
        report.add(None)  # type: ignore[arg-type]
    assert path.read_text(encoding="utf-8-sig").splitlines() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"to be a file.* but it is a folder"), open_report(tmp_path):
        pass
