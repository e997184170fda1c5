"""Schemes: which tags there are, in which order, and which may follow which."""

import numpy as np
import pytest
from hypothesis import given, settings

from spacy_crf_ner.tags import TagSet, TagSpan, extend, spans_to_tags
from tests.tags.sequences import AWKWARD_LABELS, SCHEMES, tagsets

TAGS = {
    "BILUO": ("O", "B-PER", "I-PER", "L-PER", "U-PER", "B-ORG", "I-ORG", "L-ORG", "U-ORG"),
    "BIO": ("O", "B-PER", "I-PER", "B-ORG", "I-ORG"),
    "IO": ("O", "I-PER", "I-ORG"),
}
# What follows each prefix: within the same label, and across to O or another label (or the same one anew).
INSIDE = {"BILUO": {"B": "IL", "I": "IL"}, "BIO": {"B": "I", "I": "I"}, "IO": {"I": "I"}}
MUST_CONTINUE = {"BILUO": "BI", "BIO": "", "IO": ""}
OPENING = {"BILUO": "BU", "BIO": "B", "IO": "I"}


def may_follow(scheme: str, tag: str, following: str) -> bool:
    """The rules in words of tag names, for labels without dashes."""
    prefix, _, label = tag.partition("-")
    next_prefix, _, next_label = following.partition("-")
    continues = label == next_label and next_prefix in INSIDE[scheme].get(prefix, "")
    if prefix in MUST_CONTINUE[scheme]:
        return continues
    return continues or next_prefix == "O" or next_prefix in OPENING[scheme]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tags_are_named_and_ordered_by_label_then_prefix(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    assert tagset.scheme == scheme
    assert tagset.labels == ("PER", "ORG")
    assert tagset.tags == TAGS[scheme]
    assert tagset.n_tags == len(TAGS[scheme])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_transitions_follow_the_rules_of_the_scheme(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    expected = [[may_follow(scheme, tag, following) for following in TAGS[scheme]] for tag in TAGS[scheme]]
    assert tagset.allowed_transitions.dtype == bool
    np.testing.assert_array_equal(tagset.allowed_transitions, expected)


@pytest.mark.parametrize(
    ("scheme", "moves"),
    [
        ("BILUO", "O>O O>B O>U B>I B>L I>I I>L L>O L>B L>U U>O U>B U>U"),
        ("BIO", "O>O O>B B>O B>B B>I I>O I>B I>I"),
        ("IO", "O>O O>I I>O I>I"),
    ],
)
def test_transitions_of_one_label_are_these(scheme: str, moves: str) -> None:
    tagset = TagSet(scheme, ["PER"])
    prefixes = [tag[0] for tag in tagset.tags]
    allowed = {f"{prefixes[i]}>{prefixes[j]}" for i, j in np.argwhere(tagset.allowed_transitions).tolist()}
    assert allowed == set(moves.split())


@pytest.mark.parametrize(
    ("scheme", "start", "end"), [("BILUO", "OBU", "OLU"), ("BIO", "OB", "OBI"), ("IO", "OI", "OI")]
)
def test_sequences_start_and_end_outside_of_an_unfinished_entity(scheme: str, start: str, end: str) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    assert tagset.allowed_start.dtype == tagset.allowed_end.dtype == bool
    assert tagset.allowed_start.tolist() == [tag[0] in start for tag in tagset.tags]
    assert tagset.allowed_end.tolist() == [tag[0] in end for tag in tagset.tags]


@pytest.mark.parametrize("label", AWKWARD_LABELS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_label_is_never_read_out_of_a_tag_name(scheme: str, label: str) -> None:
    plain, tagset = TagSet(scheme, ["PER", "ORG"]), TagSet(scheme, [label, "ORG"])
    assert tagset.tags[1 : 1 + len(tagset.tags) // 2] == tuple(f"{p}-{label}" for p in scheme if p != "O")
    np.testing.assert_array_equal(tagset.allowed_transitions, plain.allowed_transitions)
    np.testing.assert_array_equal(tagset.allowed_start, plain.allowed_start)
    np.testing.assert_array_equal(tagset.allowed_end, plain.allowed_end)


def test_labels_that_look_like_each_others_tags_stay_apart() -> None:
    tagset = TagSet("BIO", ["PER", "B-PER", "I-PER", "O"])
    assert len(set(tagset.tags)) == tagset.n_tags == 9
    assert not tagset.allowed_transitions[tagset.tag_id("B", "PER"), tagset.tag_id("I", "B-PER")]
    assert not tagset.allowed_transitions[tagset.tag_id("B", "B-PER"), tagset.tag_id("I", "PER")]
    assert tagset.allowed_transitions[tagset.tag_id("B", "B-PER"), tagset.tag_id("I", "B-PER")]


@settings(deadline=None, max_examples=50)
@given(tagsets())
def test_the_id_of_a_tag_is_its_place_among_the_tags(tagset: TagSet) -> None:
    assert tagset.tags[0] == "O"
    ids = [
        tagset.tag_id(prefix, label) for label in tagset.labels for prefix in tagset.scheme if prefix != "O"
    ]
    assert ids == list(range(1, tagset.n_tags))
    assert [tagset.tags[i][2:] for i in ids] == [label for label in tagset.labels for _ in tagset.scheme[1:]]


@settings(deadline=None, max_examples=50)
@given(tagsets())
def test_every_tag_can_be_reached_and_left(tagset: TagSet) -> None:
    moves = tagset.allowed_transitions
    assert (tagset.allowed_start | moves.any(0)).all()
    assert (tagset.allowed_end | moves.any(1)).all()
    assert tagset.allowed_start[0]
    assert tagset.allowed_end[0]


@settings(deadline=None, max_examples=50)
@given(tagsets(max_labels=3))
def test_a_label_that_is_appended_leaves_the_earlier_tags_as_they_were(tagset: TagSet) -> None:
    longer = TagSet(tagset.scheme, (*tagset.labels, "another label"))
    n_tags = tagset.n_tags
    assert longer.tags[:n_tags] == tagset.tags
    np.testing.assert_array_equal(longer.allowed_transitions[:n_tags, :n_tags], tagset.allowed_transitions)


@pytest.mark.parametrize("scheme", ["biluo", "BILOU", "IOB", "", "BIOES"])
def test_an_unknown_scheme_is_refused_by_name_and_the_known_ones_are_listed(scheme: str) -> None:
    with pytest.raises(ValueError, match=rf"(?s)(?=.*'{scheme}')(?=.*BILUO)(?=.*BIO)(?=.*IO)"):
        TagSet(scheme, ["PER"])


@pytest.mark.parametrize("labels", [["PER", "ORG", "PER"], ["a b", "a b"]])
def test_repeated_labels_are_refused_by_name(labels: list[str]) -> None:
    with pytest.raises(ValueError, match=labels[0]):
        TagSet("BIO", labels)


def test_labels_that_differ_in_case_or_dashes_only_are_different() -> None:
    assert TagSet("IO", ["per", "PER", "B-PER", "BPER"]).n_tags == 5


def test_an_empty_label_is_refused() -> None:
    with pytest.raises(ValueError, match="''"):
        TagSet("BIO", ["PER", ""])


@pytest.mark.parametrize("label", [3, None, b"PER"])
def test_a_label_that_is_no_string_is_refused(label: object) -> None:
    with pytest.raises((ValueError, TypeError), match=str(label)):
        TagSet("BIO", ["PER", label])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("prefix", "label", "shown"), [("L", "PER", "'L'"), ("B", "ORG", "'ORG'"), ("", "PER", "''")]
)
def test_a_tag_that_does_not_exist_has_no_id(prefix: str, label: str, shown: str) -> None:
    with pytest.raises((ValueError, KeyError), match=shown):
        TagSet("BIO", ["PER"]).tag_id(prefix, label)


def test_tag_sets_are_equal_by_scheme_and_labels() -> None:
    tagset = TagSet("BIO", ["PER", "ORG"])
    assert tagset == TagSet("BIO", ("PER", "ORG"))
    assert hash(tagset) == hash(TagSet("BIO", ("PER", "ORG")))
    assert tagset != TagSet("IO", ["PER", "ORG"])
    assert tagset != TagSet("BIO", ["ORG", "PER"])
    assert tagset != TagSet("BIO", ["PER"])
    assert tagset != ("BIO", ("PER", "ORG"))


def test_a_tag_set_cannot_be_changed_through_what_it_gives_away() -> None:
    labels = ["PER"]
    tagset, untouched = TagSet("BILUO", labels), TagSet("BILUO", ["PER"])
    labels.append("ORG")
    for name in ("allowed_transitions", "allowed_start", "allowed_end"):
        try:
            getattr(tagset, name)[...] = True
        except ValueError:
            continue  # read-only is as good as a copy
        finally:
            np.testing.assert_array_equal(getattr(tagset, name), getattr(untouched, name))
    assert tagset == untouched


def test_a_tag_set_is_a_key_and_survives_use() -> None:
    tagset = TagSet("BIO", ["PER"])
    known = {tagset: 1}
    spans_to_tags(tagset, [TagSpan(0, 1, "PER")], 2)
    assert known[TagSet("BIO", ["PER"])] == 1


def test_extending_appends_what_is_new_and_keeps_the_order() -> None:
    tagset = TagSet("BIO", ["PER", "ORG"])
    assert extend(tagset, ["LOC", "PER", "a b", "LOC"]) == TagSet("BIO", ["PER", "ORG", "LOC", "a b"])
    assert extend(tagset, ["ORG"]) == tagset
    with pytest.raises(ValueError, match="''"):
        extend(tagset, [""])


@settings(deadline=None, max_examples=30)
@given(tagsets())
def test_a_tag_comes_apart_into_the_prefix_and_label_that_made_it(tagset: TagSet) -> None:
    assert tagset.parts(0) == ("O", "")
    for tag in range(1, tagset.n_tags):
        assert tagset.tag_id(*tagset.parts(tag)) == tag
