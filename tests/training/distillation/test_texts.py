"""What a file of raw texts is recognised by, and which texts are held out."""

from pathlib import Path

import pytest

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.distillation.texts import (
    EVERY,
    MOST,
    held_out_texts,
    is_held_out,
    survey,
)


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf8", newline="")
    return path


def test_a_file_is_counted_and_recognised_by_its_texts(tmp_path: Path) -> None:
    first = survey(written(tmp_path / "a.txt", "One\nTwo\n"))
    assert (first.n_texts, first.path) == (2, tmp_path / "a.txt")
    assert survey(written(tmp_path / "b.txt", "One\n\nTwo")).digest == first.digest
    assert survey(written(tmp_path / "c.txt", "OneTwo\n")).digest != first.digest
    assert survey(written(tmp_path / "d.txt", "Two\nOne\n")).digest != first.digest


def test_a_file_without_texts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"Expected texts for the teacher.*none in .*raw.txt"):
        survey(written(tmp_path / "raw.txt", "\n \n"))


def test_every_tenth_text_is_held_out_up_to_a_number() -> None:
    n_texts = EVERY * MOST + 5 * EVERY
    found = list(held_out_texts(str(index) for index in range(n_texts)))
    assert found == [str(index) for index in range(n_texts) if is_held_out(index)]
    assert found[:2] == ["9", "19"]
    assert len(found) == MOST
