"""Lines of files that have a token on each."""

from pathlib import Path

import pytest

from spacy_crf_ner.data.token_lines import read_token_lines, shown
from spacy_crf_ner.errors import DataError


def test_lines_end_where_the_file_says_and_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "some.conll"
    path.write_bytes("\ufeffa\u2028b\x0bc\r\n\n\ufeffd\x85".encode())
    assert list(read_token_lines(path)) == [(1, "a\u2028b\x0bc"), (2, ""), (3, "\ufeffd\x85")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\nb\0\n", "some.conll to be text .*line 2 has NUL in it"),
        (b"a\rb\r", "line 1 has a carriage return in it"),
        ("a\tO\n".encode("utf-16-le"), "line 1 has NUL in it"),
        ("a\tO\n".encode("utf-16"), "some.conll .*UTF-8.*line 1"),
    ],
)
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "some.conll"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(read_token_lines(path))


def test_messages_show_the_beginning_of_a_line() -> None:
    assert (shown("a" * 100), shown("a" * 101)) == ("a" * 100, "a" * 100 + "...")
