"""Fixtures of this room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.projects.clones import ROOT


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder with real corpora: of the variable SPACY_CRF_NER_DATA, or else the one beside the checkout."""
    path = Path(os.environ.get("SPACY_CRF_NER_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"needs the corpora, which are not in {path}: set SPACY_CRF_NER_DATA to their folder")
    return path
