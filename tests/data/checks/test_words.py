"""Words that train does not have, or that are broken."""

import pytest

from spacy_crf_ner.data.checks.words import WordCounts, check_characters, check_unseen_words
from tests.data.checks.made import VOCAB, counted, doc, levels


def words(text: str) -> WordCounts:
    return counted(WordCounts(lambda orth: VOCAB.strings[orth]), [doc(text)])


@pytest.mark.parametrize(
    ("text", "share", "level"), [("a b c x", "25 %", "info"), ("a b x y", "50 %", "warn")]
)
def test_tokens_that_train_does_not_have_are_counted(text: str, share: str, level: str) -> None:
    found = check_unseen_words({"train": words("a b c"), "dev": words(text)})
    assert [(one.level, one.message) for one in found] == [
        (level, f"{share} of the tokens of dev are not in train")
    ]


def test_there_is_nothing_to_compare_without_a_second_part() -> None:
    assert check_unseen_words({"train": words("a")}) == []
    assert check_unseen_words({"train": words(""), "dev": words("a")}) == []


@pytest.mark.parametrize("word", ["caf\ufffd", "a\x00b", "bell\x07", "cafÃ©", "itâ€™s", "\x92s", "20Â°"])
def test_broken_characters_are_found(word: str) -> None:
    found = check_characters({"train": words(f"{word} and {word}")})
    assert levels(found) == [("warn", "broken-characters")]
    assert found[0].message.startswith("2 tokens of train with control characters")
    assert found[0].examples == (f"{word!r}: 2",)


def test_invisible_characters_and_html_are_told() -> None:
    found = check_characters({"train": words("Dubbz\ufeff and &amp; x.&quot;"), "dev": words("fine")})
    assert levels(found) == [
        ("good", "broken-characters"),
        ("info", "invisible-characters"),
        ("info", "html"),
    ]
    assert found[1].examples == ("'Dubbz\\ufeff'",)
    assert found[2].examples == ("'&amp;'", "'&quot;'")


@pytest.mark.parametrize("text", ["Ünïcödé 東京 ﷽ São 👩‍👧 naïve", "a \n b \t \x85", "AT&T R&D; SÃO"])
def test_scripts_emoji_whitespace_and_ampersands_are_good(text: str) -> None:
    assert levels(check_characters({"train": words(text)})) == [("good", "broken-characters")]
