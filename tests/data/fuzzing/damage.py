"""What happens to files on their way: every damage that a file of an annotation tool may have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.data.fuzzing.annotated import Given

Damage = Callable[[Random, bytes], bytes]

_NUMBER = re.compile(rb"-?[0-9]+")
NUMBERS = (
    *(
        b"-1",
        b"-0",
        b"0",
        b"1",
        b"3",
        b"7",
        b"0.5",
        b"1e999",
        b"1e5",
        b"-1e-400",
        b"NaN",
        b"Infinity",
        b"-Infinity",
    ),
    *(b'"3"', b"null", b"true", b"false", b"[]", b"{}", b"[0]", b"+1", b"0x10", b"1_0", b"007"),
    *(b"2147483648", b"9223372036854775808", b"18446744073709551616", b"9" * 400, b"9" * 5000),
    *("٣".encode(), "１".encode()),
)
# What has a meaning in one of the formats, or none in any.
SNIPPETS = (
    *(
        b"\0",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"\t",
        b"\t\t",
        b" ",
        b"\x0b",
        b"\x0c",
        b"\x1c",
        b"\x7f",
        b"\x85",
        b"\xff",
    ),
    *(b"\xef\xbb\xbf", b"\xed\xa0\xbd", b"\xc3", b"\xe4\xf6\xfc", b"\xf0\x9f\x98", b"\xff\xfe", b"\xfe\xff"),
    *(
        "\u2028\u2029\u0085\u200b\u200d\u00ad\u202e\ufeff\u00a0\u3000\U0010ffff\U000e0041".encode(),
        "e\u0301".encode(),
    ),
    *(
        rb"\ud83d",
        rb"\udc00",
        rb"\u0000",
        rb"\ud83d\ude00",
        rb"\n",
        rb"\x",
        b"\\",
        b'"',
        b"'",
        b"{",
        b"}",
        b"[",
        b"]",
    ),
    *(
        b",",
        b":",
        b"=",
        b"|",
        b"#",
        b"# ",
        b"# text = x",
        b"# newdoc",
        b"-DOCSTART-",
        b"-DOCSTART- O\n",
        b"/*",
        b"<b>",
    ),
    *(
        b"O",
        b"B-PER",
        b"I-PER",
        b"E-PER",
        b"U-PER",
        b"B-",
        b"-",
        b"_",
        b"?",
        b"B",
        b"I",
        b"(PER*",
        b"*)",
        b"PER-B",
    ),
    *(
        b"1-2\tx",
        b"1-1",
        b"8.1\tx",
        b"1\t",
        b"SpaceAfter=No",
        b"SpacesAfter=\\u0000",
        b"NER=",
        b"name=x",
        b"id=1",
    ),
    *(
        b"T9\tPER 0 1;2 3\tx\n",
        b"T9\tPER 0 1\n",
        b"T9\tPER 5 2\tx\n",
        b"R1\tRel Arg1:T1 Arg2:T2\n",
        b"*\tEquiv T1 T2\n",
    ),
    *(
        b'"answer": "reject", ',
        b'"text": "y", ',
        b'"text": null, ',
        b'"label": [[0, 1, 5]], ',
        b'"spans": {}, ',
    ),
    *(
        b'"labels": [null, "A", 3], ',
        b'"entities": [[0, 1, "A"], [0, 1, ""], [0, 1, " "], 5], ',
        b'"to_name": "other", ',
    ),
    *(
        b'"was_cancelled": true, ',
        b'"tokens": [{}], ',
        b'"relations": 3, ',
        b'"label": 5, ',
        b'"data": "z", ',
    ),
    *(
        b"null",
        b"NaN",
        b"[]",
        b"{}",
        b'""',
        b'{"text": ""}\n',
        b'{"text": " "}\n',
        b'{"text": "a", "label": []}\n',
    ),
)


def damage(random: Random, given: Given) -> Given:
    """Damage files once or more often.

    random (Random): What chooses.
    given (Given): Files as they should be.
    RETURNS (Given): Others; its sentences are no longer what is in them.
    """
    files = dict(given.files)
    for _ in range(random.choice([1, 1, 2, 3])):
        if random.randint(0, 19) == 0:
            files = _without_or_with_a_file(random, files)
            continue
        name = random.choice(sorted(files))
        files[name] = random.choice(DAMAGES)(random, files[name])
    return replace(given, files=files, sentences=())


def _without_or_with_a_file(random: Random, files: dict[str, bytes]) -> dict[str, bytes]:
    name = random.choice(sorted(files))
    if random.randint(0, 1) and len(files) > 1:
        return {other: content for other, content in files.items() if other != name}
    return {**files, f"{name}x": files[name], random.choice(["more.ann", "more.txt", ".hidden"]): b"\n"}


def place_in(random: Random, content: bytes) -> int:
    """Somewhere in a file."""
    return random.randint(0, len(content))


def _truncate(random: Random, content: bytes) -> bytes:
    return content[: place_in(random, content)]


def _cut_out(random: Random, content: bytes) -> bytes:
    start = place_in(random, content)
    return content[:start] + content[start + random.randint(1, 8) :]


def _insert(random: Random, content: bytes) -> bytes:
    start = place_in(random, content)
    return content[:start] + random.choice(SNIPPETS) + content[start:]


def _overwrite(random: Random, content: bytes) -> bytes:
    start, snippet = place_in(random, content), random.choice(SNIPPETS)
    return content[:start] + snippet + content[start + len(snippet) :]


def _flip(random: Random, content: bytes) -> bytes:
    if not content:
        return b"x"
    start = random.randrange(len(content))
    return content[:start] + bytes([content[start] ^ (1 << random.randint(0, 7))]) + content[start + 1 :]


def _renumber(random: Random, content: bytes) -> bytes:
    places = [found.span() for found in _NUMBER.finditer(content)]
    if not places:
        return content + random.choice(NUMBERS)
    start, end = random.choice(places)
    return content[:start] + random.choice(NUMBERS) + content[end:]


def _lines(random: Random, content: bytes) -> bytes:
    """Lines dropped, doubled, swapped, or moved to the end."""
    lines = content.split(b"\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randint(0, 3)
    if kind == 0:
        del lines[first]
    elif kind == 1:
        lines.insert(second, lines[first])
    elif kind == 2:
        lines[first], lines[second] = lines[second], lines[first]
    else:
        lines = lines[first:] + lines[:first]
    return b"\n".join(lines)


def _line_ends(random: Random, content: bytes) -> bytes:
    kind = random.randint(0, 3)
    if kind == 3:
        lines = content.split(b"\n")
        return b"".join(line + random.choice([b"\n", b"\r\n", b"\r"]) for line in lines)
    return content.replace(b"\r\n", b"\n").replace(b"\n", [b"\r", b"\r\n", b"\n\r"][kind])


def _recode(random: Random, content: bytes) -> bytes:
    """Another encoding, of all or of a part."""
    text = content.decode("utf8", errors="replace")
    encoding = random.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "gb18030", "utf-7"])
    start = random.choice([0, place_in(random, content)])
    return text[:start].encode() + text[start:].encode(encoding, errors="replace")


def _double_key(random: Random, content: bytes) -> bytes:
    keys = re.findall(rb'"[a-z_]+": ', content)
    if not keys:
        return content + content
    key, other = random.choice(keys), random.choice([b"null", b"[]", b'"x"', b"1", b"{}"])
    return content.replace(key, key + other + b", " + key, random.choice([1, -1]))


def _rename_key(random: Random, content: bytes) -> bytes:
    keys = re.findall(rb'"[a-z_]+"', content)
    if not keys:
        return content.replace(b"\t", b" ", random.randint(1, 3))
    return content.replace(random.choice(keys), random.choice(keys), random.choice([1, -1]))


def _blank(random: Random, content: bytes) -> bytes:
    return random.choice(
        [b"", b"\n", b"\n\n\n", b" \t\n\r\n", b"\xef\xbb\xbf", "\u2028\n".encode(), content[:1]]
    )


def _noise(random: Random, _: bytes) -> bytes:
    return bytes(random.randint(0, 255) for _ in range(random.randint(0, 40)))


DAMAGES: tuple[Damage, ...] = (
    *(
        _truncate,
        _cut_out,
        _insert,
        _insert,
        _insert,
        _overwrite,
        _overwrite,
        _flip,
        _renumber,
        _renumber,
        _renumber,
    ),
    *(_lines, _lines, _line_ends, _recode, _double_key, _rename_key, _blank, _noise),
)
