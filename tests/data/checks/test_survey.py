"""One pass over the parts of a corpus."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import Doc, DocBin

from spacy_crf_ner.data.checks.survey import Pipeline, survey
from spacy_crf_ner.errors import DataError
from tests.data.checks.made import VOCAB, doc


def write(path: Path, *docs: Doc) -> Path:
    DocBin(docs=docs).to_disk(path)
    return path


def test_every_part_is_counted_by_itself(tmp_path: Path) -> None:
    train = write(tmp_path / "a.spacy", doc("Anna sleeps", (0, 1, "PER")), doc("It rains ."))
    dev = write(tmp_path / "b.spacy", doc("It rains ."))
    seen = []

    def progress(docs: Iterable[Doc], name: str) -> Iterable[Doc]:
        seen.append(name)
        return docs

    found = survey({"train": train, "dev": dev}, Pipeline(VOCAB, max_lengths={"dev": 2}), progress)
    assert seen == ["train", "dev"]
    assert found.each(lambda part: part.annotation.docs) == {"train": 2, "dev": 1}
    assert found.each(lambda part: part.annotation.tokens) == {"train": 5, "dev": 3}
    assert found.each(lambda part: part.labels.entities) == {"train": {"PER": 1}, "dev": {}}
    assert found.each(lambda part: part.words.orths.total()) == {"train": 5, "dev": 3}
    assert found.each(lambda part: part.reading.left_out) == {"train": 0, "dev": 1}
    assert found.texts.leaked["train", "dev"].docs.n == 1


def test_counts_of_other_runs_are_not_added(tmp_path: Path) -> None:
    path = write(tmp_path / "a.spacy", doc("Anna sleeps", (0, 1, "PER")))
    for _ in range(2):
        found = survey({"train": path}, Pipeline(VOCAB))
        assert found.parts["train"].annotation.docs == 1
        assert found.parts["train"].mentions.mentions == {("Anna", "PER"): 1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scheme": "BIOES"}, "Expected `scheme` to be one of BILUO, BIO, IO, got 'BIOES'"),
        ({"segments": "sentences"}, "Expected `segments` to be one of doc, sents, got 'sentences'"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Pipeline(VOCAB, **settings)
