"""Names of the files that are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacy_crf_ner.data.targets import check_paths, name_report, name_targets
from spacy_crf_ner.errors import DataError

OUT = Path("out")


def names(*inputs: str, output: Path = OUT, parts: tuple[str, ...] = ()) -> list[dict[str, str]]:
    found = name_targets([Path(name) for name in inputs], output, parts)
    return [{part: path.as_posix() for part, path in target.items()} for target in found]


def test_each_input_gets_a_file_of_its_name() -> None:
    assert names("a.conll", "sub/a.jsonl", "brat") == [
        {"": "out/a.spacy"},
        {"": "out/sub/a.spacy"},
        {"": "out/brat.spacy"},
    ]


def test_inputs_that_differ_by_their_ending_keep_it() -> None:
    assert names("a.train", "a.dev", "b.dev") == [
        {"": "out/a.train.spacy"},
        {"": "out/a.dev.spacy"},
        {"": "out/b.spacy"},
    ]


def test_inputs_of_one_name_are_shown() -> None:
    with pytest.raises(DataError, match=r"a\.conll and a\.conll would both become a\.conll\.spacy"):
        names("a.conll", "a.conll")


def test_all_inputs_can_go_into_one_file() -> None:
    assert names("a.conll", "a.conll", output=Path("all.spacy")) == [{"": "all.spacy"}] * 2


def test_a_split_has_a_file_for_each_part() -> None:
    assert (
        names("a", "b", parts=("train", "dev")) == [{"train": "out/train.spacy", "dev": "out/dev.spacy"}] * 2
    )


def test_a_split_into_one_file_is_refused() -> None:
    with pytest.raises(DataError, match=r"--output` to be a folder.*all\.spacy"):
        names("a", output=Path("all.spacy"), parts=("train", "dev"))


def test_the_report_is_in_the_folder_or_beside_the_file() -> None:
    assert name_report(OUT) == OUT / "convert-report.tsv"
    assert name_report(OUT / "train.spacy") == OUT / "train-report.tsv"


@pytest.mark.parametrize(
    ("others", "option"),
    [
        ({"--report": Path("in.jsonl")}, "--report"),
        ({"--report": Path("r.tsv"), "--json": Path("./r.tsv")}, "--json"),
        ({"--report": Path("out.spacy")}, "--report"),
    ],
)
def test_no_file_takes_the_place_of_another(others: dict[str, Path | None], option: str) -> None:
    with pytest.raises(DataError, match=f"`{option}` to be a file of its own, but"):
        check_paths([Path("in.jsonl")], [{"": Path("out.spacy")}], others)


def test_files_of_their_own_are_all_right() -> None:
    others = {"--report": Path("r.tsv"), "--json": None}
    check_paths([Path("in.jsonl")], [{"": Path("out.spacy")}] * 2, others)
