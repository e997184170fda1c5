"""The corpora of the benchmark of partial supervision: what is read, and what is left of its annotation."""

from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.wikigold_article import WIKIGOLD_ARTICLE

pytestmark = pytest.mark.usefixtures("benchmark_parts")


@pytest.fixture
def gold(wikigold_folder: Path) -> list[Any]:
    from partial_bench.wikigold import read_wikigold

    return read_wikigold(wikigold_folder).train


def known(posts: list[Any]) -> list[tuple[int, Any]]:
    return [(i, entity) for i, post in enumerate(posts) for entity in post.entities]


def spans_of(wrong: list[Any]) -> list[tuple[int, Any]]:
    return [(i, span) for i, spans in enumerate(wrong) for span in spans]


def test_sentences_are_read_with_their_article_and_entities() -> None:
    from partial_bench.wikigold import read_sentences

    read = list(
        read_sentences(WIKIGOLD_ARTICLE + WIKIGOLD_ARTICLE.replace("\n", "\r\n").removesuffix("\r\n"))
    )
    assert [article for article, _ in read] == [0, 0, 0, 1, 1, 1]
    assert [post for _, post in read[:3]] == [post for _, post in read[3:]]
    assert read[0][1].words == ("Anna", "Schmidt", "sings", "in", "Paris", ".")
    assert [post.entities for _, post in read[:3]] == [
        ((0, 2, "PER"), (4, 5, "LOC")),
        ((0, 2, "ORG"), (7, 8, "LOC"), (8, 9, "MISC")),
        (),
    ]


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        ("", []),
        ("O", []),
        ("I-A", [(0, 1, "A")]),
        ("I-A I-A O I-A", [(0, 2, "A"), (3, 4, "A")]),
        ("O I-A I-B I-B", [(1, 2, "A"), (2, 4, "B")]),
    ],
)
def test_neighbours_of_one_label_are_one_entity(tags: str, entities: list[tuple[int, int, str]]) -> None:
    from partial_bench.wikigold import io_entities

    assert list(io_entities(tags.split())) == entities


def test_a_tag_of_another_scheme_is_refused() -> None:
    from partial_bench.wikigold import io_entities

    with pytest.raises(ValueError, match=r"Token 1: expected `O` or `I-label`, found 'B-A'"):
        list(io_entities(["O", "B-A"]))


def test_articles_are_split_and_a_corpus_with_a_lost_token_is_refused(wikigold_folder: Path) -> None:
    from partial_bench.wikigold import read_wikigold

    corpus = read_wikigold(wikigold_folder, limit=5)
    assert [len(part) for part in (corpus.train, corpus.dev, corpus.test)] == [5, 5, 5]
    path = wikigold_folder / "wikigold.conll.txt"
    text = path.read_text(encoding="utf8")
    # The ninth article, which is the first of dev.
    before, after = text[: 8 * len(WIKIGOLD_ARTICLE)], text[8 * len(WIKIGOLD_ARTICLE) :]
    path.write_text(before + after.replace("day O\n", "", 1), encoding="utf8")
    with pytest.raises(ValueError, match=r"dev: expected \(6, 38, 10\) sentences, .* found \(6, 37, 10\)"):
        read_wikigold(wikigold_folder)


def test_hidden_entities_are_half_of_all_and_their_tokens_are_unknown(gold: list[Any]) -> None:
    from partial_bench.annotation import hide_entities, tokens_of

    half = hide_entities(gold, 0.5, seed=0)
    assert len(known(half)) == len(known(gold)) // 2 == 40
    assert {*known(half)} < {*known(gold)}
    for whole, post in zip(gold, half, strict=True):
        assert {*post.unknown} == tokens_of({*whole.entities} - {*post.entities})
    assert hide_entities(gold, 0.5, seed=0) == half
    assert hide_entities(gold, 0.5, seed=1) != half
    assert hide_entities(gold, 0.0, seed=0) == gold
    assert known(hide_entities(gold, 1.0, seed=0)) == []


def test_unknown_tokens_become_outside_or_all_but_entities_becomes_unknown(gold: list[Any]) -> None:
    from partial_bench.annotation import hide_entities, keep_entities_only, take_unknown_for_outside

    half = hide_entities(gold, 0.5, seed=0)
    outside, dictionary = take_unknown_for_outside(half), keep_entities_only(half)
    assert known(outside) == known(half) == known(dictionary)
    assert all(post.unknown == () for post in outside)
    sentence = keep_entities_only(gold)[0]
    assert sentence.words[:4] == ("Anna", "Schmidt", "sings", "in")
    assert sentence.unknown == (2, 3, 5)


