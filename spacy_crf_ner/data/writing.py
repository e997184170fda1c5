"""Docs on their way into .spacy files."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from spacy.tokens import Doc, DocBin

from ..files import Replacement, name_errors

# What our Docs hold beside words and spaces: files are a third of what they are with all of spaCy's attributes.
ATTRIBUTES = ("ENT_IOB", "ENT_TYPE", "SENT_START")
# Tokens of one .spacy file: it is in memory as a whole when it is written, and when it is read.
PART_TOKENS = 10_000_000


class DocFile:
    """A .spacy file that Docs are added to. Of many Docs it becomes a folder of such files: `spacy train` reads both.

    replacement (Replacement): Where it is written.
    part_tokens (int): Tokens after which a new file of the folder begins.
    """

    def __init__(self, replacement: Replacement, part_tokens: int = PART_TOKENS) -> None:
        self.replacement = replacement
        self.part_tokens = part_tokens
        self.n_docs = 0
        self._bin = DocBin(attrs=ATTRIBUTES, store_user_data=False)
        self._n_tokens = 0
        self._n_parts = 0

    def add(self, doc: Doc) -> None:
        """Add a Doc. Of its annotation entities, span groups and sentence starts are kept.

        RAISES (DataError): A file cannot be written.
        """
        if self._n_tokens >= self.part_tokens:
            self._write_part()
        self._bin.add(doc)
        self._n_tokens += len(doc)
        self.n_docs += 1

    def close(self) -> None:
        """Write what is left.

        RAISES (DataError): A file cannot be written.
        """
        if self._n_parts:
            self._write_part()
        else:
            with name_errors(self.replacement.path):
                self._bin.to_disk(self.replacement.temporary)

    def _write_part(self) -> None:
        folder = self.replacement.temporary
        self._n_parts += 1
        with name_errors(self.replacement.path):
            folder.mkdir(exist_ok=True)
            self._bin.to_disk(folder / f"{self._n_parts:04}.spacy")
        self._bin = DocBin(attrs=ATTRIBUTES, store_user_data=False)
        self._n_tokens = 0


class DocFiles:
    """The .spacy files of a conversion: all of them take their places with `commit`, or none does.

    part_tokens (int): Tokens after which a file becomes a folder of files.
    """

    def __init__(self, part_tokens: int = PART_TOKENS) -> None:
        self.part_tokens = part_tokens
        self._files: dict[Path, DocFile] = {}

    def __enter__(self) -> DocFiles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.replacement.discard()

    def open(self, path: Path) -> DocFile:
        """The file of this path, which is begun the first time.

        path (Path): Where it will be.
        RETURNS (DocFile): What Docs are added to.
        RAISES (DataError): There is a folder of this name.
        """
        if path not in self._files:
            self._files[path] = DocFile(Replacement(path), self.part_tokens)
        return self._files[path]

    def __contains__(self, path: Path) -> bool:
        """Whether Docs were added to the file of this path."""
        return path in self._files

    def commit(self) -> dict[Path, int]:
        """Write all files.

        RETURNS (dict[Path, int]): Number of Docs in each.
        RAISES (DataError): A file cannot be written; all are as they were.
        """
        for file in self._files.values():
            file.close()
        for file in self._files.values():
            file.replacement.commit()
        return {path: file.n_docs for path, file in self._files.items()}
