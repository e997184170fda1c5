"""Input that would be taken for something else without a word."""

import pytest

from spacy_crf_ner.errors import TagError
from spacy_crf_ner.tags import TagSet, TagSpan, allowed_tags, span_paths


@pytest.mark.parametrize("scheme", ["BILUO", "BIO", "IO"])
class TestEachScheme:
    def test_a_string_is_no_list_of_labels(self, scheme: str) -> None:
        with pytest.raises(TagError, match=r"sequence of labels, but got the string 'PER'"):
            TagSet(scheme, "PER")

    def test_a_span_without_tokens_has_no_path(self, scheme: str) -> None:
        with pytest.raises(TagError, match=r"\(2, 2, 'PER'\) holds no tokens"):
            span_paths(TagSet(scheme, ["PER"]), [(0, TagSpan(2, 2, "PER"))])

    @pytest.mark.parametrize("position", [-1, 3])
    def test_tokens_outside_of_entities_lie_in_the_sequence(self, scheme: str, position: int) -> None:
        with pytest.raises(TagError, match=f"between 0 and 2, but got {position}"):
            allowed_tags(TagSet(scheme, ["PER"]), 3, outside=[position])

    def test_whitespace_is_said_of_every_token(self, scheme: str) -> None:
        with pytest.raises(TagError, match="each of 3 tokens, but got 2"):
            allowed_tags(TagSet(scheme, ["PER"]), 3, is_space=[True, False])
