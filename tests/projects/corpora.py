"""Small corpora for the projects, in the formats that these fetch: made here, or cut from the published files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

# A token and what it is part of: PERSON, PLACE, or nothing.
Token = tuple[str, str]
Sentence = list[Token]
Parts = dict[str, list[Sentence]]

# Sentences of each part, which has names of its own.
SIZES = {"train": 24, "dev": 8, "test": 8}
PEOPLE = {"train": ("Anna", "Boris", "Carla", "Dora"), "dev": ("Emil", "Fanny"), "test": ("Gustav", "Hanna")}
FAMILIES = ("Schmidt", "Rossi", "Novak")
PLACES = {"train": ("Berlin", "Paris", "New York"), "dev": ("Bonn", "Bern"), "test": ("Oslo", "Kiel")}
TEMPLATES = (
    "PERSON lives in PLACE .",
    "In PLACE it rained .",
    "Nobody saw PERSON PERSON leave PLACE .",
    "It rained .",
)
# The same over characters.
CHINESE_PEOPLE = {"train": ("王小明", "李娜", "张伟"), "dev": ("赵雷", "陈静"), "test": ("孙红", "周杰")}
CHINESE_PLACES = {"train": ("北京", "上海", "广州"), "dev": ("深圳", "南京"), "test": ("天津", "杭州")}
CHINESE_TEMPLATES = ("PERSON 今天 住 在 PLACE 。", "PLACE 今天 下雨 了 。", "PERSON 和 PERSON 去 PLACE 玩 ！")


class Format(NamedTuple):
    """How a project's corpus is written.

    folder (str): Of the published files, in the folder of corpora.
    files (dict[str, str]): The published names of the parts.
    labels (dict[str, str]): What PERSON and PLACE are called in it.
    slices (dict[str, int]): How many texts are cut from each published file; articles where documents are marked.
    """

    folder: str
    files: dict[str, str]
    labels: dict[str, str]
    slices: dict[str, int]


FORMATS = {
    "biomedical": Format(
        "ncbi-disease",
        {"train": "train.tsv", "dev": "devel.tsv", "test": "test.tsv"},
        {"PERSON": "Disease", "PLACE": "Disease"},
        {"train": 160, "dev": 40, "test": 40},
    ),
    "chinese": Format(
        "weibo-zh",
        {part: f"weiboNER_2nd_conll.{part}" for part in SIZES},
        {"PERSON": "PER.NAM", "PLACE": "GPE.NAM"},
        {"train": 120, "dev": 40, "test": 40},
    ),
    "partial-annotation": Format(
        "wikigold", {"whole": "wikigold.conll.txt"}, {"PERSON": "PER", "PLACE": "LOC"}, {"whole": 16}
    ),
    "wnut17": Format(
        "wnut17",
        {"train": "wnut17train.conll", "dev": "emerging.dev.conll", "test": "emerging.test.annotated"},
        {"PERSON": "person", "PLACE": "location"},
        {"train": 200, "dev": 60, "test": 60},
    ),
}


def write_own(project: str, folder: Path) -> Path:
    """Write a small corpus of our own in the format that a project fetches.

    project (str): One of FORMATS.
    folder (Path): Where the files are written, under their published names.
    RETURNS (Path): The folder.
    """
    style = FORMATS[project]
    if project == "chinese":
        parts = {part: list(_chinese(part, size, style.labels)) for part, size in SIZES.items()}
        # As in the published files: a message that is in two parts, and an entity that begins with I-.
        parts["train"].append(parts["test"][0])
        parts["train"].append([("王0", "I-PER.NAM"), ("来0", "O")])
        texts = {style.files[part]: _lines(sentences, "\t") for part, sentences in parts.items()}
    elif project == "partial-annotation":
        articles = [
            list(_english(part, 5, shift, style.labels, "I-")) for shift in (0, 5, 10, 15) for part in SIZES
        ]
        marked = [_lines(article, " ") + "-DOCSTART- O\n\n" for article in articles]
        texts = {style.files["whole"]: "".join(marked)}
    else:
        texts = {
            style.files[part]: _lines(_english(part, size, 0, style.labels, "B-"), "\t")
            for part, size in SIZES.items()
        }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf8", newline="\n")
    return folder


def cut(project: str, corpora: Path, folder: Path) -> Path:
    """Cut the beginnings of the published files of a project.

    project (str): One of FORMATS.
    corpora (Path): The folder with real corpora.
    folder (Path): Where the shorter files are written, under the same names.
    RETURNS (Path): The folder.
    """
    style = FORMATS[project]
    for part, name in style.files.items():
        text = (corpora / style.folder / name).read_bytes().decode("utf8").replace("\n\t\n", "\n\n")
        end = "-DOCSTART- O\n" if part == "whole" else "\n\n"
        pieces = text.split(end)[: style.slices[part]]
        (folder / name).write_bytes((end.join(pieces) + end).encode("utf8"))
    return folder


def _english(part: str, size: int, shift: int, labels: dict[str, str], begin: str) -> Iterator[Sentence]:
    """Sentences in words, as tokens with tags."""
    people, places = PEOPLE[part], PLACES[part]
    for i in range(shift, shift + size):
        names = {"PERSON": f"{people[i % len(people)]} {FAMILIES[i % 3]}", "PLACE": places[i % len(places)]}
        sentence: Sentence = []
        # A number of its own, so that sentences without names are not in two parts, either.
        number = str(100 * [*SIZES].index(part) + i)
        for word in [number, *TEMPLATES[i % len(TEMPLATES)].split()]:
            tokens = names.get(word, word).split()
            sentence += _tagged(tokens, labels.get(word), begin)
        yield sentence


def _chinese(part: str, size: int, labels: dict[str, str]) -> Iterator[Sentence]:
    """Messages in characters, each with its place in its word, as tokens with tags."""
    people, places = CHINESE_PEOPLE[part], CHINESE_PLACES[part]
    for i in range(size):
        names = {"PERSON": people[i % len(people)], "PLACE": places[i % len(places)]}
        message: Sentence = []
        for word in [*CHINESE_TEMPLATES[i % len(CHINESE_TEMPLATES)].split(), str(i)]:
            characters = [f"{character}{place}" for place, character in enumerate(names.get(word, word))]
            message += _tagged(characters, labels.get(word), "B-")
        yield message


def _tagged(tokens: Sequence[str], label: str | None, begin: str) -> Sentence:
    if label is None:
        return [(token, "O") for token in tokens]
    return [(token, f"{'I-' if i else begin}{label}") for i, token in enumerate(tokens)]


def _lines(sentences: Iterator[Sentence] | Sequence[Sentence], separator: str) -> str:
    return "".join(
        "".join(f"{token}{separator}{tag}\n" for token, tag in sentence) + "\n" for sentence in sentences
    )
