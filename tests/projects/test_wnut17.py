"""The project projects/wnut17: its conversion changes no token and no tag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from spacy.cli.project.assets import project_assets
from spacy.tokens import DocBin
from spacy.util import registry

from tests.projects import clones
from tests.projects.corpora import FORMATS, write_own

LABELS = {"corporation", "creative-work", "group", "location", "person", "product"}


def read_columns(path: Path) -> Iterator[list[list[str]]]:
    """Posts as lists of [token, tag], read in another way than that of `crf-ner convert`."""
    text = path.read_bytes().decode("utf8").replace("\n\t\n", "\n\n")
    for post in text.strip("\n").split("\n\n"):
        yield [line.split("\t") for line in post.strip("\n").split("\n")]


def convert_from(source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fetch the corpus from a folder and convert it, in a fresh clone.

    source (Path): Folder with the three files.
    folder (Path): Where the clone is made.
    monkeypatch (MonkeyPatch): Makes the clone the current folder.
    RETURNS (Path): The clone.
    """
    registry.cli.get_all()
    project = clones.clone("wnut17", folder)
    overrides = {"vars.corpus_source": str(source)}
    monkeypatch.chdir(project)
    project_assets(project, overrides=overrides)
    clones.run_here(project, "convert", overrides)
    return project


def assert_equal(source: Path, project: Path) -> set[str]:
    """Compare all Docs with the files that they were made of.

    RETURNS (set[str]): The labels that were met.
    """
    vocab = spacy.blank("en").vocab
    labels = set()
    for split, name in FORMATS["wnut17"].files.items():
        docs = DocBin().from_disk(project / "corpus" / f"{split}.spacy").get_docs(vocab)
        for doc, columns in zip(docs, read_columns(source / name), strict=True):
            tags = [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type else "O" for token in doc]
            assert [[token.text, tag] for token, tag in zip(doc, tags, strict=True)] == columns
            labels |= {ent.label_ for ent in doc.ents}
    return labels


def test_conversion_keeps_every_token_and_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    source.mkdir()
    write_own("wnut17", source)
    # As in the published files: a TAB in blank lines, and characters that are not seen.
    train = source / FORMATS["wnut17"].files["train"]
    odd = "Anna\tB-person\n\u2028\ufeff\tI-person\n\t\na\u200bb\tO\nParis\tB-location\nBonn\tB-location\n\t\n"
    text = odd + train.read_text(encoding="utf8").replace("\n\n", "\n\t\n")
    train.write_text(text, encoding="utf8", newline="\n")
    project = convert_from(source, tmp_path, monkeypatch)
    assert assert_equal(source, project) == {"location", "person"}


@pytest.mark.slow
def test_conversion_keeps_every_token_and_tag_of_the_published_files(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = corpora / FORMATS["wnut17"].folder
    project = convert_from(source, tmp_path, monkeypatch)
    assert assert_equal(source, project) == LABELS
