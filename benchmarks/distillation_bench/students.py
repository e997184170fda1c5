"""What learns from the teacher."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Student:
    """A ready config and what is changed of it.

    title (str): What it is, for the page.
    base (str): File in `configs` without its ending.
    settings (dict[str, Any]): Values by dotted name, as on the command line.
    vectors (int): Width of static word vectors that are taken from the teacher's transformer first; 0: none.
    """

    title: str
    base: str = "crf_ner_cnn"
    settings: dict[str, Any] = field(default_factory=dict)
    vectors: int = 0


STUDENTS = {
    "cnn": Student("`configs/crf_ner_cnn.cfg` as it is: spaCy's CNN, 96 wide, 4 deep"),
    "cnn-vectors": Student(
        "the same, 128 wide, over word vectors that the teacher's transformer makes of single words",
        settings={"components.tok2vec.model.width": 128, "components.tok2vec.model.pretrained_vectors": True},
        vectors=128,
    ),
}
