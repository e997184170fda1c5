"""The report page as HTML."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.pages import evaluation_page
from tests.evaluation.judged import judged
from tests.pages.documents import Document
from tests.pages.reports import (
    DANGEROUS,
    PLAIN,
    docs_with_every_error,
    full_report,
    report_of,
    small_report,
    training_steps,
)

SECTIONS = [
    "scores",
    "comparison",
    "labels",
    "confusions",
    "probabilities",
    "near",
    "groups",
    "transitions",
    "training",
    "errors",
]


def sections(html: str) -> list[str]:
    return [attributes["id"] for tag, attributes in Document(html).elements if tag == "section"]


@pytest.mark.parametrize("make", [full_report, small_report])
def test_the_page_is_well_formed_and_asks_for_nothing(make: Any) -> None:
    html = evaluation_page(make())
    document = Document(html)
    assert document.problems == []
    assert len(document.ids) == len(set(document.ids))
    assert all(address.startswith("#") for address in document.addresses)
    assert {address[1:] for address in document.addresses} <= set(document.ids)
    assert not re.findall(r"@import|url\((?!#)", html)


def test_everything_that_is_known_has_its_section_and_a_place_in_the_navigation(full: dict[str, Any]) -> None:
    html = evaluation_page(full)
    assert sections(html) == [*SECTIONS, "left-out"]
    assert [address[1:] for address in Document(html).addresses if address[1:] in sections(html)] == sections(
        html
    )
    (reason,) = [text for text in Document(html).texts if text.startswith("Sentences without an error:")]
    assert "does not tell where sentences begin" in reason


def test_what_is_not_known_is_left_out_with_the_reason() -> None:
    html = evaluation_page(small_report())
    assert sections(html) == ["scores", "labels", "confusions", "near", "groups", "errors", "left-out"]
    text = Document(html).text
    for reason in (
        "probabilities = true",
        "--train",
        "--against",
        "--log",
        "linear-chain CRF",
        "sentences begin",
    ):
        assert reason in text


def test_where_nothing_is_left_out_nothing_is_said_of_it(full: dict[str, Any]) -> None:
    report = copy.deepcopy(full)
    report["accuracy"]["sentences"] = {"share": 0.5, "right": 1, "all": 2}
    html = evaluation_page(report)
    assert sections(html) == SECTIONS
    assert "Sentences without an error" in html


def test_every_plot_has_its_numbers_beside_it(full: dict[str, Any]) -> None:
    document = Document(evaluation_page(full))
    plots = [attributes for tag, attributes in document.elements if tag == "svg" and "role" in attributes]
    assert len(plots) == 5
    assert all(one["aria-label"] for one in plots)
    values = {attributes.get("data-value") for _, attributes in document.elements}
    measured = full["probabilities"]
    for point in measured["precision_recall"]:
        assert {str(number) for number in point.values()} <= values
    assert {str(one["confidence"]) for one in measured["reliability"] if one["count"]} <= values
    for row in full["training_log"]["rows"]:
        assert {str(row["score"]), *map(str, row["losses"].values())} <= values


def test_nothing_from_models_and_data_becomes_html() -> None:
    document = Document(evaluation_page(report_of(DANGEROUS)))
    assert document.problems == []
    assert document.shape == Document(evaluation_page(report_of(PLAIN))).shape
    for text in DANGEROUS:
        assert any(text in one for one in document.texts)
        assert text.replace(" ", "\xa0") in document.text


def test_no_report_changes_what_may_run(full: dict[str, Any]) -> None:
    policies = {
        attributes["content"]
        for report in (report_of(DANGEROUS), full)
        for _, attributes in Document(evaluation_page(report)).elements
        if "http-equiv" in attributes
    }
    assert len(policies) == 1


def test_a_pipeline_without_errors_has_a_page() -> None:
    docs = docs_with_every_error()[:1]
    html = evaluation_page(small_report(docs))
    assert "No text has an error." in html
    assert "<form" not in html
    assert evaluation_page(full_report(docs)).count('data-errors="') == 0


def test_a_pipeline_that_predicts_nothing_has_a_page() -> None:
    report = small_report([judged([(0, 1, "PER")], [])])
    document = Document(evaluation_page(report))
    # Of nothing there is no share.
    assert "–" in document.texts
    assert "missed:0" in [attributes.get("data-errors") for _, attributes in document.elements]


@pytest.mark.parametrize("count", [13, 100])
def test_many_labels_have_a_page(count: int) -> None:
    labels = [f"LABEL-{number:03}" for number in range(count)]
    docs = [
        judged([(0, 1, label)], [(0, 1, other)], number=number)
        for number, (label, other) in enumerate(zip(labels, labels[1:] + labels[:1], strict=True), start=1)
    ]
    document = Document(evaluation_page(full_report(docs, labels=labels)))
    assert document.problems == []
    assert {label for label in labels if label not in document.texts} == set()
    too_many = [text for text in document.texts if text.startswith("There are too many")]
    # Of labels in the confusion matrix, and of tags in the one of transitions.
    assert len(too_many) == (2 if count == 100 else 0)


@pytest.mark.parametrize(
    "text",
    [
        "שלום עליכם עולם",
        "東京 は 首都 です",
        "\U0001f9d1\u200d\U0001f680 in \U0001f30d now",
        "one\ntwo\r\n three\t four",
        "a" * 100_000 + " b c",
    ],
    ids=["right to left", "Chinese characters", "emoji", "lines", "long"],
)
def test_texts_of_every_kind_are_shown_as_they_are(text: str) -> None:
    html = evaluation_page(small_report([judged([(0, 1, "PER")], [(1, 2, "PER")], text)]))
    document = Document(html)
    assert document.problems == []
    assert document.texts.count(text.split(" ")[0]) == 1
    scrolls = [attributes for tag, attributes in document.elements if attributes.get("class") == "lines"]
    assert [one.get("tabindex") for one in scrolls] == ["0" if len(text) > 2000 else None] * 2


def test_scores_of_the_log_are_drawn_once() -> None:
    report = full_report(components=["ner"])
    html = evaluation_page(report)
    legends = re.findall(r'<li class="line-\d">([^<]*)</li>', html)
    # `ents_f` is the score itself, and speed is none.
    assert legends == ["Precision", "Recall", "F1", "score", "ents_p", "ner"]


def test_a_log_without_scores_has_a_page() -> None:
    report = full_report()
    rows = [
        {**step._asdict(), "score": None, "scores": {}, "losses": {}} for step in training_steps(["ner"])[:1]
    ]
    report["training_log"] = {"file": str(Path("log.jsonl")), "rows": rows}
    assert Document(evaluation_page(report)).problems == []
