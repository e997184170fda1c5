"""Files with a token and its tag on each line."""

from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.data.columns import ColumnLayout, find_column_layout, read_columns, read_columns_as
from spacy_crf_ner.data.records import Mention, Record
from spacy_crf_ner.errors import DataError


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf8", newline="")
    return path


def read(path: Path, content: str, **options: Any) -> list[Record]:
    return list(read_columns(written(path / "some.conll", content), **options))


def layout_of(path: Path, content: str, **options: Any) -> ColumnLayout:
    return find_column_layout(written(path / "some.conll", content), **options)


def entities(records: list[Record]) -> list[tuple[str, str]]:
    return [
        (record.text[mention.start : mention.end], mention.label)
        for record in records
        for mention in record.mentions
    ]


def test_a_record_is_a_sentence_with_its_tokens(tmp_path: Path) -> None:
    text = "Anna\tB-PER\nSchmidt\tI-PER\nsings\tO\n\nin\tO\nParis\tB-LOC\n"
    path = tmp_path / "some.conll"
    assert read(tmp_path, text) == [
        Record(
            path,
            1,
            "Anna Schmidt sings",
            (Mention(0, 12, "PER", 1),),
            ("Anna", "Schmidt", "sings"),
            (True, True, False),
        ),
        Record(path, 5, "in Paris", (Mention(3, 8, "LOC", 6),), ("in", "Paris"), (True, False)),
    ]


def test_a_text_of_a_language_without_spaces_has_none(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "我\tO\n在\tO\n北\tB-LOC\n京\tI-LOC\n", spaces=False)
    assert (record.text, record.spaces) == ("我在北京", (False,) * 4)
    assert entities([record]) == [("北京", "LOC")]


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\u3000"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_of_whitespace_divide_sentences(tmp_path: Path, blank: str, end: str) -> None:
    lines = ["\ufeff" + blank, "a\tO", blank, blank, "b\tB-X", "c\tI-X", blank, ""]
    records = read(tmp_path, end.join(lines))
    assert [(record.text, record.line) for record in records] == [("a", 2), ("b c", 5)]
    assert entities(records) == [("b c", "X")]


@pytest.mark.parametrize("token", ["New York", "10\u00a0000", "a\u2028b", "\u200b", "\u0085", " "])
def test_whitespace_other_than_tabs_is_within_tokens_of_files_with_tabs(tmp_path: Path, token: str) -> None:
    (record,) = read(tmp_path, f"in\tO\n{token}\tB-LOC\n")
    assert record.words == ("in", token)


def test_spaces_around_a_token_are_no_part_of_it(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "in \tO \n Paris\t B-LOC\n")
    assert record.words == ("in", "Paris")
    assert entities([record]) == [("Paris", "LOC")]


def test_runs_of_spaces_and_tabs_divide_columns_of_files_without_tabs_first(tmp_path: Path) -> None:
    (record,) = read(tmp_path, " in   IN O \n10\u00a0000  NN\tB-N\n\u00a0 _SP O\n")
    assert record.words == ("in", "10\u00a0000", "\u00a0")
    assert entities([record]) == [("10\u00a0000", "N")]


def test_columns_and_their_separator_can_be_named(tmp_path: Path) -> None:
    text = "1|O|Anna|x\n2|B-LOC|Paris\n"
    (record,) = read(tmp_path, text, separator="|", token_column=2, tag_column=1)
    assert record.text == "Anna Paris"
    assert entities([record]) == [("Paris", "LOC")]


def test_marks_divide_documents_wherever_they_stand(tmp_path: Path) -> None:
    first = "-DOCSTART- -X- O O\n\na X O\n\nb X O\n-DOCSTART- O\n-DOCSTART- (2)\nc X O\n"
    assert [(r.text, r.document) for r in read(tmp_path, first)] == [
        ("a", "some.conll#1"),
        ("b", "some.conll#1"),
        ("c", "some.conll#2"),
    ]
    last = "#begin document (x); part 000\na\tO\n#end document\n\n#begin document (y)\nb\tO\n"
    assert [record.document for record in read(tmp_path, last)] == ["some.conll#1", "some.conll#2"]
    assert layout_of(tmp_path, last).n_comments == 1
    assert [record.document for record in read(tmp_path, "a\tO\n\nb\tO\n")] == ["", ""]


