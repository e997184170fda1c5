"""Docs in spaCy's format: the files of a corpus, and what is in them."""

import zlib
from collections.abc import Iterator
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.training.corpus import walk_corpus
from spacy.vocab import Vocab

from ..errors import DataError, Errors

DOCS = ".spacy"
# What spaCy raises of bytes that are not its own, depending on where it stumbles.
DAMAGE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, EOFError, zlib.error)


def find_docbins(path: Path) -> list[Path]:
    """The .spacy files that a path stands for, as spaCy's commands read it.

    path (Path): A .spacy file, or a folder with such files, in folders of it, too.
    RETURNS (list[Path]): The file, or all in the folder.
    RAISES (DataError): There are none.
    """
    if path.is_dir():
        # spaCy warns of a folder without files: we raise.
        files = walk_corpus(path, DOCS) if any(path.rglob(f"*{DOCS}")) else []
        if not files:
            is_pipeline = (path / "meta.json").is_file()
            got = "a pipeline, which is named before the Docs" if is_pipeline else "a folder without them"
            raise DataError(Errors.F002.format(path=path, got=got))
        return [Path(file) for file in files]
    if not path.is_file():
        raise DataError(Errors.F002.format(path=path, got="nothing"))
    if path.suffix != DOCS:
        raise DataError(Errors.F002.format(path=path, got="a file of another name"))
    return [path]


def count_docs(path: Path) -> int:
    """Open all .spacy files once, to find out whether they can be read.

    path (Path): A .spacy file, or a folder with such files.
    RETURNS (int): How many Docs they hold, at least one.
    RAISES (DataError): No such file, one that is not in spaCy's format, or no Docs.
    """
    n_docs = sum(len(_opened(file)) for file in find_docbins(path))
    if not n_docs:
        raise DataError(Errors.F004.format(path=path))
    return n_docs


def read_docs(path: Path, vocab: Vocab) -> Iterator[Doc]:
    """The Docs of a file or folder, empty ones included.

    path (Path): A .spacy file, or a folder with such files.
    vocab (Vocab): What strings are stored in.
    YIELDS (Doc): The Docs, file by file.
    RAISES (DataError): No such file, or one that is not in spaCy's format.
    """
    for file in find_docbins(path):
        yield from read_docbin(file, vocab)


def read_docbin(file: Path, vocab: Vocab) -> Iterator[Doc]:
    """The Docs of a file, whatever it is called.

    file (Path): A file in spaCy's format.
    vocab (Vocab): What strings are stored in.
    YIELDS (Doc): The Docs.
    RAISES (DataError): It is not in this format.
    """
    docs = _opened(file).get_docs(vocab)
    while True:
        try:
            doc = next(docs, None)
        except DAMAGE as error:
            raise _damaged(file, error) from error
        if doc is None:
            return
        yield doc


def _opened(file: Path) -> DocBin:
    try:
        return DocBin().from_disk(file)
    except DAMAGE as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> DataError:
    return DataError(Errors.F003.format(path=file, reason=str(error).rstrip(".")))
