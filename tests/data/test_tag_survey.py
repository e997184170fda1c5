"""Finding the scheme of a file from its tags."""

from pathlib import Path

import pytest

from spacy_crf_ner.data.tag_schemes import Tagging
from spacy_crf_ner.data.tag_survey import MAX_BARE_LABELS, TagSurvey, find_tagging
from spacy_crf_ner.errors import DataError

PATH = Path("some.conll")


def survey_of(*sentences: str) -> TagSurvey:
    """The tags of sentences, separated by spaces, in a file with a token on each line."""
    survey, line = TagSurvey(), 1
    for sentence in sentences:
        tags = sentence.split()
        survey.add(tags, range(line, line + len(tags)))
        line += len(tags) + 1
    return survey


@pytest.mark.parametrize(
    ("sentences", "scheme", "notation"),
    [
        (["B-X I-X O B-X B-Y"], "IOB2", "prefix"),
        (["B-X O"], "IOB2", "prefix"),
        (["B_X I_X O"], "IOB2", "prefix"),
        (["b-x i-x O"], "IOB2", "prefix"),
        # Between neighbours of one label alone, B is as IOB1 has it.
        (["I-X I-X B-X O", "I-Y I-X O"], "IOB1", "prefix"),
        (["I-X B-X B-X B-X"], "IOB1", "prefix"),
        # More entities begin with B than with I: these are errors.
        (["B-X I-X O B-Y", "I-X O"], "IOB2", "prefix"),
        (["B-X O I-X"], "IOB2", "prefix"),
        # What is invalid in IOB1, in a file that otherwise is.
        (["I-X O I-X B-X", "B-X O I-X"], "IOB1", "prefix"),
        (["I-X I-X O I-Y"], "IO", "prefix"),
        (["B-X I-X E-X S-X O"], "BIOES", "prefix"),
        (["B-X E-X O"], "BIOES", "prefix"),
        (["O S-X"], "BIOES", "prefix"),
        (["B-X I-X L-X U-X O"], "BILOU", "prefix"),
        (["O U-X"], "BILOU", "prefix"),
        (["B-X M-X E-X S-X O"], "BMES", "prefix"),
        (["B-X M-X E-X"], "BMES", "prefix"),
        (["B-X M-X E-X W-X O"], "BMEWO", "prefix"),
        (["X-B X-I O Y-B"], "IOB2", "suffix"),
        (["X-B X-I X-E X-S"], "BIOES", "suffix"),
        (["B I O B"], "IOB2", "letter"),
        (["B M E S"], "BMES", "letter"),
        (["X Y O X"], "BARE", "bare"),
        # Labels that look as if they had letters before or behind them.
        (["E-mail X O"], "BARE", "bare"),
        (["GRADE-B GRADE-C"], "BARE", "bare"),
        (["GRADE-B TYPE-I"], "BARE", "bare"),
        (["S E"], "BARE", "bare"),
        (["O O - ?"], "IOB2", "prefix"),
    ],
)
def test_the_scheme_is_found(sentences: list[str], scheme: str, notation: str) -> None:
    assert find_tagging(PATH, survey_of(*sentences)) == Tagging(scheme, notation)


@pytest.mark.parametrize(
    ("scheme", "tags", "tagging"),
    [
        ("BARE", "B-cell PER O", Tagging("BARE", "bare")),
        ("IOB1", "B-X I-X", Tagging("IOB1", "prefix")),
        ("BIO", "X-B Y-B", Tagging("IOB2", "suffix")),
        ("BMEO", "S E", Tagging("BMES", "letter")),
        ("bilou", "O - O", Tagging("BILOU", "prefix")),
    ],
)
def test_a_scheme_that_is_told_is_taken(scheme: str, tags: str, tagging: Tagging) -> None:
    assert find_tagging(PATH, survey_of(tags), scheme) == tagging


@pytest.mark.parametrize(
    ("scheme", "tags", "message"),
    [
        (
            "IOB2",
            "O B-X I-X E-X",
            r"tags of the scheme IOB2 in some\.conll, but line 4 has 'E-X'.*`--scheme`",
        ),
        ("IO", "I-X B-X", "scheme IO .*line 2 has 'B-X'"),
        ("BIOES", "B-X PER", "scheme BIOES .*line 2 has 'PER'"),
        (None, "O B-X PER", r"one scheme, but 'B-X' \(line 2\) and 'PER' \(line 3\).*\"BARE\""),
        (None, "B-X 0 O", r"'B-X' \(line 1\) and '0' \(line 2\)"),
        (None, "B-X E-X U-X", r"'U-X' \(line 3\) and 'E-X' \(line 2\)"),
        (None, "I-X M-X", r"'M-X' \(line 2\) and 'I-X' \(line 1\)"),
        (None, "O (PER* *)", r"line 2 has '\(PER\*', which looks like brackets"),
        ("BARE", "* (GPE)", r"line 1 has '\*', which looks like brackets"),
    ],
)
def test_tags_of_no_scheme_are_named(scheme: str | None, tags: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_tagging(PATH, survey_of(tags), scheme)


def test_a_column_with_very_many_labels_holds_no_tags() -> None:
    labels = [f"word{number}" for number in range(MAX_BARE_LABELS + 1)]
    assert find_tagging(PATH, survey_of(" ".join(labels[1:]))).scheme == "BARE"
    survey = survey_of(" ".join(labels))
    with pytest.raises(DataError, match=f"few different labels, but it has {MAX_BARE_LABELS + 1}"):
        find_tagging(PATH, survey)
    assert find_tagging(PATH, survey, "BARE").scheme == "BARE"


def test_tags_are_counted_in_the_order_of_the_file() -> None:
    survey = survey_of("O B-X", "B-X I-X O O")
    assert list(survey.counts.items()) == [("O", 3), ("B-X", 2), ("I-X", 1)]
    assert survey.lines == {"O": 1, "B-X": 2, "I-X": 5}
