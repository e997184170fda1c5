"""Which Docs and tokens are annotated at all."""

from spacy_crf_ner.data.checks.annotation import (
    AnnotationCounts,
    check_annotation,
    check_docs,
    check_docs_without_entities,
)
from tests.data.checks.made import counted, doc, levels, unannotated

ANNA = doc("Anna sleeps", (0, 1, "PER"))
NOBODY = doc("It rains")


def test_docs_that_are_annotated_are_good() -> None:
    parts = {"train": counted(AnnotationCounts(), [ANNA, NOBODY])}
    assert check_docs(parts) == []
    assert levels(check_annotation(parts)) == [("good", "annotation")]
    found = check_docs_without_entities(parts)
    assert found[0].message == "Annotated Docs that have no entities: 1 of 2 in train (50 %)"


def test_a_doc_that_is_not_annotated_is_not_one_without_entities() -> None:
    parts = {"train": counted(AnnotationCounts(), [ANNA, NOBODY, unannotated("Boris sleeps")])}
    finding = check_annotation(parts)[0]
    assert finding.level == "warn"
    assert finding.message.startswith(
        "1 of 3 Docs of train are not annotated with entities: 33 % of the tokens"
    )
    assert "doc.set_ents([])" in finding.advice
    assert "1 of 2 in train" in check_docs_without_entities(parts)[0].message


def test_a_part_without_any_annotation_fails() -> None:
    parts = {
        "train": counted(AnnotationCounts(), [ANNA]),
        "dev": counted(AnnotationCounts(), [unannotated("A B")]),
    }
    assert [(one.level, one.message) for one in check_annotation(parts)] == [
        ("fail", "No Doc of dev is annotated with entities")
    ]
    assert "dev" not in check_docs_without_entities(parts)[0].message


def test_tokens_without_annotation_are_counted() -> None:
    partly = doc("Anna sleeps well", (0, 1, "PER"))
    partly.set_ents([partly.ents[0]], missing=[partly[2:3]])
    finding = check_annotation({"train": counted(AnnotationCounts(), [partly, ANNA])})[0]
    assert finding.level == "info"
    assert finding.message.startswith("1 token of train (20 %), in 1 Doc,")


def test_empty_docs_are_told_and_empty_parts_fail() -> None:
    parts = {"train": counted(AnnotationCounts(), [ANNA, doc("")]), "dev": AnnotationCounts()}
    found = check_docs(parts)
    assert levels(found) == [("info", "docs"), ("fail", "docs")]
    assert [one.message for one in found] == [
        "train has 1 Doc without tokens, which spaCy leaves out",
        "dev has 0 Docs and no tokens",
    ]
    assert len(check_annotation(parts)) == 1