@pytest.mark.parametrize(
    ("text", "words", "n_comments"),
    [
        ("# id 1\n# x\na\tO\n\n# id 2\n#\tO\n", ("a", "#"), 3),
        ("#\tsource\t[1]\n1\ta\n\n#\tO\n", ("1", "#"), 1),
        ("# id 7 domain=dev\na _ _ O\n\n# _ _ O\nb _ _ B-X\n", ("a", "#", "b"), 1),
        ("# O\n", ("#",), 0),
        ("# NOUN\n\na NOUN\n", ("#", "a"), 0),
        ("#tag O\n#other B-X\n", ("#tag", "#other"), 0),
    ],
)
def test_comments_are_lines_that_are_no_tokens(
    tmp_path: Path, text: str, words: tuple[str, ...], n_comments: int
) -> None:
    records = read(tmp_path, text)
    assert tuple(word for record in records for word in record.words or ()) == words
    assert layout_of(tmp_path, text).n_comments == n_comments


@pytest.mark.parametrize("tag", ["-", "?", "_"])
def test_tokens_may_be_unknown(tmp_path: Path, tag: str) -> None:
    (record,) = read(tmp_path, f"a\t{tag}\nb\t{tag}\nc\tO\nd\tB-X\ne\t{tag}\n")
    assert record.unknown == ((0, 3), (8, 9))
    assert entities([record]) == [("d", "X")]


def test_invalid_sequences_are_mentions_and_are_told(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "a\tB-X\nb\tI-X\nc\tI-Y\nd\tO\n")
    assert entities([record]) == [("a b", "X"), ("c", "Y")]
    (repaired,) = record.repaired
    assert (repaired.line, repaired.text, repaired.label) == (3, "c", "Y")
    assert repaired.reason == "in IOB2 an entity does not begin with I-Y here; read as conlleval does"
    assert record.problems == ()


def test_a_scheme_that_is_named_decides_what_is_invalid(tmp_path: Path) -> None:
    text = "a\tI-X\nb\tB-X\n"
    assert [len(read(tmp_path, text, scheme=one)[0].repaired) for one in ("IOB1", "bio")] == [0, 1]
    assert layout_of(tmp_path, text, scheme="bio").tagging.scheme == "IOB2"


def test_numbers_of_characters_are_taken_off(tmp_path: Path) -> None:
    text = "".join(f"{char}\tO\n" for char in ("北0", "京1", "10", "01", "\ufffd\ufffd0", "a10"))
    layout = layout_of(tmp_path, text)
    assert layout.numbered
    (record,) = read_columns_as(tmp_path / "some.conll", layout, spaces=False)
    assert record.words == ("北", "京", "1", "0", "\ufffd\ufffd", "a")
    (record,) = read(tmp_path, text, numbered=False)
    assert record.words == ("北0", "京1", "10", "01", "\ufffd\ufffd0", "a10")


@pytest.mark.parametrize("words", ["A1 B2", "A0 B0", "A0 B1 C", "A0 B1 Berlin2"])
def test_codes_are_no_numbered_characters(tmp_path: Path, words: str) -> None:
    text = "".join(f"{word}\tO\n" for word in words.split())
    assert not layout_of(tmp_path, text).numbered
    assert [record.text for record in read(tmp_path, text)] == [words]


