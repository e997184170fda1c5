"""The pages about conversion: damaged files, and real corpora."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.data import published

pytestmark = pytest.mark.usefixtures("benchmark_parts")


def test_damaged_files_are_counted_and_the_same_again(tmp_path: Path) -> None:
    fuzzing = importlib.import_module("fuzzing")
    pages = []
    for out in (tmp_path / "first", tmp_path / "second"):
        fuzzing.main(["--inputs", "12", "--large", "0", "--formats", "jsonl", "brat", "--out", str(out)])
        pages.append((out / "fuzzing.md").read_text(encoding="utf8").split("\n\n")[5])
    assert pages[0] == pages[1]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in pages[0].splitlines()[2:]]
    assert [row[:2] for row in rows] == [["jsonl", "12"], ["brat", "12"], ["all", "24"]]
    for _, inputs, converted, refused, _, failures in rows:
        assert (int(converted) + int(refused), failures) == (int(inputs), "0")


def test_a_corpus_is_shown_with_what_is_stated_and_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.conll").write_text("Anna\tB-PER\nsings\tO\n\nin\tO\nParis\tI-LOC\n", encoding="utf8")
    stated = published.Published("a.conll", 2, 4, 1, invalid=1)
    monkeypatch.setattr(published, "PUBLISHED", (stated,))
    importlib.import_module("corpora").main(["--corpora", str(tmp_path), "--out", str(tmp_path / "a.md")])
    page = (tmp_path / "a.md").read_text(encoding="utf8")
    assert page.split("\n\n")[3].splitlines()[2:] == ["| a.conll | 2 | 2 | 4 | 4 | 1 | 1 | 2 | 2 | 1 |"]
