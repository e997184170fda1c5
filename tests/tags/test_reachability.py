"""Where a sequence runs out of tags, against all sequences of tags."""

import numpy as np
import pytest

from spacy_crf_ner.errors import TagError
from spacy_crf_ner.tags import TagSet, first_dead_end
from tests.tags.sequences import SCHEMES, allowed_sequences


def reached_tokens(tagset: TagSet, allowed: np.ndarray) -> int:
    """How many tokens the longest allowed beginning of a sequence has, by trying all."""
    length = len(allowed)
    paths = np.array(list(np.ndindex(*[tagset.n_tags] * length)), dtype="int64").reshape(-1, length)
    good = np.ones(len(paths), dtype=bool)
    reached = 0
    for position in range(length):
        here = paths[:, position]
        good &= allowed[position, here]
        good &= (
            tagset.allowed_transitions[paths[:, position - 1], here]
            if position
            else tagset.allowed_start[here]
        )
        if good.any():
            reached = position + 1
    return reached


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4])
def test_it_is_the_first_token_that_no_sequence_reaches(scheme: str, length: int) -> None:
    tagset = TagSet(scheme, ["A", "B"][: 1 if length == 4 else 2])
    generator = np.random.default_rng(length)
    found = []
    for _ in range(100):
        allowed = generator.random((length, tagset.n_tags)) < 0.25
        position = first_dead_end(tagset, allowed)
        found.append(position)
        if allowed_sequences(tagset, length, allowed):
            assert position is None
        else:
            assert position == min(reached_tokens(tagset, allowed), length - 1)
    # Chance has given every answer that there is, but for an empty sequence.
    assert set(found) == ({None, *range(length)} if length else {None})


def test_a_sequence_that_cannot_end_is_dead_at_its_last_token() -> None:
    tagset = TagSet("BILUO", ["A"])
    allowed = np.zeros((3, tagset.n_tags), dtype=bool)
    allowed[0, tagset.tag_id("B", "A")] = True
    allowed[1:, tagset.tag_id("I", "A")] = True
    assert first_dead_end(tagset, allowed) == 2


@pytest.mark.parametrize("shape", [(4,), (2, 4), (1, 2, 3)])
def test_a_mask_of_another_shape_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(TagError, match=r"\(n_tokens, 3\).*got \("):
        first_dead_end(TagSet("BIO", ["A"]), np.ones(shape, dtype=bool))
