"""A conversion that is killed, or has no room, leaves what was there, and nothing in the way of a later one."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from spacy_crf_ner.data.conversion import Settings, Source, convert
from spacy_crf_ner.data.readers import ReaderOptions, find_inputs
from spacy_crf_ner.errors import DataError
from spacy_crf_ner.files import Replacement
from tests.data.killed import EARLIER, MOMENTS, SIGNALS

PROGRAM = Path(__file__).with_name("killed.py")
# Texts with a mention that is listed, so that there is a report to write.
LISTED = '{"text": "Anna met Boris number %d", "entities": [[0, 4, "PER"], [0, 3, "PER"]]}\n'
CLEAN = LISTED.replace(', [0, 3, "PER"]', "")
N_TEXTS = 300
# Bytes that a file may have; more than a report without lines.
ROOM = 500


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path, LISTED)


def write(folder: Path, line: str) -> Path:
    path = folder / "given.jsonl"
    path.write_text("".join(line % number for number in range(N_TEXTS)), encoding="utf8")
    return path


def contents(path: Path) -> dict[str, bytes] | bytes:
    """A file, or all files of a folder."""
    if path.is_dir():
        return {file.name: file.read_bytes() for file in path.iterdir()}
    return path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("part_tokens", [10**6, 400], ids=["file", "folder"])
def test_a_killed_conversion_leaves_files_whole_and_a_later_one_succeeds(
    source: Path, tmp_path: Path, part_tokens: int
) -> None:
    killed, later = tmp_path / "killed", tmp_path / "later"
    command = [sys.executable, str(PROGRAM), str(source), str(killed), str(later), str(part_tokens)]
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    codes = dict(line.split() for line in output.splitlines())
    numbered = [name for name in codes if name.isdigit()]
    assert [codes[name] for name in numbered] == [*["-9"] * (len(numbered) - 1), "0"]
    assert len(numbered) > 4
    assert len(codes) == len(numbered) + len(SIGNALS) * MOMENTS
    whole = {name: contents(killed / "whole" / name) for name in ("all.spacy", "all.tsv")}
    # What of all that is written whole, or as it was; only a folder may have taken the place of a file that is gone.
    for name in codes:
        for file in whole:
            path = killed / name / file
            gone = part_tokens == 400 and not path.exists()
            assert gone or contents(path) in (EARLIER, whole[file]), (name, file)
    assert any(list((killed / name).glob(".*")) for name in codes)
    # Ctrl-C leaves nothing at all.
    assert not any(list((killed / f"SIGINT-{moment}").glob(".*")) for moment in range(MOMENTS))
    for name in codes:
        assert {file: contents(later / name / file) for file in whole} == whole, name
        assert not list((later / name).glob(".*"))


def test_what_a_killed_process_of_the_same_number_left_is_no_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.spacy"
    left = Replacement(path).temporary
    left.mkdir()
    (left / "0007.spacy").write_bytes(b"left")
    replacement = Replacement(path)
    assert not left.exists()
    replacement.temporary.write_bytes(b"new")
    assert not Replacement(path).temporary.exists()


@pytest.mark.parametrize("part_tokens", [10**6, 400], ids=["file", "folder"])
@pytest.mark.parametrize(("line", "full"), [(LISTED, "all.tsv"), (CLEAN, "all.spacy")])
def test_a_full_disk_is_an_error_that_names_the_file(
    tmp_path: Path, part_tokens: int, line: str, full: str
) -> None:
    source = write(tmp_path, line)
    output = tmp_path / "output"
    output.mkdir()
    (output / "all.spacy").write_bytes(EARLIER)
    sources = [Source(found.path, found.read) for found in find_inputs([source], None, ReaderOptions())]
    settings = Settings(lang="xx", part_tokens=part_tokens)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system says "File too large" here, where it says "No space left on device" of a disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        with pytest.raises(DataError, match=rf"able to write \S*{full}, but .*File too large"):
            convert(sources, [{"": output / "all.spacy"}], settings, output / "all.tsv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert contents(output) == {"all.spacy": EARLIER}
