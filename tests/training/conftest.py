"""What several tests of this room share: an encoder of some layers, and a pipeline on it."""

from pathlib import Path

import pytest
from spacy.language import Language
from spacy.training.initialize import init_nlp

from tests.training.deep_encoder import encoder_of, make_config, save_deep_encoder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the encoder; to be read and not to be changed."""
    path = tmp_path_factory.mktemp("deep") / "encoder"
    save_deep_encoder(path)
    return path


@pytest.fixture(scope="module")
def initialized(tiny_corpus: Path, encoder: Path) -> Language:
    """A pipeline on it, which `nlp` makes ready for each test."""
    return init_nlp(make_config(tiny_corpus, encoder))


@pytest.fixture
def nlp(initialized: Language) -> Language:
    """A pipeline of which everything learns."""
    module = encoder_of(initialized)
    module.requires_grad_(True)
    module._forward_hooks.clear()
    return initialized
