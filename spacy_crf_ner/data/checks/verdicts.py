"""All checks, in the order in which they are shown, and their result for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .annotation import check_annotation, check_docs, check_docs_without_entities
from .boundaries import check_punctuation, check_whitespace
from .drift import check_label_drift
from .findings import Finding
from .incorrect_spans import check_incorrect_spans
from .labels import check_agreement, check_entities, check_frequencies, check_spellings
from .lengths import check_doc_lengths, check_entity_lengths, check_length_drift, quantile
from .mentions import check_consistency, check_unseen_entities
from .neighbours import check_neighbours
from .reading import check_reading
from .sentences import check_crossing, check_sentences
from .survey import Part, Pipeline, Survey
from .texts import check_leaks, check_repeated
from .tokenization import check_tokenization
from .word_pieces import check_pieces
from .words import check_characters, check_unseen_words


def check_all(found: Survey, pipeline: Pipeline) -> dict[str, list[Finding]]:
    """Check a corpus.

    found (Survey): Its counts.
    pipeline (Pipeline): What it is checked against.
    RETURNS (dict[str, list[Finding]]): Verdicts by heading.
    """
    annotation = found.each(lambda part: part.annotation)
    labels = found.each(lambda part: part.labels)
    mentions = found.each(lambda part: part.mentions)
    words = found.each(lambda part: part.words)
    lengths = found.each(lambda part: part.lengths)
    boundaries = found.each(lambda part: part.boundaries)
    sentences = found.each(lambda part: part.sentences)
    return {
        "Annotation": [
            *check_docs(annotation),
            *check_annotation(annotation),
            *check_docs_without_entities(annotation),
        ],
        "Labels": [
            *check_entities(labels),
            *check_frequencies(labels),
            *check_agreement(labels),
            *check_spellings(labels),
            *check_consistency(mentions),
        ],
        "Entities": [
            *check_whitespace(boundaries),
            *check_punctuation(boundaries),
            *check_entity_lengths(lengths),
            *check_neighbours(found.each(lambda part: part.neighbours), pipeline.scheme),
            *check_crossing(sentences, pipeline.segments),
            *check_incorrect_spans(found.each(lambda part: part.incorrect_spans)),
        ],
        "Docs and tokens": [
            *check_sentences(sentences, pipeline.segments, sets=pipeline.sentences),
            *check_doc_lengths(lengths),
            *check_reading(found.each(lambda part: part.reading)),
            *check_pieces(found.each(lambda part: part.pieces)),
            *check_tokenization(found.each(lambda part: part.tokenization)),
            *check_characters(words),
        ],
        "Texts that are there twice": [*check_repeated(found.texts), *check_leaks(found.texts)],
        "Differences between the parts": [
            *check_label_drift(labels),
            *check_unseen_entities(mentions),
            *check_unseen_words(words),
            *check_length_drift(lengths),
        ],
    }


def as_dict(found: Survey, pipeline: Pipeline, verdicts: Mapping[str, Sequence[Finding]]) -> dict[str, Any]:
    """Counts and verdicts as JSON can hold them.

    found (Survey): The counts.
    pipeline (Pipeline): What the corpus was checked against.
    verdicts (Mapping[str, Sequence[Finding]]): From `check_all`.
    RETURNS (dict[str, Any]): "settings", "parts" and "findings".
    """
    return {
        "settings": {
            "scheme": pipeline.scheme,
            "segments": pipeline.segments,
            "tokenizer": pipeline.tokenizer is not None,
            "encoder": pipeline.pieces.name if pipeline.pieces is not None else None,
        },
        "parts": {name: _part_as_dict(part) for name, part in found.parts.items()},
        "findings": [
            {"section": section, **finding._asdict()}
            for section, findings in verdicts.items()
            for finding in findings
        ],
    }


def _part_as_dict(part: Part) -> dict[str, Any]:
    counts, docs = part.annotation, part.lengths.docs
    return {
        "path": str(part.path),
        "docs": counts.docs,
        "docs_without_tokens": counts.empty,
        "docs_without_annotation": counts.unannotated,
        "docs_without_entities": counts.without_entities,
        "tokens": counts.tokens,
        "tokens_without_annotation": counts.unknown_tokens,
        "tokens_of_the_median_doc": quantile(docs, 0.5) if docs else None,
        "tokens_of_the_longest_doc": max(docs, default=None),
        "entities": part.labels.entities.total(),
        "labels": dict(sorted(part.labels.entities.items())),
        "entity_lengths": {str(length): n for length, n in sorted(part.lengths.entities.items())},
    }
