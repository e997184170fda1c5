"""Conversions that are killed: a program of its own, which makes a process for each of them.

    python killed.py INPUT KILLED LATER PART_TOKENS

INPUT is converted into KILLED/NAME/all.spacy, in the place of files of an earlier run, by processes that are killed.
Those with a number as NAME kill themselves, each when it accesses the output for one time more than the last, until one
is not killed any more; to the others, SIGNAL-NUMBER, this program sends a signal after longer and longer times.
LATER/NAME is a copy of what they leave, in which a later process converts INPUT again: one with the number of the
killed one, as in containers. KILLED/whole holds what a process writes that nobody kills. Prints how each ended.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from spacy_crf_ner.data.conversion import Settings, Source, convert
from spacy_crf_ner.data.readers import ReaderOptions, find_inputs

EARLIER = b"of an earlier run"
EVENTS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
MOMENTS = 8


def convert_into(source: Path, target: Path, part_tokens: int) -> None:
    """Convert a file."""
    sources = [Source(found.path, found.read) for found in find_inputs([source], None, ReaderOptions())]
    settings = Settings(lang="xx", part_tokens=part_tokens)
    convert(sources, [{"": target}], settings, target.with_suffix(".tsv"))


def in_a_process(work: Callable[[], None], wait: float | None = None, number: int = 0) -> int:
    """Do something in a process of its own, and send it a signal if it is told to wait.

    RETURNS (int): Its exit code; below 0 the signal that ended it.
    """
    process = os.fork()
    if not process:
        # A shell that starts a program in the background makes it deaf to Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            work()
        except KeyboardInterrupt:
            os._exit(130)
        os._exit(0)
    if wait is not None:
        time.sleep(wait)
        os.kill(process, number)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def convert_until(source: Path, target: Path, part_tokens: int, place: int) -> None:
    """Convert a file, but kill this process at an access to the output."""
    seen = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in EVENTS and str(arguments[0]).startswith(str(target.parent)):
            seen += 1
            if seen > place:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    convert_into(source, target, part_tokens)


def main() -> None:
    """Do what the docstring says."""
    source, killed, later = (Path(argument) for argument in sys.argv[1:4])
    part_tokens = int(sys.argv[4])

    def prepared(name: str) -> Path:
        (killed / name).mkdir(parents=True)
        for ending in (".spacy", ".tsv"):
            (killed / name / f"all{ending}").write_bytes(EARLIER)
        return killed / name / "all.spacy"

    seconds = 0.0
    # The first time takes longer.
    for target in (prepared("first"), prepared("whole")):
        started = time.monotonic()
        convert_into(source, target, part_tokens)
        seconds = time.monotonic() - started
    place, code = 0, -1
    while code:
        target = prepared(str(place))
        code = in_a_process(partial(convert_until, source, target, part_tokens, place))
        sys.stdout.write(f"{target.parent.name} {code}\n")
        place += 1
    for number in SIGNALS:
        for moment in range(MOMENTS):
            target = prepared(f"{number.name}-{moment}")
            work = partial(convert_into, source, target, part_tokens)
            code = in_a_process(work, seconds * moment / MOMENTS, number)
            sys.stdout.write(f"{target.parent.name} {code}\n")
    shutil.copytree(killed, later)
    for folder in later.iterdir():
        for left in folder.glob(".*.part"):
            left.rename(folder / f".{left.name.split('.')[1]}.{left.name.split('.')[2]}.{os.getpid()}.part")
        if (folder / "all.spacy").is_dir():
            # It was complete. Folders are not replaced.
            shutil.rmtree(folder / "all.spacy")
        convert_into(source, folder / "all.spacy", part_tokens)


if __name__ == "__main__":
    main()
