"""Fixtures for all rooms: real corpora, a tiny corpus, a tiny transformer, and pipelines trained with our configs."""

from __future__ import annotations

import functools
import os
import shutil

# Before torch is imported: for sizes like these a pool of threads costs more than it brings.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Before anything imports Triton, as transformers does: without a GPU its interpreter runs our programs.
if shutil.which("nvidia-smi") is None:
    os.environ.setdefault("TRITON_INTERPRET", "1")

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

ROOT = Path(__file__).resolve().parent.parent

# spaCy and transformers take seconds to import: the rooms that do without them need not wait.
if TYPE_CHECKING:
    from collections.abc import Callable

    from spacy.tokens import Doc


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder with real corpora: of the variable SPACY_CRF_NER_DATA, or else the one beside the checkout."""
    path = Path(os.environ.get("SPACY_CRF_NER_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"needs the corpora, which are not in {path}: set SPACY_CRF_NER_DATA to their folder")
    return path


@pytest.fixture
def tiny_docs() -> list[Doc]:
    """Twelve annotated Docs with the labels tiny.TINY_LABELS; new ones for each test, which may change them."""
    from tests import tiny

    return tiny.make_tiny_docs()


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus as a .spacy file, to be read and not to be changed."""
    from spacy.tokens import DocBin

    from tests import tiny

    path = tmp_path_factory.mktemp("corpus") / "tiny.spacy"
    DocBin(docs=tiny.make_tiny_docs()).to_disk(path)
    return path


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random BERT of width 16, for `--paths.encoder`; to be read and not to be changed."""
    from tests import tiny

    path = tmp_path_factory.mktemp("encoder") / "tiny-bert"
    tiny.save_tiny_encoder(path)
    return path


@pytest.fixture(scope="session")
def train_once(
    tiny_corpus: Path, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Trains with one of tiny.ENCODERS until the pipeline knows the tiny corpus, the first time it is asked to."""
    from spacy.cli.train import train

    from tests import tiny

    @functools.cache
    def train_once(config_name: str) -> Path:
        output = tmp_path_factory.mktemp(config_name)
        settings = tiny.overrides(config_name, tiny_corpus, tiny_encoder, steps=20)
        train(tiny.CONFIGS / f"{config_name}.cfg", output, overrides=settings)
        return output / "model-last"

    return train_once


# No fixture of the session: pytest would keep `trained` for a room that has parameters of its own for this one.
@pytest.fixture(scope="module", params=["crf_ner_cnn", "crf_ner_trf"])
def config_name(request: pytest.FixtureRequest) -> str:
    """The configs that most rooms make do with; tests/configs trains with each."""
    return str(request.param)


@pytest.fixture(scope="module")
def trained(config_name: str, train_once: Callable[[str], Path]) -> Path:
    """A pipeline trained with this config; to be read and not to be changed."""
    return train_once(config_name)
