"""Every real corpus is converted with the counts that its authors state."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from tests.cli.support import run
from tests.data.published import PUBLISHED, RAW, Published, convert_published

# Sentences of files that take seconds.
SLOW = 1_000
cases = [
    pytest.param(one, id=one.path, marks=[pytest.mark.slow] if one.texts > SLOW else []) for one in PUBLISHED
]


def written(folder: Path) -> list[Doc]:
    (path,) = folder.glob("*.spacy")
    return list(DocBin().from_disk(path).get_docs(Vocab()))


def report(folder: Path) -> list[list[str]]:
    lines = (folder / "convert-report.tsv").read_text(encoding="utf-8-sig").split("\n")
    return [line.split("\t") for line in lines[1:-1]]


@pytest.mark.parametrize("published", cases)
def test_a_corpus_has_the_stated_counts_before_and_after_and_nothing_else_is_listed(
    corpora: Path, published: Published, tmp_path: Path
) -> None:
    counts = convert_published(corpora, published, tmp_path)
    docs = written(tmp_path)
    found = Counter({label: one["found"] for label, one in counts["labels"].items()})
    lost = sum(one["not_written"] for one in counts["labels"].values())
    assert counts["texts"] == len(docs) == published.texts
    assert found.total() == published.entities + published.invalid
    assert {label: found[label] for label in published.labels} == published.labels
    assert sum(len(doc.ents) for doc in docs) == found.total() - lost
    if published.tokens is not None:
        assert sum(len(doc) for doc in docs) == published.tokens
    reasons = Counter(kind(reason) for *_, reason, _ in report(tmp_path))
    assert reasons.pop("nested", 0) == published.nested
    assert lost == published.nested + published.misaligned
    reasons.pop("left out", 0)
    assert reasons == +Counter(invalid=published.invalid, misaligned=published.misaligned)


def kind(reason: str) -> str:
    """What a line of the report is about."""
    kinds = {
        "nested": "it is inside of",
        "misaligned": "it does not begin and end where tokens do",
        "left out": "left out: ",
        "invalid": "in ",
    }
    return next((name for name, start in kinds.items() if reason.startswith(start)), reason)


def test_treebanks_without_entities_leave_every_token_without_annotation(
    corpora: Path, tmp_path: Path
) -> None:
    (published,) = (one for one in PUBLISHED if one.path == "ud-chinese-gsdsimp/zh_gsdsimp-ud-dev.conllu")
    counts = convert_published(corpora, published, tmp_path)
    assert counts["tokens_without_annotation"] == counts["tokens"] == published.tokens


def test_texts_without_annotation_are_refused_with_what_to_do(corpora: Path, tmp_path: Path) -> None:
    output = run("crf-ner", "convert", corpora / RAW, "-o", tmp_path, fails=True)
    assert "palm.10000 to be in one of the formats" in output
    assert not list(tmp_path.iterdir())