def test_the_layout_counts_what_is_in_the_file(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, "a\tB-X\nb\tO\n\nc\tO\n")
    assert (layout.n_sentences, layout.tags) == (2, {"B-X": 1, "O": 2})
    assert (layout.columns.separator, layout.columns.count, layout.documents) == ("\t", 2, False)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, r"some\.conll to hold tokens with tags.*no token in it"),
        ("\n \n-DOCSTART- O\n", {}, "no token in it"),
        ("# one\n# two three four\n", {}, "no token in it"),
        ("Anna\n", {}, r"column 0 and a tag in another one, -1,.*line 1 has 1: 'Anna'.*`--tag-column`"),
        ("a b\n", {"tag_column": 2}, "tag in another one, 2, .*line 1 has 2"),
        ("a b\n", {"token_column": 1}, "token in column 1 .*line 1 has 2"),
        ("a x O\nb\n", {"tag_column": 2}, "tag in another one, 2, .*line 2 has 1: 'b'"),
        ("a\tO\n\nb O\n", {}, "as in line 1, 2, but line 3 has 1: 'b O'.*separated by tabs"),
        ("in O\nNew York O\n", {}, "line 2 has 3: 'New York O'.*separated by spaces"),
        ("a\tO\n\tO\n", {}, "line 2 of .* the token is empty"),
        ("a\tO\nb\t\n", {}, "line 2 of .* the tag is empty"),
        ("a\tO\rb\tO\r", {}, "line 1 has a carriage return in it"),
        ("a\0\tO\n", {}, "line 1 has NUL in it"),
        ("a\tO\n", {"scheme": "IOB"}, r"`--scheme` to be one of BARE, BILOU, .*got 'IOB'"),
        ("a\tO\n", {"separator": ""}, "`--separator` to be a tab.* got ''"),
        ("a\tO\n", {"separator": "\n"}, r"`--separator` to be a tab.* got '\\n'"),
        ("word " * 50_000, {"tag_column": 60_000}, r"line 1 has 50000: 'word .{80,110}\.\.\.'"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, text: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text, **options)


def test_a_folder_and_other_encodings_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a folder"):
        list(read_columns(tmp_path))
    path = tmp_path / "latin.conll"
    path.write_bytes("a\tO\n\ná\tO\n".encode("latin1"))
    with pytest.raises(DataError, match=r"latin\.conll .*UTF-8.*line 3"):
        list(read_columns(path))


# Sentences, tokens and entities of the corpora, as published beside them.
PUBLISHED = {
    "wnut17/wnut17train.conll": ("IOB2", 3_394, 62_730, 1_975),
    "wnut17/emerging.dev.conll": ("IOB2", 1_009, 15_733, 836),
    "wnut17/emerging.test.annotated": ("IOB2", 1_287, 23_394, 1_079),
    "ncbi-disease/devel.tsv": ("IOB2", 923, 23_969, 787),
    "ncbi-disease/test.tsv": ("IOB2", 940, 24_497, 960),
    "ncbi-disease-bioes/devel.tsv": ("BIOES", 923, 23_969, 787),
    "wikigold/wikigold.conll.txt": ("IO", 1_384 + 195 + 117, 32_533 + 4_116 + 2_358, 2_995 + 317 + 246),
    "weibo-zh/weiboNER_2nd_conll.dev": ("IOB2", 270, 14_509, 389),
    "weibo-zh/weiboNER_2nd_conll.test": ("IOB2", 270, 14_842, 414),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_real_files_have_the_published_sentences_tokens_and_entities(corpora: Path, name: str) -> None:
    layout = find_column_layout(corpora / name)
    records = list(read_columns_as(corpora / name, layout))
    # What is published of Weibo leaves invalid sequences out.
    valid = sum(len(record.mentions) - len(record.repaired) for record in records)
    tokens = sum(len(record.words or ()) for record in records)
    assert (layout.tagging.scheme, len(records), tokens, valid) == PUBLISHED[name]
    assert sum(layout.tags.values()) == tokens


def test_two_schemes_of_one_corpus_have_the_same_entities(corpora: Path) -> None:
    iob2, bioes = (
        read_columns(corpora / name / "devel.tsv") for name in ("ncbi-disease", "ncbi-disease-bioes")
    )
    for one, other in zip(iob2, bioes, strict=True):
        assert (one.text, one.mentions, one.repaired) == (other.text, other.mentions, other.repaired)


def test_real_documents_are_kept_apart(corpora: Path) -> None:
    records = read_columns(corpora / "wikigold" / "wikigold.conll.txt")
    documents = list(dict.fromkeys(record.document for record in records))
    assert documents == [f"wikigold.conll.txt#{number}" for number in range(1, 146)]


def test_real_numbers_of_characters_are_found(corpora: Path) -> None:
    first = next(read_columns(corpora / "weibo-zh" / "weiboNER_2nd_conll.dev", spaces=False))
    assert first.text.startswith("口腔溃疡加上这")
    test = read_columns(corpora / "weibo-zh" / "weiboNER_2nd_conll.test", spaces=False)
    assert sum(len(record.repaired) for record in test) == 4
