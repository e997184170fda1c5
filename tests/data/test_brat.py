"""brat standoff."""

from collections import Counter
from pathlib import Path

import pytest

from spacy_crf_ner.data.brat import read_brat
from spacy_crf_ner.data.records import Mention, Problem, Record
from spacy_crf_ner.errors import DataError

TEXT = "Ada met Bob.\nThey talked.\n"


def written(path: Path, text: str | None, annotation: str | None) -> Path:
    """Write the files of a document; `path` has no ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for content, ending in ((text, ".txt"), (annotation, ".ann")):
        if content is not None:
            path.with_name(path.name + ending).write_bytes(content.encode())
    return path


def read_one(folder: Path, text: str | None, annotation: str | None) -> Record:
    (record,) = read_brat(written(folder / "one", text, annotation).with_suffix(".ann"))
    return record


def reasons(record: Record) -> list[str]:
    return [problem.reason for problem in record.problems]


def test_text_bound_annotations_are_mentions_of_their_lines(tmp_path: Path) -> None:
    record = read_one(tmp_path, TEXT, "T1\tPER 0 3\tAda\n\nT2\tMeeting 8 17\tBob. They\nT3\tPER 8 11\n")
    mentions = (Mention(0, 3, "PER", 1), Mention(8, 17, "Meeting", 3), Mention(8, 11, "PER", 4))
    assert record == Record(tmp_path / "one.ann", 1, TEXT, mentions, document="one")


@pytest.mark.parametrize("ending", [".txt", ".ann"])
def test_either_file_names_the_document(tmp_path: Path, ending: str) -> None:
    written(tmp_path / "two", TEXT, "")
    path = written(tmp_path / "one.v2", TEXT, "T1\tPER 0 3\tAda\n").with_name(f"one.v2{ending}")
    (record,) = read_brat(path)
    assert (record.document, len(record.mentions)) == ("one.v2", 1)


def test_a_folder_is_read_with_its_folders_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "a/z", "a/c", "d"):
        written(tmp_path / name, TEXT, "")
    (tmp_path / "annotation.conf").write_text("[entities]\n", encoding="utf8")
    records = list(read_brat(tmp_path))
    assert [record.document for record in records] == ["a/c", "a/z", "b", "d"]
    assert not any(record.problems or record.unknown for record in records)


def test_what_is_quoted_has_to_be_there(tmp_path: Path) -> None:
    record = read_one(tmp_path, TEXT, "T1\tPER 0 3\tBob\nT2\tPER 8 11\tBob\n")
    assert record.mentions == (Mention(8, 11, "PER", 2),)
    reason = "the file says that its text is 'Bob'"
    assert record.problems == (Problem(tmp_path / "one.ann", 1, "Ada", "PER", reason),)


def test_an_annotation_of_several_parts_is_a_problem(tmp_path: Path) -> None:
    record = read_one(tmp_path, TEXT, "T1\tPER 0 3;8 11\tAda Bob\n")
    assert record.mentions == ()
    reason = "it has 2 parts, and a mention has one"
    assert record.problems == (Problem(tmp_path / "one.ann", 1, "Ada Bob", "PER", reason),)
    assert record.unknown == ((0, 3), (8, 11))


def test_offsets_beyond_the_text_are_problems(tmp_path: Path) -> None:
    record = read_one(tmp_path, TEXT, "T1\tPER 0 99\tAda\nT2\tPER 3 3\t\n")
    assert [problem.line for problem in record.problems] == [1, 2]
    assert reasons(record)[0].startswith("it is beyond the text, which has 26 characters")
    assert reasons(record)[1].startswith("it has no characters")


def test_an_annotation_that_is_there_twice_is_a_problem(tmp_path: Path) -> None:
    record = read_one(tmp_path, TEXT, "T1\tPER 0 3\tAda\nT2\tPER 0 3\tAda\n")
    assert len(record.mentions) == 1
    assert record.problems == (Problem(tmp_path / "one.ann", 2, "Ada", "PER", "annotated twice"),)


def test_other_annotations_are_counted_by_kind(tmp_path: Path) -> None:
    others = [
        "R1\tKnows Arg1:T1 Arg2:T2",
        "E1\tMeeting:T1 Who:T2",
        "A1\tSure E1",
        "M1\tNegation E1",
        "N1\tReference T1 Wikidata:Q7259\tAda",
        "*\tEquiv T1 T2",
        "#1\tAnnotatorNotes T1\tcheck",
        "N2\tReference T2 Wikidata:Q1\tBob",
    ]
    record = read_one(tmp_path, TEXT, "T1\tPER 0 3\tAda\n" + "\n".join(others))
    assert len(record.mentions) == 1
    assert [(problem.line, problem.reason) for problem in record.problems] == [
        (2, "left out: relations (1)"),
        (3, "left out: events (1)"),
        (4, "left out: attributes (1)"),
        (5, "left out: modifications (1)"),
        (6, "left out: normalizations (2)"),
        (7, "left out: equivalences (1)"),
        (8, "left out: notes (1)"),
    ]


@pytest.mark.parametrize(
    "line", ["T1 PER 0 3 Ada", "T1\tPER 0\tAda", "T1\tPER -1 3\tAda", "T1\tPER ٠ ٣\tAda", "T1\tPER", "Ada"]
)
def test_a_line_that_is_not_of_the_format_is_a_problem(tmp_path: Path, line: str) -> None:
    record = read_one(tmp_path, TEXT, f"\n{line}\n")
    assert record.mentions == ()
    assert record.problems[0].line == 2
    assert reasons(record)[0].startswith("expected a line of brat's format, got ")


def test_offsets_count_code_points_and_files_may_begin_with_a_mark(tmp_path: Path) -> None:
    record = read_one(tmp_path, "\ufeff🙂🙂 Ada", "\ufeffT1\tPER 3 6\tAda\n")
    assert (record.text, record.mentions) == ("🙂🙂 Ada", (Mention(3, 6, "PER", 1),))


def test_line_ends_of_two_characters_count_as_they_were_counted(tmp_path: Path) -> None:
    text = "Ada met\r\nBob.\r\n"
    counted = read_one(tmp_path, text, "T1\tPER 9 12\tBob\r\n")
    assert (counted.text, counted.mentions) == (text, (Mention(9, 12, "PER", 1),))
    converted = read_one(tmp_path, text, "T1\tPER 0 3\tAda\r\nT2\tPER 8 11\tBob\r\n")
    assert converted.text == "Ada met\nBob.\n"
    assert converted.mentions == (Mention(0, 3, "PER", 1), Mention(8, 11, "PER", 2))
    assert counted.problems == converted.problems == ()


def test_a_text_without_annotation_file_is_not_annotated(tmp_path: Path) -> None:
    path = written(tmp_path / "one", TEXT, None).with_suffix(".txt")
    (record,) = read_brat(path)
    assert (record.path, record.unknown) == (path, ((0, len(TEXT)),))
    assert reasons(record) == ["there is no one.ann, so its annotation is not known"]


def test_an_empty_text_is_left_out(tmp_path: Path) -> None:
    record = read_one(tmp_path, "", "T1\tPER 0 3\tAda\n")
    assert record.text == ""
    assert reasons(record)[-1] == "record left out: the text is empty"


def test_annotation_without_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"one\.ann to have its text beside it, but there is no one\.txt"):
        read_one(tmp_path, None, "T1\tPER 0 3\tAda\n")


@pytest.mark.parametrize("name", ["other.json", "none.ann", ""])
def test_what_is_not_of_brat_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.json").write_text("[]", encoding="utf8")
    with pytest.raises(DataError, match=r"to be a folder of brat's \.txt and \.ann files, or one of them"):
        list(read_brat(tmp_path / name))


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    written(tmp_path / "one", None, "")
    (tmp_path / "one.txt").write_bytes("Grün".encode("utf-16"))
    with pytest.raises(DataError, match=r"one\.txt to be UTF-8, but line 1 is not"):
        list(read_brat(tmp_path))


def test_real_annotation_is_all_read(corpora: Path) -> None:
    records = list(read_brat(corpora / "ncbi-disease-brat"))
    assert len(records) == len({record.document for record in records if record.text}) == 20
    assert Counter(mention.label for record in records for mention in record.mentions) == {
        "SpecificDisease": 90,
        "Modifier": 39,
        "DiseaseClass": 20,
        "CompositeMention": 9,
    }
    problems = [problem for record in records for problem in record.problems]
    assert len(problems) == 20
    assert all(problem.reason.startswith("left out: normalizations (") for problem in problems)
