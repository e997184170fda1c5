"""Examples with the scores of a teacher in place of an annotation."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError, LossError
from spacy_crf_ner.functional import PotentialsGradient
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.pipeline.lessons import Lesson, Teacher
from spacy_crf_ner.tags import TagSet
from tests.pipeline import pipelines
from tests.pipeline.pipelines import TEXTS, TRAIN, crf_ner, examples_of
from tests.tiny import entities

SCORES = ("emissions", "transitions", "start", "end")


def lesson_of(component: CRFEntityRecognizer, doc: Doc, **changes: object) -> Lesson:
    """What a component thinks of a Doc."""
    scored = component.scored([doc], own=False)
    assert scored is not None
    potentials = scored.potentials
    teacher = Teacher(component.tagset, potentials.transitions, potentials.start, potentials.end)
    allowed = None if potentials.allowed_tags is None else potentials.allowed_tags.numpy()
    lesson = Lesson(teacher, potentials.emissions.numpy(), scored.segments.lengths, allowed)
    return replace(lesson, teacher=replace(teacher, **changes))  # type: ignore[arg-type]


def taught(nlp: Language, teacher: Language, texts: Sequence[str], **changes: object) -> list[Example]:
    """Examples with lessons."""
    examples = []
    shared: Teacher | None = None
    for text in texts:
        reference = nlp.make_doc(text)
        lesson = lesson_of(crf_ner(teacher), teacher(text), **changes)
        shared = shared or lesson.teacher
        reference._.crf_lesson = replace(lesson, teacher=shared)
        examples.append(Example(nlp.make_doc(text), reference))
    return examples


def loss_of(nlp: Language, examples: list[Example]) -> tuple[float, PotentialsGradient]:
    component = crf_ner(nlp)
    scores = component.model.predict([example.predicted for example in examples])
    return component.get_loss(examples, scores)


@pytest.fixture
def untrained() -> Language:
    """A student with weights that know nothing."""
    nlp = pipelines.make_nlp()
    pipelines.initialize(nlp, examples_of(nlp), seed=5)
    crf_ner(nlp).model.get_ref("output_layer").get_param("W")[:] = 0.1
    return nlp


# Pipelines without whitespace in their texts, which is tested by itself.
FILLED = [text for text in TEXTS if text]


def test_a_student_learns_what_its_teacher_knows_without_any_annotation(
    overfitted: Language, untrained: Language
) -> None:
    optimizer = untrained.create_optimizer()
    optimizer.learn_rate = 0.02
    examples = taught(untrained, overfitted, FILLED)
    losses = [untrained.update(examples, sgd=optimizer)["crf_ner"] for _ in range(60)]
    assert losses[-1] < 0.05 * losses[0]
    assert losses[-1] >= 0
    for text in FILLED:
        own, other = untrained(text), overfitted(text)
        assert entities(own) == entities(other)
        assert np.isclose(
            [e._.crf_prob for e in own.ents], [e._.crf_prob for e in other.ents], atol=0.1
        ).all()


def test_of_itself_a_component_has_nothing_to_learn(overfitted: Language) -> None:
    loss, gradient = loss_of(overfitted, taught(overfitted, overfitted, FILLED))
    assert loss == pytest.approx(0, abs=1e-3)
    assert all(float(getattr(gradient, name).abs().max()) < 1e-4 for name in SCORES)


def test_a_mixed_batch_has_the_sum_of_both_losses(overfitted: Language, untrained: Language) -> None:
    lessons, annotated = taught(untrained, overfitted, FILLED), examples_of(untrained)
    mixed = [lessons[0], annotated[0], *lessons[1:], annotated[1]]
    first, of_lessons = loss_of(untrained, lessons)
    second, of_annotation = loss_of(untrained, annotated)
    both, gradient = loss_of(untrained, mixed)
    assert first > 0.1
    assert second > 0.1
    assert both == pytest.approx(first + second, rel=1e-5)
    for name in SCORES[1:]:
        expected = getattr(of_lessons, name) + getattr(of_annotation, name)
        torch.testing.assert_close(getattr(gradient, name), expected)
    rows = torch.split(gradient.emissions, [len(example.predicted) for example in mixed])
    order = [rows[0], *rows[2 : 1 + len(lessons)], rows[1], rows[-1]]
    expected = torch.cat([of_lessons.emissions, of_annotation.emissions])
    torch.testing.assert_close(torch.cat(order), expected)


def test_the_annotation_of_a_doc_with_a_lesson_is_not_used(overfitted: Language, untrained: Language) -> None:
    lessons = taught(untrained, overfitted, [TRAIN[0][0]])
    expected, _ = loss_of(untrained, lessons)
    (annotated,) = examples_of(untrained, [(TRAIN[0][0], ((7, 17, "UNKNOWN"),))])
    annotated.reference._.crf_lesson = lessons[0].reference._.crf_lesson
    assert loss_of(untrained, [annotated])[0] == expected


def test_weight_and_temperature_are_the_teachers(overfitted: Language, untrained: Language) -> None:
    plain, gradient = loss_of(untrained, taught(untrained, overfitted, FILLED))
    heavy, steeper = loss_of(untrained, taught(untrained, overfitted, FILLED, weight=3.0))
    assert heavy == pytest.approx(3 * plain, rel=1e-5)
    for name in SCORES:
        torch.testing.assert_close(getattr(steeper, name), 3 * getattr(gradient, name))
    soft, other = loss_of(untrained, taught(untrained, overfitted, FILLED, temperature=4.0))
    assert soft != pytest.approx(plain, rel=0.01)
    assert not torch.allclose(other.emissions, gradient.emissions)


def test_two_teachers_in_a_batch_are_two_sums(overfitted: Language, untrained: Language) -> None:
    first, second = (taught(untrained, overfitted, FILLED, weight=weight) for weight in (1.0, 2.0))
    expected = loss_of(untrained, first)[0] + loss_of(untrained, second)[0]
    assert loss_of(untrained, [*first, *second])[0] == pytest.approx(expected, rel=1e-5)


def test_sequences_are_those_of_the_teacher(overfitted: Language, untrained: Language) -> None:
    text = "I like London. Who is Shaka Khan?"
    (whole,) = taught(untrained, overfitted, [text])
    (parts,) = taught(untrained, overfitted, [text])
    lesson = parts.reference._.crf_lesson
    n_tokens = len(parts.predicted)
    parts.reference._.crf_lesson = replace(lesson, lengths=np.array([4, n_tokens - 4]))
    with_boundary, gradient = loss_of(untrained, [parts])
    assert with_boundary != pytest.approx(loss_of(untrained, [whole])[0], rel=1e-4)
    # Start and end scores count once for each sequence: expectations sum to their number, for both.
    assert float(gradient.start.abs().sum()) > 0
    docs = [untrained.make_doc(part) for part in ("I like London.", "Who is Shaka Khan?")]
    separate = []
    for doc, start in zip(docs, (0, 4), strict=True):
        emissions = lesson.emissions[start : start + len(doc)]
        doc._.crf_lesson = replace(lesson, emissions=emissions, lengths=np.array([len(doc)]))
        separate.append(Example(doc, doc))
    component = crf_ner(untrained)
    scores = component.model.predict([parts.predicted])
    split = replace(scores, lengths=torch.tensor([len(doc) for doc in docs]))
    assert component.get_loss(separate, split)[0] == pytest.approx(with_boundary, rel=1e-5)


def test_whitespace_ends_no_entity_of_teacher_or_student(overfitted: Language, untrained: Language) -> None:
    examples = taught(untrained, overfitted, ["I like  London and\n", "Berlin."])
    lesson = examples[0].reference._.crf_lesson
    assert lesson.allowed is not None
    assert not lesson.allowed.all()
    assert examples[1].reference._.crf_lesson.allowed is None
    loss, gradient = loss_of(untrained, examples)
    assert loss > 0
    space = examples[0].predicted[2]
    assert space.is_space
    # What is ruled out for both moves nothing.
    assert not gradient.emissions[2][torch.from_numpy(~lesson.allowed[2])].any()
    assert loss_of(overfitted, taught(overfitted, overfitted, ["I like  London and\n"]))[0] == pytest.approx(
        0, abs=1e-3
    )


def test_what_was_on_the_doc_of_the_teacher_is_for_the_student_to_find(overfitted: Language) -> None:
    text = "Nobody  likes Shaka"
    doc = overfitted.make_doc(text)
    doc.set_ents([doc.char_span(0, 6, label="PERSON")])
    reference = overfitted.make_doc(text)
    reference._.crf_lesson = lesson_of(crf_ner(overfitted), doc)
    example = Example(overfitted.make_doc(text), reference)
    first, _ = loss_of(overfitted, [example])
    assert first > 1
    optimizer = overfitted.resume_training()
    optimizer.learn_rate = 0.02
    for _ in range(30):
        last = overfitted.update([example], sgd=optimizer)["crf_ner"]
    assert 0 <= last < 0.1 * first
    assert entities(overfitted(text))[0] == (0, 1, "PERSON")


def test_whitespace_in_an_entity_that_was_on_the_doc_of_the_teacher_is_possible(overfitted: Language) -> None:
    text = "Nobody  likes Shaka"
    doc = overfitted.make_doc(text)
    assert doc[1].is_space
    doc.set_ents([Span(doc, 0, 2, label="PERSON")])
    reference = overfitted.make_doc(text)
    reference._.crf_lesson = lesson_of(crf_ner(overfitted), doc)
    example = Example(overfitted.make_doc(text), reference)
    optimizer = overfitted.resume_training()
    optimizer.learn_rate = 0.02
    losses = [overfitted.update([example], sgd=optimizer)["crf_ner"] for _ in range(30)]
    # Were it not, the loss would have no lower bound.
    assert 0 <= losses[-1] < 0.1 * losses[0]
    _, gradient = loss_of(overfitted, [example])
    assert float(gradient.emissions[1].abs().max()) < 0.1


def test_a_teacher_with_other_tags_is_an_error_that_names_the_settings(overfitted: Language) -> None:
    (example,) = taught(overfitted, overfitted, [TEXTS[0]])
    lesson = example.reference._.crf_lesson
    for tagset in (TagSet("BIO", ["LOC", "PERSON"]), TagSet("BILUO", ["PERSON", "LOC"])):
        example.reference._.crf_lesson = replace(lesson, teacher=replace(lesson.teacher, tagset=tagset))
        with pytest.raises(ComponentError, match=r"teacher has BI.*labels` to the teacher's, in its order"):
            loss_of(overfitted, [example])


def test_a_teacher_with_other_tokens_is_an_error(overfitted: Language) -> None:
    (example,) = taught(overfitted, overfitted, [TEXTS[0]])
    words = ["I", "like", "London", "and", "Berlin."]
    other = Example(Doc(overfitted.vocab, words=words), example.reference)
    with pytest.raises(
        ComponentError, match=r"of 'I like London.*made 6 tokens, and this pipeline 5.*tokenizer"
    ):
        loss_of(overfitted, [other])


def test_scores_that_are_no_numbers_are_an_error(overfitted: Language) -> None:
    examples = taught(overfitted, overfitted, [TEXTS[0]])
    crf_ner(overfitted).model.get_ref("output_layer").get_param("b").fill(np.nan)
    with pytest.raises(LossError, match=r"'crf_ner': the loss is not finite.*learn_rate"):
        loss_of(overfitted, examples)


def test_a_lesson_that_allows_nothing_is_an_error(overfitted: Language) -> None:
    (example,) = taught(overfitted, overfitted, [TEXTS[0]])
    lesson = example.reference._.crf_lesson
    allowed = np.zeros(lesson.emissions.shape, dtype=bool)
    example.reference._.crf_lesson = replace(lesson, allowed=allowed)
    with pytest.raises(
        ComponentError, match="cannot learn from the reference Docs of a batch: No allowed path"
    ):
        loss_of(overfitted, [example])


def test_a_loss_of_single_tokens_learns_single_tokens(overfitted: Language) -> None:
    nlp = pipelines.make_nlp(loss="cross_entropy")
    pipelines.initialize(nlp, examples_of(nlp))
    loss, gradient = loss_of(nlp, taught(nlp, overfitted, FILLED))
    assert loss > 0.1
    assert gradient.emissions.any()
    assert not gradient.transitions.any()


def test_docs_without_tokens_teach_nothing(overfitted: Language) -> None:
    (filled,) = taught(overfitted, overfitted, [TEXTS[0]])
    empty = overfitted.make_doc("")
    lesson = filled.reference._.crf_lesson
    empty._.crf_lesson = replace(lesson, emissions=lesson.emissions[:0], lengths=np.array([0]))
    assert loss_of(overfitted, [Example(overfitted.make_doc(""), empty), filled])[0] == pytest.approx(
        0, abs=1e-3
    )
