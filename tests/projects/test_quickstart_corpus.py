"""The corpus of projects/quickstart: repeatable, its splits apart, its names ambiguous where it says so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType

import pytest
import spacy
from spacy.tokens import Doc, DocBin

PROJECT = Path(__file__).parents[2] / "projects" / "quickstart"
SIZES = {"train": 620, "dev": 150, "test": 180}
Corpus = dict[str, list[Doc]]


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    """The project's scripts as modules; they import each other by name, as scripts do."""
    names = ("corpus_names", "corpus_sentences", "make_corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PROJECT / "scripts")
        yield {name: __import__(name) for name in names}
    for name in names:
        sys.modules.pop(name)


@pytest.fixture(scope="module")
def folder(scripts: dict[str, ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus as files, written in this process."""
    path = tmp_path_factory.mktemp("corpus")
    scripts["make_corpus"].main(path)
    return path


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Corpus:
    """The corpus as read from its files, by split."""
    vocab = spacy.blank("en").vocab
    return {split: list(DocBin().from_disk(folder / f"{split}.spacy").get_docs(vocab)) for split in SIZES}


def labels_by_name(docs: list[Doc]) -> dict[str, Counter[str]]:
    """How often each entity text, in lower case, has which label."""
    names: dict[str, Counter[str]] = {}
    for doc in docs:
        for ent in doc.ents:
            names.setdefault(ent.text.lower(), Counter())[ent.label_] += 1
    return names


def word_groups(lines: list[str], size: int) -> set[tuple[str, ...]]:
    """Groups of words that follow each other in templates, between their slots and options."""
    groups: set[tuple[str, ...]] = set()
    for line in lines:
        for literal in re.split(r"\{[^}]*\}|\([^)]*\)", line.lower()):
            words = re.findall(r"\w+|[^\w\s]", literal)
            groups.update(tuple(words[i : i + size]) for i in range(len(words) - size + 1))
    return groups


def test_the_same_seed_gives_the_same_bytes_in_another_process(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, PROJECT / "scripts" / "make_corpus.py", tmp_path]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True)
    for split in SIZES:
        assert (tmp_path / f"{split}.spacy").read_bytes() == (folder / f"{split}.spacy").read_bytes(), split


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_work_and_give_other_sentences(scripts: dict[str, ModuleType], seed: int) -> None:
    make = scripts["corpus_sentences"].make_corpus
    sentences = make(PROJECT, SIZES, seed)
    # make_corpus has checked itself that no name is in two splits.
    assert sentences["train"] != make(PROJECT, SIZES, 0)["train"]
    nlp = spacy.blank("en")
    for sentence in [*sentences["train"], *sentences["dev"], *sentences["test"]]:
        assert len(scripts["make_corpus"].to_doc(nlp, sentence).ents) == len(sentence.entities)


def test_it_has_the_sizes_asked_for_and_no_sentence_twice(corpus: Corpus) -> None:
    for split, size in SIZES.items():
        assert abs(len(corpus[split]) - size) <= 2
    texts = [doc.text for docs in corpus.values() for doc in docs]
    assert len(set(texts)) == len(texts)


def test_no_name_is_in_two_splits(corpus: Corpus) -> None:
    for one, other in combinations(SIZES, 2):
        assert not labels_by_name(corpus[one]).keys() & labels_by_name(corpus[other]).keys()


def test_the_templates_of_two_splits_share_no_wording(scripts: dict[str, ModuleType]) -> None:
    read = scripts["corpus_names"].read_sections
    groups = {}
    for split in SIZES:
        sections = read(PROJECT / "templates" / f"{split}.txt")
        groups[split] = word_groups([line for lines in sections.values() for line in lines], 4)
        assert len(groups[split]) > 50
    for one, other in combinations(SIZES, 2):
        assert not groups[one] & groups[other]


def test_every_label_is_frequent_in_every_split(corpus: Corpus) -> None:
    labels = {"EVENT", "GPE", "LOC", "ORG", "PERSON", "PRODUCT", "WORK_OF_ART"}
    for split in SIZES:
        counts = Counter(ent.label_ for doc in corpus[split] for ent in doc.ents)
        assert counts.keys() == labels
        assert min(counts.values()) >= SIZES[split] / 15, (split, counts)


def test_many_names_have_several_tokens_and_many_sentences_several_names(corpus: Corpus) -> None:
    for docs in corpus.values():
        lengths = Counter(len(ent) for doc in docs for ent in doc.ents)
        assert 0.35 < 1 - lengths[1] / lengths.total() < 0.75
        assert max(lengths) >= 5
        assert sum(len(doc.ents) > 1 for doc in docs) > len(docs) / 3


def test_sentences_without_names_have_capitals_and_words_that_look_like_names(corpus: Corpus) -> None:
    for docs in corpus.values():
        plain = [doc for doc in docs if not doc.ents]
        assert 0.15 < len(plain) / len(docs) < 0.3
        assert sum(any(token.is_title for token in doc[1:]) for doc in plain) > len(plain) / 4
    # Names of people that are other words here: "Mark my words".
    first_names = set((PROJECT / "gazetteers" / "split" / "first.txt").read_text(encoding="utf8").split())
    for split, docs in corpus.items():
        assert first_names & {token.text.title() for doc in docs if not doc.ents for token in doc}, split


def test_some_names_come_without_capitals_and_some_with_nothing_else(corpus: Corpus) -> None:
    for split, docs in corpus.items():
        names = [ent.text for doc in docs for ent in doc.ents]
        assert any(name.islower() for name in names), split
        assert any(doc.text.isupper() and doc.ents for doc in docs), split


def test_every_split_has_names_that_only_the_sentence_can_tell_apart(
    corpus: Corpus, scripts: dict[str, ModuleType]
) -> None:
    listed = scripts["corpus_names"].read_ambiguous(PROJECT / "gazetteers" / "ambiguous.txt")
    for split, uses in listed.items():
        labels = labels_by_name(corpus[split])
        assert len({use.name.text for use in uses}) >= 10
        for use in uses:
            assert labels[use.name.text.lower()][use.kind.label] >= 1
        assert all(len(labels[use.name.text.lower()]) >= 2 for use in uses)
    assert {"jordan", "washington", "mercedes", "amazon", "phoenix"} <= labels_by_name(corpus["train"]).keys()


def test_the_files_hold_exactly_the_names_of_the_sentences(
    corpus: Corpus, scripts: dict[str, ModuleType]
) -> None:
    sentences = scripts["corpus_sentences"].make_corpus(PROJECT, SIZES, 0)
    for split, docs in corpus.items():
        for doc, sentence in zip(docs, sentences[split], strict=True):
            assert doc.text == sentence.text
            assert [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] == list(sentence.entities)
            # No token is left without annotation: crf_ner would take it for unknown, not for "no entity".
            assert all(token.ent_iob for token in doc)


def test_articles_stay_outside_of_names(corpus: Corpus) -> None:
    # Only titles begin with one.
    for docs in corpus.values():
        first = [(ent[0].lower_, ent.label_) for doc in docs for ent in doc.ents]
        assert {label for word, label in first if word in {"the", "a"}} <= {"WORK_OF_ART"}
        assert not [doc.text for doc in docs if "the the" in doc.text.lower() or " + " in doc.text]


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([(0, 3, "GPE")], "do not fit its entity 'Jor'"),
        ([(0, 6, "GPE"), (0, 6, "PERSON")], "overlap"),
    ],
)
def test_an_entity_that_does_not_fit_the_tokens_stops_the_script(
    scripts: dict[str, ModuleType], entities: list[tuple[int, int, str]], message: str
) -> None:
    module = scripts["corpus_sentences"]
    sentence = module.Sentence("Jordan slept.", tuple(module.Entity(*entity) for entity in entities))
    with pytest.raises(ValueError, match=message):
        scripts["make_corpus"].to_doc(spacy.blank("en"), sentence)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("gazetteers/split/city.txt", "Oslo\n", "Oslo\nOslo\n", "every name once, found again: Oslo"),
        (
            "gazetteers/ambiguous.txt",
            "PERSON  GPE.country\n",
            "PERSON\n",
            "two or more labels, found 'train  Jordan",
        ),
        ("gazetteers/ambiguous.txt", "dev    Ford", "dev    Jordan", "found 'dev    Jordan"),
        (
            "gazetteers/ambiguous.txt",
            "PERSON  GPE.country\n",
            "PERSON  GPE.moon\n",
            "no slot left for 'Jordan'",
        ),
        ("gazetteers/names.txt", "[GPE.city]\n", "", "no pattern for names of"),
        ("gazetteers/names.txt", "{city}\n", "{village}\n", "no list of words called 'village'"),
        (
            "gazetteers/fillers.txt",
            "[month]\n",
            "",
            r"expected a \[section\] before the first line, found 'January'",
        ),
    ],
)
def test_mistakes_in_the_lists_are_named(
    scripts: dict[str, ModuleType], tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    copy_lists(tmp_path)
    path = tmp_path / file
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf8")
    make = scripts["corpus_sentences"].make_corpus
    with pytest.raises((ValueError, KeyError), match=message):
        make(tmp_path, SIZES, 0)


def copy_lists(target: Path) -> None:
    """The project's gazetteers and templates, to be changed."""
    for path in [*PROJECT.glob("gazetteers/**/*.txt"), *PROJECT.glob("templates/*.txt")]:
        copy = target / path.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())


def test_a_name_in_two_splits_stops_the_script(scripts: dict[str, ModuleType], tmp_path: Path) -> None:
    copy_lists(tmp_path)
    with (tmp_path / "gazetteers" / "ambiguous.txt").open("a", encoding="utf8") as file:
        # In lower case it is another line, but the same name.
        file.write("dev  jordan  PERSON  GPE.country\n")
    with pytest.raises(ValueError, match="train and dev share the names jordan"):
        scripts["corpus_sentences"].make_corpus(tmp_path, SIZES, 0)