def test_wrong_spans_are_no_entities_and_share_no_token_that_is_known(gold: list[Any]) -> None:
    from partial_bench.annotation import draw_wrong_spans, hide_entities, tokens_of

    half = hide_entities(gold, 0.5, seed=0)
    wrong = draw_wrong_spans(gold, half, share=0.5, seed=0)
    assert len(spans_of(wrong)) == 40
    assert draw_wrong_spans(gold, half, share=0.5, seed=0) == wrong
    shifted = 0
    for whole, post, spans in zip(gold, half, wrong, strict=True):
        taken = [token for start, end, _ in spans for token in range(start, end)]
        assert len(taken) == len(set(taken))
        assert all(0 <= start < end <= len(whole.words) for start, end, _ in spans)
        assert not {*taken} & tokens_of(post.entities)
        hidden = {*whole.entities} - {*post.entities}
        for start, end, label in spans:
            own = {(start - step, end - step, label) for step in (-1, 1)} & hidden
            assert not {*range(start, end)} & (tokens_of(whole.entities) - tokens_of(own))
            shifted += bool(own)
            assert own or end - start <= 3
    # A drawn span may happen to be a shifted one.
    assert shifted >= 20
    assert {label for _, (_, _, label) in spans_of(wrong)} == {"PER", "LOC", "ORG", "MISC"}


def test_too_many_wrong_spans_are_refused(gold: list[Any]) -> None:
    from partial_bench.annotation import draw_wrong_spans, hide_entities

    half = hide_entities(gold, 0.5, seed=0)
    with pytest.raises(ValueError, match="Expected room for 400 wrong spans, found"):
        draw_wrong_spans(gold, half, share=5.0, seed=0)


def test_wrong_spans_are_taken_for_entities_told_or_left_untold(gold: list[Any]) -> None:
    from partial_bench.annotation import count_annotation
    from partial_bench.systems import make_systems

    systems = make_systems(gold)
    counts = {name: count_annotation(gold, system.posts) for name, system in systems.items()}
    tokens = sum(len(post.words) for post in gold)
    assert counts["full"] == {
        "entities": 80,
        "wrong_entities": 0,
        "outside": tokens - 7 * 16,
        "wrong_outside": 0,
        "unknown": 0,
        "incorrect": 0,
    }
    assert {count["entities"] for name, count in counts.items() if name != "full"} == {40}
    assert counts["half-outside"]["wrong_outside"] == counts["half-missing"]["unknown"] > 40
    assert counts["half-dictionary"]["outside"] == 0
    gold_spans, told, untold = (systems[f"wrong-{kind}"].posts for kind in ("as-gold", "known", "untold"))
    assert (counts["wrong-as-gold"]["wrong_entities"], counts["wrong-known"]["incorrect"]) == (8, 8)
    assert counts["wrong-untold"] == counts["wrong-known"] | {"incorrect": 0}
    for as_gold, known_wrong, silent in zip(gold_spans, told, untold, strict=True):
        assert {*as_gold.entities} == {*known_wrong.entities, *known_wrong.incorrect}
        assert known_wrong.unknown == silent.unknown
        covered = {token for start, end, _ in known_wrong.incorrect for token in range(start, end)}
        assert {*silent.unknown} == {*as_gold.unknown, *covered}
    assert systems["half-dictionary"].config["loss"]["ratio"] == round(7 / 19, 2)
    assert systems["wrong-known"].config["incorrect_spans_key"] == "incorrect"


def test_examples_say_what_is_unknown_and_what_is_wrong() -> None:
    from spacy.vocab import Vocab

    from harness.corpus import Post, make_examples

    post = Post(("Anna", "sings", "in", "Paris"), ((0, 1, "PER"),), (2, 3), ((2, 4, "LOC"),))
    (example,) = make_examples(Vocab(), [post])
    assert example.get_aligned_ner() == ["U-PER", "O", None, None]
    wrong = example.reference.spans["incorrect"]
    assert [(span.start, span.end, span.label_) for span in wrong] == [(2, 4, "LOC")]
    assert list(example.predicted.ents) == []
    (plain,) = make_examples(Vocab(), [Post(("rain",), ())])
    assert "incorrect" not in plain.reference.spans
    assert plain.get_aligned_ner() == ["O"]
