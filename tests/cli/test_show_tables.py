"""What `crf-ner show` prints: colours for terminals alone, and nothing that commands them."""

from __future__ import annotations

import re
import sys

import pytest

from spacy_crf_ner.cli.show_tables import has_colors, marked, print_summary


def test_colours_are_for_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("ANSI_COLORS_DISABLED", raising=False)
    assert not has_colors()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert has_colors()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colors()


def test_texts_are_marked_and_cannot_command_the_terminal() -> None:
    text = "See \x1b[2JRome\u202e\nand Bonn"
    entities = [{"start": 4, "end": 12, "label": "L\x1bOC"}, {"start": 18, "end": 22, "label": "LOC"}]
    assert marked(text, entities, colors=False) == "See [ [2JRome L OC] \nand [Bonn LOC]"
    coloured = marked(text, entities, colors=True)
    assert coloured.startswith("See \x1b[38;5;16;48;5;")
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == "See   [2JRome L OC  \nand  Bonn LOC "
    assert marked("plain", [], colors=True) == "plain"


def test_the_summary_says_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(0, 0, [])
    print_summary(3, 0, [])
    print_summary(3, 2, ["ner"])
    printed = " ".join(capsys.readouterr().out.split())
    for expected in ("no text that is not blank", "components: none.", "Texts: 3. Entities: 2."):
        assert expected in printed
