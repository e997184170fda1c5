"""Data sets that `datasets` of Hugging Face saved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.data.formats import find_format
from spacy_crf_ner.data.hub_datasets import read_datasets
from spacy_crf_ner.data.records import Mention, Record
from spacy_crf_ner.errors import DataError

NAMES = ["O", "B-PER", "I-PER", "B-LOC"]
WORDS = ["Ada", "Lovelace", "met", "Bob", "."]
MENTIONS = (Mention(0, 12, "PER", 1), Mention(17, 20, "PER", 1))


def saved(
    path: Path, tags: list[Any], words: list[Any] | None = None, names: list[str] | None = NAMES
) -> Path:
    """Save a data set of one split, with a row for each list of tags."""
    datasets = pytest.importorskip("datasets")
    kinds = {int: datasets.Value("int64"), str: datasets.Value("string")}
    kind = datasets.ClassLabel(names=names) if names else kinds[type(tags[0][0])]
    features = {"tokens": datasets.Sequence(datasets.Value("string")), "ner_tags": datasets.Sequence(kind)}
    rows = {"tokens": words or [WORDS] * len(tags), "ner_tags": tags}
    datasets.Dataset.from_dict(rows, features=datasets.Features(features)).save_to_disk(str(path))
    return path


def reasons(record: Record) -> list[str]:
    return [problem.reason for problem in record.problems]


@pytest.mark.parametrize(
    ("tags", "names"), [([1, 2, 0, 1, 0], NAMES), (["B-PER", "I-PER", "O", "B-PER", "O"], None)]
)
def test_numbers_with_names_and_strings_are_tags(
    tmp_path: Path, tags: list[Any], names: list[str] | None
) -> None:
    path = saved(tmp_path / "set", [tags, tags], names=names)
    assert find_format(path) == "datasets"
    first, second = read_datasets(path)
    assert first.text == "Ada Lovelace met Bob ."
    assert first.words == tuple(WORDS)
    assert first.spaces == (True, True, True, True, False)
    assert first.mentions == MENTIONS
    assert (first.line, second.line, first.problems) == (1, 2, ())


def test_tokens_without_tag_are_unknown(tmp_path: Path) -> None:
    (record,) = read_datasets(saved(tmp_path / "set", [[1, 2, -1, None, 0]]))
    assert record.mentions == MENTIONS[:1]
    assert record.unknown == ((13, 20),)


def test_a_split_has_to_be_named_if_there_are_several(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    parts = {
        name: datasets.load_from_disk(str(saved(tmp_path / name, [[1, 2, 0, 1, 0]] * size)))
        for name, size in (("train", 2), ("test", 1))
    }
    path = tmp_path / "set"
    datasets.DatasetDict(parts).save_to_disk(str(path))
    assert find_format(path) == "datasets"
    assert len(list(read_datasets(path, split="train"))) == 2
    assert len(list(read_datasets(path / "test"))) == 1
    with pytest.raises(
        DataError, match=r"one of the splits of .*set, train, test, got nothing: name .* such as .*train"
    ):
        list(read_datasets(path))
    with pytest.raises(DataError, match="train, test, got 'dev': name the folder"):
        list(read_datasets(path, split="dev"))


def test_the_only_split_need_not_be_named(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    part = datasets.load_from_disk(str(saved(tmp_path / "part", [[1, 2, 0, 1, 0]])))
    datasets.DatasetDict({"train": part}).save_to_disk(str(tmp_path / "set"))
    assert [record.mentions for record in read_datasets(tmp_path / "set")] == [MENTIONS]


def test_rows_that_are_no_sentences_are_left_out_and_listed(tmp_path: Path) -> None:
    words = [WORDS, [], ["Ada", "met"], ["Ada", " "], ["Ada", None], None]
    tags = [[1, 2, 0, 1, 0], [], [1], [1, 0], [1, 0], [1]]
    records = list(read_datasets(saved(tmp_path / "set", tags, words)))
    assert [record.line for record in records] == [1, 2, 3, 4, 5, 6]
    assert [bool(record.text) for record in records] == [True, False, False, False, False, False]
    assert [reason for record in records[1:] for reason in reasons(record)] == [
        "record left out: it has no tokens",
        "record left out: it has 2 tokens, but 1 tags",
        "record left out: expected a string that is not blank as each token, got ' '",
        "record left out: expected a string that is not blank as each token, got nothing",
        "record left out: expected lists of tokens and tags, got nothing and [1]",
    ]
    assert records[2].problems[0].text == "Ada met"


def test_numbers_without_names_are_no_tags(tmp_path: Path) -> None:
    path = saved(tmp_path / "set", [[1, 2, 0, 1, 0]], names=None)
    with pytest.raises(
        DataError, match=r"column ner_tags of tags with names, but row 1 has 1, which has no name"
    ):
        list(read_datasets(path))


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = {"words": [["Ada"]], "labels": [["B-PER"]], "id": [3]}
    path = tmp_path / "set"
    datasets.Dataset.from_dict(rows).save_to_disk(str(path))
    with pytest.raises(
        DataError, match="column tokens of tokens, but it has words, labels, id: set `--token-column`"
    ):
        list(read_datasets(path))
    with pytest.raises(DataError, match=r"column ner_tags of tags, but it has .*: set `--tag-column`"):
        list(read_datasets(path, token_column="words"))
    (record,) = read_datasets(path, token_column="words", tag_column="labels")
    assert record.mentions == (Mention(0, 3, "PER", 1),)


def test_the_scheme_can_be_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "set", [["I-PER", "I-PER", "O", "B-PER", "O"]], names=None)
    (record,) = read_datasets(path, scheme="IOB2")
    assert record.mentions == MENTIONS
    assert [problem.text for problem in record.repaired] == ["Ada Lovelace"]


def test_a_folder_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    (tmp_path / "dataset_dict.json").write_text("{", encoding="utf8")
    with pytest.raises(
        DataError, match=r"to be a folder that `save_to_disk` .* wrote, but it cannot be loaded"
    ):
        list(read_datasets(tmp_path))


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.arrow"
    file.write_bytes(b"")
    with pytest.raises(DataError, match=r"a\.arrow to be a folder .* cannot be loaded: it is no folder"):
        list(read_datasets(file))
    with pytest.raises(DataError, match="there is no such folder"):
        list(read_datasets(Path("s3://bucket/set")))


def test_without_the_package_the_extra_to_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"not installed .*: run `pip install 'spacy-crf-ner\[data\]'`"):
        list(read_datasets(tmp_path))
