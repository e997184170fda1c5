"""The ways of writing a tag, and the names of schemes."""

import pytest

from spacy_crf_ner.data.tag_schemes import Tagging, scheme_named, split_tag
from spacy_crf_ner.errors import DataError


@pytest.mark.parametrize(
    ("tag", "notation", "parts"),
    [
        ("B-PER", "prefix", ("B", "PER")),
        ("i_creative-work", "prefix", ("I", "creative-work")),
        ("B-", "prefix", None),
        ("PER", "prefix", None),
        ("X-PER", "prefix", None),
        ("GPE-NAM-B", "suffix", ("B", "GPE-NAM")),
        ("PER-b", "suffix", None),
        ("W", "letter", ("W", "ENTITY")),
        ("X", "letter", None),
        ("B-cell", "bare", ("I", "B-cell")),
    ],
)
def test_tags_have_a_letter_and_a_label(tag: str, notation: str, parts: tuple[str, str] | None) -> None:
    assert split_tag(tag, notation) == parts


@pytest.mark.parametrize("notation", ["prefix", "suffix", "letter", "bare"])
def test_what_is_outside_or_unknown_has_no_parts(notation: str) -> None:
    assert [Tagging("IOB2", notation).parts(tag) for tag in ("O", "-", "?", "_")] == [None] * 4


def test_schemes_go_by_several_names() -> None:
    names = ("bio", "IOBES", "BILUO", "BMEO", "iob1", "Bare")
    assert [scheme_named(name) for name in names] == ["IOB2", "BIOES", "BILOU", "BMES", "IOB1", "BARE"]
    with pytest.raises(DataError, match=r"`--scheme` to be one of .*IOB1, IOB2, IOBES, got 'iob'\."):
        scheme_named("iob")
