"""Tags that look better and are forbidden: every constraint is named as the reason, by type and in words."""

from __future__ import annotations

import pytest
from spacy.tokens import Span

from spacy_crf_ner.pipeline.explanation import ExplainedToken, Explanation
from spacy_crf_ner.tags import TagSpan
from tests.pipeline.cases import LABELS, VOCAB, cut_doc, doc_of, preset_doc
from tests.pipeline.explained import emitting, only_outside
from tests.pipeline.scripted import component, wishes
from tests.tags.sequences import SCHEMES


def forbidden(found: Explanation, position: int, tag: str) -> tuple[str, str]:
    """Kind and sentence of a forbidden tag of a token."""
    token: ExplainedToken = found.tokens[position]
    (one,) = (one for one in token.forbidden if found.tags[one.tag] == tag)
    return one.kind, one.sentence


def test_the_scheme_is_named_with_the_neighbour() -> None:
    crf = component(VOCAB, emitting({0: {"L-A": 2.0}, 1: {"I-A": 2.31}, 3: {"B-B": 3.0}}), LABELS)
    found = crf.explain(doc_of())
    assert found.chosen.spans == ()
    assert forbidden(found, 0, "L-A") == (
        "scheme",
        '"a": L-A scored higher than O (2.00 against 1.00), but the scheme BILUO forbids L-A as the first tag.',
    )
    assert forbidden(found, 1, "I-A") == (
        "scheme",
        '"b": I-A scored higher than O (2.31 against 1.00), but the scheme BILUO forbids I-A after O.',
    )
    assert forbidden(found, 3, "B-B") == (
        "scheme",
        '"d": B-B scored higher than O (3.00 against 1.00), but the scheme BILUO forbids B-B as the last tag.',
    )


def test_the_next_token_may_be_the_reason() -> None:
    crf = component(VOCAB, emitting({1: {"B-A": 2.0}}), LABELS, blocked_spans_key="no")
    doc = doc_of()
    assert forbidden(crf.explain(doc), 1, "B-A")[1].endswith("the scheme BILUO forbids B-A before O.")
    doc.spans["no"] = [doc[2:3]]
    kind, sentence = forbidden(crf.explain(doc), 1, "B-A")
    assert kind == "scheme"
    assert sentence.endswith('forbids B-A before O, the only tag that "c" may have.')


def test_a_tag_may_be_better_only_in_the_company_of_its_neighbours() -> None:
    # Alone, "O" is the best tag of the second token; between its neighbours, it would be "I-A".
    scores = {0: {"B-A": 2.0}, 1: {"I-A": 0.9}}
    crf = component(VOCAB, emitting(scores), LABELS, "BIO", constraint=only_outside(1))
    transitions = crf.model.get_ref("crf").get_param("transitions").copy()
    transitions[1, 2] = 3.0
    crf.model.get_ref("crf").set_param("transitions", transitions)
    found = crf.explain(doc_of())
    kind, sentence = forbidden(found, 1, "I-A")
    free = found.free_marginals[1]
    assert sentence == (
        f'"b": I-A would be more probable without constraints than O ({free[2]:.2f} against {free[0]:.2f}), but '
        "`[components.crf_ner] constraint` forbids it for this token."
    )
    assert kind == "constraint"


def test_a_constraint_of_the_user_is_named() -> None:
    crf = component(VOCAB, wishes((0, 1, "A"), (2, 3, "A")), LABELS, constraint=only_outside(2))
    found = crf.explain(doc_of())
    assert found.chosen.spans == (TagSpan(0, 1, "A"),)
    assert forbidden(found, 2, "U-A") == (
        "constraint",
        (
            '"c": U-A scored higher than O (5.00 against 0.00), but `[components.crf_ner] constraint` forbids it '
            "for this token."
        ),
    )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_entities_on_the_doc_are_named(scheme: str) -> None:
    tag = "U-A" if scheme == "BILUO" else "I-A"
    crf = component(VOCAB, emitting({1: {tag: 5.0}, 3: {tag: 5.0}}), LABELS, scheme)
    found = crf.explain(preset_doc())
    kind, sentence = forbidden(found, 1, tag)
    assert (kind, sentence.endswith('but the Doc holds "b" as B.')) == ("entity", True)
    kind, sentence = forbidden(found, 3, tag)
    assert (kind, sentence.endswith('but the Doc holds "d" as UNKNOWN.')) == ("entity", True)
    assert [(one.span, one.state) for one in found.entities] == [
        (TagSpan(1, 2, "B"), "given"),
        (TagSpan(3, 4, "UNKNOWN"), "given"),
    ]


@pytest.mark.parametrize(("scheme", "position"), [("BIO", 3), ("IO", 3), ("IO", 0)])
def test_an_entity_on_the_doc_may_not_be_carried_on(scheme: str, position: int) -> None:
    crf = component(VOCAB, emitting({position: {"I-B": 5.0}}), LABELS, scheme)
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 3, "B")])
    kind, sentence = forbidden(crf.explain(doc), position, "I-B")
    assert kind == "entity"
    assert sentence.endswith('but it would carry on "b c", which the Doc holds as B.')


def test_blocked_tokens_and_blocked_spans_are_named() -> None:
    crf = component(VOCAB, wishes((0, 1, "A"), (2, 3, "A")), LABELS, blocked_spans_key="no")
    doc = doc_of()
    doc.set_ents([], blocked=[doc[0:1]], default="missing")
    doc.spans["no"] = [doc[2:4]]
    found = crf.explain(doc)
    kind, sentence = forbidden(found, 0, "U-A")
    assert kind == "blocked_token"
    assert sentence.endswith("but the Doc says that this token is in no entity (`set_ents(blocked=...)`).")
    kind, sentence = forbidden(found, 2, "U-A")
    assert kind == "blocked_span"
    assert sentence.endswith(
        'but this token is in a span of `doc.spans["no"]`, which says that it is in no entity.'
    )


def test_whitespace_is_named() -> None:
    crf = component(VOCAB, wishes((1, 2, "A")), LABELS)
    kind, sentence = forbidden(crf.explain(doc_of(["a", "\n", "c"])), 1, "U-A")
    assert kind == "whitespace"
    assert sentence == (
        r'"\n": U-A scored higher than O (5.00 against 0.00), but no entity begins or ends with whitespace.'
    )


def test_boundaries_of_sentences_are_named() -> None:
    crf = component(VOCAB, wishes((1, 3, "A"), strength=2.0), LABELS, segments="sents")
    found = crf.explain(cut_doc())
    assert [(token.opens, token.closes) for token in found.tokens] == [(True, False), (False, True)] * 2
    assert forbidden(found, 1, "B-A") == (
        "segments",
        (
            '"b": B-A scored higher than O (2.00 against 0.00), but the sentence ends here, and no entity crosses '
            'that (`segments = "sents"`).'
        ),
    )
    kind, sentence = forbidden(found, 2, "L-A")
    assert kind == "segments"
    assert "but a sentence begins here, and no entity crosses that" in sentence
