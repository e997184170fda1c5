"""Texts from files of every kind."""

from __future__ import annotations

from pathlib import Path

import spacy
from spacy.tokens import DocBin

from spacy_crf_ner.cli.given_texts import GivenText, read_given


def test_files_of_all_kinds_have_a_text_in_each_line_or_are_one(tmp_path: Path) -> None:
    lines, objects, docs = (tmp_path / name for name in ("a.txt", "b.jsonl", "c.spacy"))
    lines.write_bytes("\ufeffŁódź\r\n\nParis\u2028yes\n".encode())
    objects.write_text('{"text": "one"}\n{"text": "two", "meta": 1}\n', encoding="utf8")
    DocBin(docs=[spacy.blank("xx").make_doc("three")]).to_disk(docs)
    found = list(read_given(["given"], [lines, objects, docs], whole=False))
    assert found == [
        GivenText("given", None),
        GivenText("Łódź", str(lines)),
        GivenText("Paris\u2028yes", str(lines)),
        GivenText("one", str(objects)),
        GivenText("two", str(objects)),
        GivenText("three", str(docs)),
    ]
    (whole,) = read_given([], [lines], whole=True)
    assert whole == GivenText("Łódź\r\n\nParis\u2028yes\n", str(lines))
