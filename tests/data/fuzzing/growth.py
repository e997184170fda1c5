"""Files with something in them that is larger than any tool makes it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.data.fuzzing.annotated import Given
from tests.data.fuzzing.damage import Damage, damage, place_in

MANY = 100_000
LONG = 1_000_000


def enlarge(random: Random, given: Given) -> Given:
    """Make something in a file larger than any tool makes it, and perhaps damage it.

    random (Random): What chooses.
    given (Given): Files as they should be.
    RETURNS (Given): Others.
    """
    files = dict(given.files)
    name = random.choice(sorted(files))
    files[name] = random.choice(GROWTHS)(random, files[name])
    larger = replace(given, files=files, sentences=())
    return damage(random, larger) if random.randint(0, 2) == 0 else larger


def _long_line(random: Random, content: bytes) -> bytes:
    start, piece = (
        place_in(random, content),
        random.choice([b"a", b"a ", b"1", b".", b"-", b"\xf0\x9f\x98\x80", b"\\n"]),
    )
    return content[:start] + piece * (LONG // len(piece)) + content[start:]


def _deep(random: Random, content: bytes) -> bytes:
    start, piece = (
        place_in(random, content),
        random.choice([b"[", b'{"a":', b"]", b"(", b'[{"a":[', b'{"text": "a", "spans": [']),
    )
    return content[:start] + piece * MANY + content[start:]


def _wide(random: Random, content: bytes) -> bytes:
    start, piece = (
        place_in(random, content),
        random.choice([b"\t", b"\tx", b" x", b",", b"|a=b", b",x", b"0 1;", b'"a":1,']),
    )
    return content[:start] + piece * MANY + content[start:]


def _often(random: Random, content: bytes) -> bytes:
    line = random.choice(content.split(b"\n"))
    return content + b"\n" + (line + b"\n") * (LONG // 20 // (len(line) + 1))


GROWTHS: tuple[Damage, ...] = (_long_line, _deep, _wide, _often)
