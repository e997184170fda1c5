"""Longer Docs from the parts of a document."""

from __future__ import annotations

from typing import Any

import numpy
from spacy.tokens import Doc

from ..errors import DataError, Errors


class Merger:
    """Joins Docs that follow each other in one document.

    n_sents (int): How many at most; 1 joins none, 0 joins whole documents.
    RAISES (DataError): It is below 0.
    """

    def __init__(self, n_sents: int) -> None:
        if n_sents < 0:
            raise DataError(Errors.D200.format(name="n-sents", expected="0 or more", got=n_sents))
        self.n_sents = n_sents
        self._document = ""
        self._docs: list[Doc] = []

    def add(self, doc: Doc, document: str) -> list[Doc]:
        """Take the next Doc.

        doc (Doc): The Doc of a Record.
        document (str): The Record's document; with an empty one the Doc stays by itself.
        RETURNS (list[Doc]): Docs that are complete now.
        """
        if self.n_sents == 1:
            return [doc]
        complete = self.flush() if document != self._document else []
        self._document = document
        if not document:
            return [*complete, doc]
        self._docs.append(doc)
        return [*complete, *(self.flush() if len(self._docs) == self.n_sents else [])]

    def flush(self) -> list[Doc]:
        """RETURNS (list[Doc]): What is left: at most one Doc."""
        docs, self._docs = self._docs, []
        return [merge_docs(docs)] if docs else []


def merge_docs(docs: list[Doc]) -> Doc:
    """Join Docs. Each becomes a sentence of the whole.

    docs (list[Doc]): At least one, all of one vocab and none without tokens.
    RETURNS (Doc): Their tokens, with a space between two Docs, and their entities, missing tokens and span groups.
    """
    merged = Doc.from_docs(docs)
    # Spaces that were not known do not become known.
    merged.has_unknown_spaces = any(doc.has_unknown_spaces for doc in docs)
    starts = numpy.full(len(merged), -1, dtype="int64")
    starts[numpy.cumsum([0, *(len(doc) for doc in docs[:-1])])] = 1
    # Token by token, each would be looked for in the whole Doc.
    values: Any = starts.astype("uint64").reshape(-1, 1)
    merged.from_array(["SENT_START"], values)
    return merged
