"""What is taken for a prediction, and what for the truth."""

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError, EvaluationError
from spacy_crf_ner.evaluation import Predictions, Temperatures, gather
from spacy_crf_ner.functional import negative_log_likelihood
from spacy_crf_ner.pipeline.annotations import PROBABILITY
from spacy_crf_ner.tags import TagSpan
from tests.evaluation import corpora
from tests.functional import oracle
from tests.pipeline import scripted
from tests.tags.sequences import SCHEMES

TEXT = "Anna Smith met Bo in Rome"
PER, LOC = TagSpan(0, 2, "PER"), TagSpan(5, 6, "LOC")


def predictions(nlp, *examples: Example) -> Predictions:
    return gather(nlp, corpora.crf_ner(nlp), examples).predict()


def outcome(found: Predictions) -> list[tuple[int, TagSpan, bool]]:
    pairs = zip(found.spans, found.correct.tolist(), strict=True)
    return [(sequence, span, right) for (sequence, span), right in pairs]


def test_predicted_entities_are_right_if_tokens_and_label_are() -> None:
    nlp = corpora.pipeline(scripted.wishes((0, 2, "PER"), (3, 4, "PER"), (5, 6, "PER")))
    found = predictions(nlp, corpora.example(nlp, TEXT, [PER, LOC]), corpora.example(nlp, TEXT, [LOC]))
    expected = [(PER, True), (TagSpan(3, 4, "PER"), False), (TagSpan(5, 6, "PER"), False)]
    first = [(0, span, right) for span, right in expected]
    assert outcome(found) == [*first, *((1, span, False) for _, span, _ in first)]
    assert found.left_out == 0


def test_predictions_on_unknown_tokens_are_left_out_and_counted() -> None:
    nlp = corpora.pipeline(scripted.wishes((0, 2, "PER"), (3, 4, "PER"), (5, 6, "LOC")))
    found = predictions(nlp, corpora.example(nlp, TEXT, [LOC], missing=((1, 2),)))
    assert outcome(found) == [(0, TagSpan(3, 4, "PER"), False), (0, LOC, True)]
    assert found.left_out == 1


def test_misaligned_annotation_is_unknown() -> None:
    nlp = corpora.pipeline(scripted.wishes((0, 2, "PER"), (5, 6, "LOC")))
    reference = Doc(
        nlp.vocab,
        words=["Anna", "Smi", "th", "met", "Bo", "in", "Rome"],
        spaces=[True, False, True, True, True, True, False],
        ents=["O", "B-PER", "O", "O", "O", "O", "B-LOC"],
    )
    doc = nlp.make_doc(TEXT)
    assert reference.text == doc.text
    found = predictions(nlp, Example(doc, reference))
    assert outcome(found) == [(0, LOC, True)]
    assert found.left_out == 1


def test_entities_that_are_there_already_are_no_predictions_unless_they_make_way() -> None:
    def examples(nlp) -> Example:
        example = corpora.example(nlp, TEXT, [PER, LOC])
        example.predicted.ents = [Span(example.predicted, *PER)]
        return example

    nlp = corpora.pipeline(scripted.wishes((5, 6, "LOC")))
    assert outcome(predictions(nlp, examples(nlp))) == [(0, LOC, True)]
    nlp = corpora.pipeline(scripted.wishes((1, 2, "LOC")), overwrite=True)
    assert outcome(predictions(nlp, examples(nlp))) == [(0, TagSpan(1, 2, "LOC"), False)]


def test_components_before_it_run_and_those_after_it_do_not() -> None:
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "Bo"}])
    corpora.add(
        nlp, scripted.component(nlp.vocab, scripted.wishes((3, 4, "LOC"), (5, 6, "LOC")), corpora.LABELS)
    )
    nlp.add_pipe("sentencizer")
    example = corpora.example(nlp, TEXT, [LOC])
    assert outcome(predictions(nlp, example)) == [(0, LOC, True)]
    assert [ent.text for ent in example.predicted.ents] == ["Bo"]
    assert not example.predicted.has_annotation("SENT_START")


def test_predictions_are_judged_without_whitespace_at_their_ends() -> None:
    nlp = corpora.pipeline(scripted.wishes((0, 3, "PER")), scheme="IO")
    text = "Anna Smith  \n met Rome"
    assert [token.is_space for token in nlp.make_doc(text)] == [False, False, True, False, False]
    found = predictions(nlp, corpora.example(nlp, text, [TagSpan(0, 2, "PER")]))
    assert outcome(found) == [(0, TagSpan(0, 3, "PER"), True)]


def test_spans_of_nothing_but_whitespace_are_no_predictions() -> None:
    nlp = corpora.pipeline(scripted.wishes((1, 2, "PER")), scheme="IO")
    found = predictions(nlp, corpora.example(nlp, "Anna  \n met", [TagSpan(0, 1, "PER")]))
    assert outcome(found) == []


def test_sentences_are_sequences_of_their_own() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    emit = scripted.wishes((1, 2, "PER"), (4, 5, "PER"))
    corpora.add(nlp, scripted.component(nlp.vocab, emit, corpora.LABELS, segments="sents"))
    text = "Meet Anna . Meet Bo ."
    examples = [corpora.example(nlp, text, [TagSpan(4, 5, "PER")]) for _ in range(2)]
    held_out = gather(nlp, corpora.crf_ner(nlp), examples, batch_size=1)
    assert held_out.owners.tolist() == [0, 0, 1, 1]
    assert held_out.starts.tolist() == [0, 3, 0, 3]
    one = TagSpan(1, 2, "PER")
    assert outcome(held_out.predict()) == [(0, one, False), (1, one, True), (2, one, False), (3, one, True)]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("temperatures", [Temperatures(), Temperatures(2.0), Temperatures(0.7, {"LOC": 2.0})])
