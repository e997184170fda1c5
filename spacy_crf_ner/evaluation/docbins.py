"""Annotated Docs from .spacy files, checked before anything is computed."""

import warnings
from collections.abc import Iterator
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.training.corpus import FILE_TYPE, walk_corpus
from spacy.vocab import Vocab

from ..errors import Errors, EvaluationError

# What spaCy raises for files that are damaged, or of another kind.
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, AssertionError)


def count_docs(path: Path) -> int:
    """Open all .spacy files once, to find out whether they can be read.

    path (Path): A .spacy file, or a folder with such files, in folders of it, too.
    RETURNS (int): How many Docs they hold.
    RAISES (EvaluationError): No such file, one that is not in spaCy's format, or no Docs.
    """
    n_docs = sum(len(_opened(one)) for one in find_docbins(path))
    if not n_docs:
        raise EvaluationError(Errors.E102.format(path=path))
    return n_docs


def read_docs(path: Path, vocab: Vocab) -> Iterator[Doc]:
    """Read Docs as they are annotated.

    path (Path): A .spacy file, or a folder with such files.
    vocab (Vocab): What strings are stored in.
    YIELDS (Doc): The Docs, file by file.
    RAISES (EvaluationError): As `count_docs`.
    """
    for one in find_docbins(path):
        yield from _opened(one).get_docs(vocab)


def find_docbins(path: Path) -> list[Path]:
    """The files that `spacy train` and `spacy evaluate` would read.

    path (Path): A .spacy file, or a folder with such files, in folders of it, too.
    RETURNS (list[Path]): The files, sorted.
    RAISES (EvaluationError): There is none.
    """
    # spaCy warns of a folder without such files, and goes on.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [Path(one) for one in walk_corpus(path, FILE_TYPE)]
    if not found or not path.exists():
        raise EvaluationError(Errors.E101.format(path=path))
    return found


def _opened(path: Path) -> DocBin:
    try:
        return DocBin().from_disk(path)
    except DAMAGE as error:
        raise EvaluationError(Errors.E103.format(path=path, reason=error)) from error
