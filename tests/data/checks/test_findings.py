"""What a check says."""

import pytest

from spacy_crf_ner.data.checks.findings import Cases, count, listed, most_frequent, percent, printable, shown


def test_of_many_cases_the_worthiest_examples_are_kept_and_all_are_counted() -> None:
    cases = Cases()
    for number in range(20):
        cases.add(f"example {number}", worth=number % 7)
    assert cases.n == 20
    assert cases.examples == ("example 6", "example 13", "example 5", "example 12", "example 19")


def test_of_equal_cases_the_first_are_kept() -> None:
    cases = Cases()
    for number in range(8):
        cases.add(str(number))
    assert cases.examples == ("0", "1", "2", "3", "4")


@pytest.mark.parametrize(
    ("n", "of", "text"),
    [(0, 9, "0 %"), (1, 9999, "< 0.1 %"), (1, 30, "3.3 %"), (1, 3, "33 %"), (3, 3, "100 %")],
)
def test_a_share_is_never_0_unless_it_is(n: int, of: int, text: str) -> None:
    assert percent(n, of) == text


def test_texts_of_others_do_not_reach_the_terminal_as_they_are() -> None:
    assert shown("\x1b[2J\n" + "a" * 90) == repr("\x1b[2J\n" + "a" * 55 + "...")
    assert printable("PER\x1b[2J") == "PER\\x1b[2J"
    assert printable("人名 É") == "人名 É"


def test_numbers_and_lists_read_like_sentences() -> None:
    assert (count(1, "Doc"), count(1200, "Doc"), count(0, "entity", "entities")) == (
        "1 Doc",
        "1,200 Docs",
        "0 entities",
    )
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert most_frequent([("a", 1), ("b", 1200), ("c", 2)], 2) == ("b: 1,200", "c: 2")