def test_probabilities_are_those_that_the_component_writes(scheme: str, temperatures: Temperatures) -> None:
    nlp = corpora.pipeline(corpora.scores_by_text(2.0), scheme=scheme, seed=1)
    examples = corpora.sampled_examples(nlp, 20, 1.0)
    held_out = gather(nlp, corpora.crf_ner(nlp), examples, batch_size=3)
    found = held_out.predict(temperatures)
    corpora.crf_ner(nlp).cfg.update(temperature=temperatures.shared, label_temperatures=temperatures.by_label)
    docs = list(nlp.pipe(example.text for example in examples))
    written = [(index, TagSpan(e.start, e.end, e.label_)) for index, doc in enumerate(docs) for e in doc.ents]
    assert found.spans == written
    chances = [ent._.get(PROBABILITY) for doc in docs for ent in doc.ents]
    np.testing.assert_allclose(held_out.spans_of(found).probabilities(*temperatures), chances, atol=1e-5)
    gold = [set(held_out.truths[index].entities) for index in range(len(examples))]
    assert found.correct.tolist() == [span in gold[index] for index, span in found.spans]
    assert 0 < found.correct.sum() < len(found.spans)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_loss_of_the_annotation_is_that_of_all_paths_that_agree_with_it(scheme: str) -> None:
    nlp = corpora.pipeline(corpora.scores_by_text(1.0), scheme=scheme, seed=1)
    text = "Anna met Bo"
    examples = [
        corpora.example(nlp, text, [TagSpan(0, 1, "PER")]),
        corpora.example(nlp, text, [TagSpan(0, 1, "PER")], missing=((1, 3),)),
    ]
    held_out = gather(nlp, corpora.crf_ner(nlp), examples)
    problems = oracle.problems_of(held_out.potentials)
    targets = held_out.target.numpy().reshape(2, 3, -1)
    losses = [
        oracle.log_partition(problem) - oracle.log_partition(problem, target)
        for problem, target in zip(problems, targets, strict=True)
    ]
    assert held_out.annotation_loss(Temperatures()) == pytest.approx(sum(losses) / 2, rel=1e-5)
    assert targets[0].sum(1).tolist() == [1, 1, 1]
    assert targets[1].sum(1).tolist()[0] == 1 < targets[1].sum(1).tolist()[2]


def test_annotation_that_the_masks_exclude_still_has_a_loss() -> None:
    nlp = corpora.pipeline(corpora.scores_by_text(1.0))
    example = corpora.example(nlp, TEXT, [PER, TagSpan(3, 4, "EVENT")])
    example.predicted.ents = [Span(example.predicted, 0, 1, "LOC")]
    held_out = gather(nlp, corpora.crf_ner(nlp), [example])
    assert np.isfinite(held_out.annotation_loss(Temperatures()))
    # What has a label that the component does not know is outside of all that it knows.
    assert held_out.target[3].nonzero().flatten().tolist() == [0]


def test_entities_across_sentences_are_unknown_to_the_loss_and_known_to_predictions() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    emit = scripted.wishes((1, 2, "PER"))
    corpora.add(nlp, scripted.component(nlp.vocab, emit, corpora.LABELS, segments="sents"))
    held_out = gather(
        nlp, corpora.crf_ner(nlp), [corpora.example(nlp, "Meet Anna . Meet Bo .", [TagSpan(2, 4, "PER")])]
    )
    assert np.isfinite(held_out.annotation_loss(Temperatures()))
    assert held_out.target.sum(1).tolist()[0] == 1 < held_out.target.sum(1).tolist()[2]
    assert held_out.truths[0].known.all()


def test_batches_with_and_without_constraints_become_one() -> None:
    nlp = corpora.pipeline(corpora.scores_by_text(1.0))
    examples = [
        corpora.example(nlp, text, [TagSpan(0, 1, "PER")]) for text in ("Anna met", "Anna  met", "Bo")
    ]
    together = gather(nlp, corpora.crf_ner(nlp), examples)
    apart = gather(nlp, corpora.crf_ner(nlp), examples, batch_size=1)
    assert together.potentials.allowed_tags is not None
    for name in ("emissions", "lengths", "allowed_tags", "allowed_transitions", "start"):
        assert torch.equal(getattr(together.potentials, name), getattr(apart.potentials, name))
    loss = negative_log_likelihood(apart.potentials, apart.target)
    assert apart.annotation_loss(Temperatures()) == pytest.approx(float(loss.mean()), rel=1e-5)


def test_docs_without_tokens_are_passed_over() -> None:
    nlp = corpora.pipeline(scripted.wishes((0, 2, "PER")))
    empty = Example(nlp.make_doc(""), nlp.make_doc(""))
    held_out = gather(nlp, corpora.crf_ner(nlp), [empty, corpora.example(nlp, TEXT, [PER]), empty])
    assert len(held_out.truths) == 1
    assert outcome(held_out.predict()) == [(0, PER, True)]


@pytest.mark.parametrize("texts", [[], ["Nobody"], ["Nobody", "Nowhere"]])
def test_docs_without_entities_are_an_error(texts: list[str]) -> None:
    nlp = corpora.pipeline(scripted.wishes())
    examples = [corpora.example(nlp, text, []) for text in texts]
    with pytest.raises(EvaluationError, match=f"No entity is annotated in the {len(texts)} Docs"):
        gather(nlp, corpora.crf_ner(nlp), examples)


def test_a_component_without_labels_is_an_error() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("crf_ner")
    with pytest.raises(ComponentError, match="has no labels"):
        gather(nlp, corpora.crf_ner(nlp), [corpora.example(nlp, TEXT, [PER])])
