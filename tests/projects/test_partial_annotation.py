"""The project projects/partial-annotation: what is hidden, what is said of it, and how the models are compared."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import spacy
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin

from tests.projects import clones
from tests.tiny import make_tiny_docs

VOCAB = spacy.blank("en").vocab


@pytest.fixture(scope="module")
def hide() -> ModuleType:
    return clones.load_script("partial-annotation", "hide")


def entities(doc: Doc) -> set[tuple[int, int, str]]:
    return {(ent.start, ent.end, ent.label_) for ent in doc.ents}


@settings(deadline=None, max_examples=20)
@given(share=st.floats(0, 1), others=st.floats(0, 1), seed=st.integers(0, 9))
def test_both_readings_differ_in_the_hidden_tokens_alone(
    hide: ModuleType, share: float, others: float, seed: int
) -> None:
    docs = make_tiny_docs()
    hidden = hide.draw(docs, share, others, seed)
    n_entities = sum(len(doc.ents) for doc in docs)
    n_others = sum(not token.ent_type for doc in docs for token in doc)
    assert sum(len(what.entities) for what in hidden) == round(share * n_entities)
    assert sum(len(what.tokens) for what in hidden) == round(others * n_others)
    for doc, what in zip(docs, hidden, strict=True):
        missing, outside = (hide.hide(doc, what, reading) for reading in ("missing", "outside"))
        kept = [ent for j, ent in enumerate(doc.ents) if j not in what.entities]
        gone = {i for j, ent in enumerate(doc.ents) if j in what.entities for i in range(ent.start, ent.end)}
        assert entities(missing) == entities(outside) == {(ent.start, ent.end, ent.label_) for ent in kept}
        for token in doc:
            unknown = token.i in gone | what.tokens
            assert missing[token.i].ent_iob_ == ("" if unknown else token.ent_iob_)
            assert outside[token.i].ent_iob_ == ("O" if unknown else token.ent_iob_)


def test_the_same_seed_hides_the_same(hide: ModuleType) -> None:
    docs = make_tiny_docs()
    assert hide.draw(docs, 0.5, 0.1, 1) == hide.draw(docs, 0.5, 0.1, 1)
    assert hide.draw(docs, 0.5, 0.1, 1) != hide.draw(docs, 0.5, 0.1, 2)


def test_the_originals_stay_as_they_are(hide: ModuleType) -> None:
    docs = make_tiny_docs()
    before = [entities(doc) for doc in docs]
    for doc, what in zip(docs, hide.draw(docs, 1.0, 1.0, 0), strict=True):
        hide.hide(doc, what, "missing")
    assert [entities(doc) for doc in docs] == before


def test_files_hold_what_the_table_counts(
    hide: ModuleType, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hide.main(tiny_corpus, tmp_path, entities=0.5, others=0.25, seed=0)
    printed = " ".join(capsys.readouterr().out.split())
    for reading in ("missing", "outside"):
        docs = list(DocBin().from_disk(tmp_path / f"train-{reading}.spacy").get_docs(VOCAB))
        tokens = [token for doc in docs for token in doc]
        unknown = sum(not token.ent_iob_ for token in tokens)
        outside = sum(token.ent_iob_ == "O" for token in tokens)
        wrong = sum(
            token.ent_iob_ == "O" and bool(before.ent_type)
            for doc, whole in zip(docs, make_tiny_docs(), strict=True)
            for token, before in zip(doc, whole, strict=True)
        )
        assert f"{reading} {sum(len(doc.ents) for doc in docs)} {unknown} {outside} {wrong}" in printed
        assert (unknown > 0, wrong > 0) == ((True, False) if reading == "missing" else (False, True))


def report(f1: float, other: float, interval: list[float] | None) -> dict[str, Any]:
    scores = [{"micro": {"precision": f1 + 0.1, "recall": f1, "f1": f1}} for f1 in (f1, other)]
    return {**scores[0], "against": scores[1], "comparison": {"difference": f1 - other, "interval": interval}}


def test_the_models_are_compared_in_points_of_f1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare = clones.load_script("partial-annotation", "compare")
    paths = [tmp_path / "dev.report.json", tmp_path / "test.report.json"]
    srsly.write_json(paths[0], report(0.5, 0.25, None))
    srsly.write_json(paths[1], report(0.5, 0.625, [-0.2, 0.01]))
    compare.main(paths)
    printed = " ".join(capsys.readouterr().out.split())
    assert "dev unknown 60.0 50.0 50.0 dev in no entity 35.0 25.0 25.0" in printed
    assert "dev: +25.0 points of F1 by leaving unknown" in printed
    assert "test: -12.5 points of F1 (95 % interval -20.0 to +1.0) by leaving unknown" in printed
