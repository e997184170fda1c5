"""Runs the command on generated files, and says whether all holds that has to."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import json
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any
from unittest import mock

import spacy
from spacy.tokens import Doc, DocBin

from spacy_crf_ner.cli.convert import convert_files
from spacy_crf_ner.data import conversion
from tests.data.fuzzing.annotated import Given
from tests.data.fuzzing.text_files import make_brat, make_doccano, make_jsonl, make_label_studio
from tests.data.fuzzing.token_files import make_columns, make_conllu, make_datasets

MAKERS: dict[str, Callable[[Random], Given]] = {
    "columns": make_columns,
    "conllu": make_conllu,
    "jsonl": make_jsonl,
    "doccano": make_doccano,
    "label-studio": make_label_studio,
    "brat": make_brat,
    "datasets": make_datasets,
}
# What the command line leaves as it is, but that the tokenizer is one for any language.
DEFAULTS = {
    name: parameter.default.default for name, parameter in inspect.signature(convert_files).parameters.items()
} | {"lang": "xx"}
EARLIER = b"of an earlier run"
LOST = ("not written", "written once", "left out by")
# Ten mentions are shown, with their labels; and nobody reads more.
MAX_MESSAGE = 5000
# Nothing that is converted here takes a tenth of it, on any machine.
SECONDS = 120


class HangError(BaseException):
    """A conversion that does not end; no `Exception`, which somebody might catch."""


@dataclass
class Outcome:
    """What a conversion did.

    refused (str): Its error message; empty if it converted the files.
    docs (list[Doc]): What it wrote.
    rows (list[list[str]]): The lines of its report: file, line, text, label, reason, done.
    counts (dict[str, Any]): What it counted.
    """

    refused: str = ""
    docs: list[Doc] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def found(self) -> Counter[tuple[str, tuple[tuple[int, int, str], ...]]]:
        """How often each text was written with each annotation, in characters."""
        return Counter(
            (doc.text.rstrip(" "), tuple((ent.start_char, ent.end_char, ent.label_) for ent in doc.ents))
            for doc in self.docs
        )

    @property
    def lost(self) -> list[list[str]]:
        """The lines of the report about annotations that are not in the Docs."""
        return [row for row in self.rows if row[5].startswith(LOST)]


def options_of(random: Random, given: Given) -> dict[str, Any]:
    """Options of the command that go with files, and change what it does in passing.

    random (Random): What chooses.
    given (Given): The files.
    RETURNS (dict[str, Any]): Options.
    """
    options = dict(given.options)
    if random.randint(0, 3) == 0:
        # The command finds out the rest; options of formats may then be none of what it finds.
        options = {"lang": "xx"}
    options["on_misaligned"] = random.choice(["warn", "warn", "expand", "contract", "error"])
    options["spans_key"] = random.choice([None, None, "sc"])
    options["n_sents"] = random.choice([1, 1, 0, 2])
    options["split"] = random.choice([None, None, None, None, None, "50/50"])
    options["label_map"] = random.choice([(), (), ("PER=LOC",), ("PER=", "LOC=人名")])
    return options


def convert(given: Given, options: dict[str, Any] | None = None) -> Outcome:
    """Convert files, and check what has to hold of any files.

    They are converted, and all that was read is in the Docs or in the report; or they are refused with an error that
    names a file, and everything is as it was before. Anything else fails.

    given (Given): The files.
    options (dict[str, Any] | None): Options of the command; by default those that the files ask for.
    RETURNS (Outcome): What was done.
    RAISES (AssertionError): It does not hold.
    """
    options = {**DEFAULTS, **(given.options if options is None else options)}
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "given"), Path(folder, "output")
        for name, content in given.files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        source.mkdir(exist_ok=True)
        output.mkdir()
        names = ["train.spacy", "dev.spacy"] if options["split"] else ["all.spacy"]
        for name in names:
            (output / name).write_bytes(EARLIER)
        target = output if options["split"] else output / "all.spacy"
        named = source / given.named
        if not named.exists():
            named = source
        message = _run(named, target, output / "counts.json", options)
        return _refused(message, output, names) if message else _converted(output, names, options)


def _run(named: Path, target: Path, counts: Path, options: dict[str, Any]) -> str:
    """The command; its message if it refuses the files."""
    stream = io.BytesIO()
    printed = io.TextIOWrapper(stream, "utf8", write_through=True)
    with contextlib.ExitStack() as stack:
        # Making a tokenizer takes longer than the files.
        stack.enter_context(mock.patch.object(conversion, "_make_tokenizer", _tokenizer))
        stack.enter_context(contextlib.redirect_stdout(printed))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        stack.enter_context(_watched())
        try:
            convert_files(**options | {"input_paths": [named], "output": target, "json_path": counts})
        except SystemExit as ended:
            code = ended.code
        else:
            return ""
    # The command breaks lines.
    message = " ".join(stream.getvalue().decode().rpartition("\u2718 ")[2].split())
    assert code == 1, f"exit code {code}"
    assert "given" in message or "--split" in message, f"no file is named: {message}"
    assert len(message) < MAX_MESSAGE, f"a message of {len(message)} characters: {message[:200]}"
    return message


@functools.lru_cache(maxsize=4)
def _tokenizer(lang: str) -> Callable[[str], Doc]:
    return spacy.blank(lang).tokenizer


@contextlib.contextmanager
def _watched() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise HangError(f"still converting after {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _refused(message: str, output: Path, names: list[str]) -> Outcome:
    there = {path.name for path in output.iterdir()}
    # Two errors are about what the report lists.
    report = {name for name in there if name.endswith("report.tsv") and name in message}
    assert there == {*names, *report}, f"left behind: {there}"
    assert all((output / name).read_bytes() == EARLIER for name in names)
    return Outcome(message)


def _converted(output: Path, names: list[str], options: dict[str, Any]) -> Outcome:
    report = "convert-report.tsv" if options["split"] else "all-report.tsv"
    there = {path.name for path in output.iterdir()}
    assert there == {*names, report, "counts.json"}, f"left behind: {there}"
    vocab = _tokenizer(options["lang"]).vocab  # type: ignore[attr-defined]
    docs = [doc for name in names for doc in DocBin().from_disk(output / name).get_docs(vocab)]
    text = (output / report).read_text(encoding="utf-8-sig")
    rows = [line.split("\t") for line in text.split("\n")[1:-1]]
    assert all(len(row) == 6 for row in rows)
    counts = json.loads((output / "counts.json").read_text(encoding="utf8"))
    outcome = Outcome("", docs, rows, counts)
    _check_counts(outcome, options["spans_key"])
    return outcome


def _check_counts(outcome: Outcome, spans_key: str | None) -> None:
    """What the command counted is what the Docs and the report hold."""
    totals = {
        kind: sum(label[kind] for label in outcome.counts["labels"].values())
        for kind in ("found", "entities", "in_spans_only", "not_written")
    }
    entities = Counter(ent.label_ for doc in outcome.docs for ent in doc.ents)
    counted = {label: one["entities"] for label, one in outcome.counts["labels"].items() if one["entities"]}
    assert entities == counted
    written = sum(entities.values())
    if spans_key is not None:
        written = sum(len(doc.spans[spans_key]) for doc in outcome.docs)
    assert written == totals["entities"] + totals["in_spans_only"]
    assert sum(bool(row[3]) for row in outcome.lost) == totals["not_written"]
    assert written + totals["not_written"] == totals["found"]
    assert len(outcome.rows) == outcome.counts["report_lines"]
    assert sum(len(doc) for doc in outcome.docs) == outcome.counts["tokens"]
    assert len(outcome.docs) == sum(outcome.counts["docs"].values())
