"""Annotated files to .spacy files, with the count of every annotation before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import spacy
from spacy.tokens import Doc

from ..errors import DataError, Errors
from .alignment import MODES, Finding, align, quoted
from .labels import change_labels
from .merging import Merger
from .records import Record
from .report import Report, open_report
from .splits import Documents, assign_parts, nothing_left
from .targets import WHOLE
from .writing import PART_TOKENS, DocFiles

STOP = "error"
# Misaligned mentions that an error shows.
SHOWN_MENTIONS = 10

Progress = Callable[[Iterable[Record]], Iterable[Record]]


@dataclass(frozen=True)
class Source:
    """Something with annotated texts.

    path (Path): File or folder.
    read (Callable[[], Iterator[Record]]): Reads it from the beginning, whenever it is called.
    """

    path: Path
    read: Callable[[], Iterator[Record]]


@dataclass(frozen=True)
class Settings:
    """What is to be made of the texts.

    lang (str): Language whose tokenizer divides texts without tokens.
    on_misaligned (str): "error" (nothing is written), or one of the modes of `align`.
    spans_key (str | None): Key in `doc.spans` for all mentions, those that overlap, too.
    label_map (dict[str, str]): New labels by old ones; empty for those left out.
    shares (dict[str, float]): Share of each part of a split; none without a split.
    seed (int): Of the split.
    n_sents (int): How many Records of a document become one Doc; 0 for all of them.
    part_tokens (int): Tokens after which an output becomes a folder of files.
    """

    lang: str = "en"
    on_misaligned: str = "warn"
    spans_key: str | None = None
    label_map: dict[str, str] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    n_sents: int = 1
    part_tokens: int = PART_TOKENS


@dataclass
class Tally:
    """What was read and what was written.

    records (int): Texts in the files, without those that their readers left out.
    found (Counter[str]): Annotations in the files, by label (the new one, where labels are changed).
    entities (Counter[str]): Entities in the Docs that were written.
    spans (Counter[str]): Annotations that are in `doc.spans` only, since they overlap entities.
    lost (Counter[str]): Annotations that are in the report as not written.
    tokens (int): Tokens of the Docs.
    missing (int): Tokens without annotation among them.
    has_documents (bool): Whether a Record named its document.
    changed (Counter[str]): Annotations whose labels were changed, by the old label.
    misaligned (int): Mentions whose bounds are not those of tokens.
    first (list[Finding]): The first ones of them.
    repaired (int): Annotations that the reader had to interpret.
    listed (int): Lines of the report.
    docs (dict[Path, int]): Docs in each file.
    """

    records: int = 0
    found: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    missing: int = 0
    has_documents: bool = False
    changed: Counter[str] = field(default_factory=Counter)
    misaligned: int = 0
    first: list[Finding] = field(default_factory=list)
    repaired: int = 0
    listed: int = 0
    docs: dict[Path, int] = field(default_factory=dict)

    def count_doc(self, doc: Doc, spans_key: str | None) -> None:
        """Count what a Doc that is written holds."""
        entities = Counter(ent.label_ for ent in doc.ents)
        self.entities += entities
        if spans_key is not None:
            self.spans += Counter(span.label_ for span in doc.spans[spans_key]) - entities
        self.tokens += len(doc)
        self.missing += sum(not token.ent_iob for token in doc)

    def check(self) -> None:
        """Check that every annotation of the files is in the Docs or in the report."""
        kept = self.entities + self.spans + self.lost
        assert +self.found == kept, f"{dict(self.found)} annotations read, but {dict(kept)} accounted for"


def convert(
    sources: Sequence[Source],
    targets: Sequence[dict[str, Path]],
    settings: Settings,
    report_path: Path,
    progress: Progress = iter,
) -> Tally:
    """Write annotated texts as .spacy files, and a report of all that could not be written as it stands.

    The Docs are in the order of the Records. All files are written, or none of them. If misaligned mentions are errors,
    or there are no texts, the report is written nevertheless.

    sources (Sequence[Source]): Where the texts come from. With a split they are read twice.
    targets (Sequence[dict[str, Path]]): For each source the file of each part of the split; without a split the one of
        the part "". Files that are there are replaced.
    settings (Settings): What is to be made of the texts.
    report_path (Path): Where the report is written.
    progress (Progress): Wraps the Records of a source.
    RETURNS (Tally): Counts before and after.
    RAISES (DataError): Settings or files that make no sense, no texts, or misaligned mentions if they are errors.
    """
    modes = (STOP, *MODES)
    if settings.on_misaligned not in modes:
        expected = ", ".join(modes)
        raise DataError(
            Errors.D200.format(name="on-misaligned", expected=expected, got=settings.on_misaligned)
        )
    conversion = _Conversion(settings)
    conversion.split(sources)
    failure = None
    with open_report(report_path) as report, DocFiles(settings.part_tokens) as files:
        for source, target in zip(sources, targets, strict=True):
            conversion.add(source, target, files, report, progress)
        tally = conversion.tally
        tally.check()
        tally.listed = report.n_lines
        empty = conversion.find_empty(sources, targets, files)
        if tally.misaligned and settings.on_misaligned == STOP:
            failure = _misaligned(tally, report_path)
        elif empty:
            failure = DataError(Errors.D212.format(paths=", ".join(empty), report=report_path))
        else:
            docs = files.commit()
            tally.docs = {path: docs[path] for target in targets for path in target.values() if path in docs}
    if failure is not None:
        raise failure
    return tally


class _Conversion:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tally = Tally()
        self._tokenizer = _make_tokenizer(settings.lang)
        self._mode = MODES[0] if settings.on_misaligned == STOP else settings.on_misaligned
        self._parts: list[str] = []
        self._documents = Documents()

    def split(self, sources: Iterable[Source]) -> None:
        """Assign documents to the parts of the split, if there is one."""
        if not self.settings.shares:
            return
        documents = Documents()
        for source in sources:
            for record in source.read():
                if record.text:
                    documents.add(record)
        if documents.sizes:
            self._parts = assign_parts(documents.sizes, self.settings.shares, self.settings.seed)

    def add(
        self, source: Source, target: dict[str, Path], files: DocFiles, report: Report, progress: Progress
    ) -> None:
        """Convert a source."""
        mergers = {part: Merger(self.settings.n_sents) for part in target}
        for record in progress(source.read()):
            doc, findings = self._align(record)
            for finding in findings:
                report.add(finding)
            if not record.text:
                continue
            self.tally.records += 1
            self.tally.has_documents |= bool(record.document)
            part = self._parts[self._documents.add(record)] if self._parts else WHOLE
            if doc is not None:
                self._write(mergers[part].add(doc, record.document), target[part], files)
        for part, merger in mergers.items():
            self._write(merger.flush(), target[part], files)

    def find_empty(
        self, sources: Sequence[Source], targets: Sequence[dict[str, Path]], files: DocFiles
    ) -> list[str]:
        """The paths of sources of which no Docs were made: a file of an earlier run must not stand for theirs.

        RAISES (DataError): A part of a split has no Docs, since its texts can become none.
        """
        shares, tally = self.settings.shares, self.tally
        empty = [part for part in shares for target in targets[:1] if target[part] not in files]
        if tally.tokens and empty:
            raise nothing_left(shares, tally.records, empty)
        pairs = zip(sources, targets, strict=True)
        return [
            str(source.path) for source, target in pairs if not any(path in files for path in target.values())
        ]

    def _align(self, record: Record) -> tuple[Doc | None, list[Finding]]:
        tally, label_map = self.tally, self.settings.label_map
        tally.changed.update(mention.label for mention in record.mentions if mention.label in label_map)
        tally.found.update(self._name(mention.label) for mention in record.mentions)
        tally.found.update(self._name(problem.label) for problem in record.problems if problem.label)
        tally.repaired += len(record.repaired)
        read = [Finding(problem, "not written", lost=bool(problem.label)) for problem in record.problems]
        read += [Finding(problem, "written", lost=False) for problem in record.repaired]
        record, left_out = change_labels(record, label_map)
        # These have the labels of the file, and what follows has the new ones.
        tally.lost.update(self._name(finding.problem.label) for finding in (*read, *left_out) if finding.lost)
        spans_key = self.settings.spans_key
        doc, findings = align(self._tokenizer, record, on_misaligned=self._mode, spans_key=spans_key)
        tally.lost.update(finding.problem.label for finding in findings if finding.lost)
        misaligned = [finding for finding in findings if finding.misaligned]
        tally.misaligned += len(misaligned)
        tally.first += misaligned[: SHOWN_MENTIONS - len(tally.first)]
        return doc, [*read, *left_out, *findings]

    def _write(self, docs: Iterable[Doc], path: Path, files: DocFiles) -> None:
        for doc in docs:
            files.open(path).add(doc)
            self.tally.count_doc(doc, self.settings.spans_key)

    def _name(self, label: str) -> str:
        """The label that an annotation is counted under: one that is left out under its own."""
        return self.settings.label_map.get(label) or label


def _make_tokenizer(lang: str) -> Callable[[str], Doc]:
    try:
        return spacy.blank(lang).tokenizer
    # spaCy imports the language's module, which may need a package that is not there.
    except (ImportError, ValueError) as error:
        raise DataError(Errors.D202.format(lang=lang, reason=error)) from error


def _misaligned(tally: Tally, report_path: Path) -> DataError:
    first = "\n".join(
        f"{problem.path}, line {problem.line}: {quoted(problem.text)} ({problem.label}): {problem.reason}"
        for problem in (finding.problem for finding in tally.first)
    )
    return DataError(Errors.D203.format(n_mentions=tally.misaligned, first=first, report=report_path))
