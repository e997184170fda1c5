"""Pipelines that have learned something, to start from."""

import pytest
from spacy.language import Language

from tests.pipeline import pipelines


@pytest.fixture(scope="session")
def overfitted_bytes() -> bytes:
    """A crf_ner that knows pipelines.TRAIN by heart."""
    nlp = pipelines.make_nlp()
    pipelines.train(nlp)
    return nlp.to_bytes()


@pytest.fixture
def overfitted(overfitted_bytes: bytes) -> Language:
    """A crf_ner that knows pipelines.TRAIN by heart; a new one for each test, which may change it."""
    return pipelines.make_nlp().from_bytes(overfitted_bytes)


@pytest.fixture(scope="session")
def listening_bytes() -> bytes:
    """The same behind a tok2vec."""
    nlp = pipelines.make_listening_nlp()
    pipelines.train(nlp)
    return nlp.to_bytes()


@pytest.fixture
def listening(listening_bytes: bytes) -> Language:
    """A crf_ner behind a tok2vec, both trained on pipelines.TRAIN; new ones for each test."""
    return pipelines.make_listening_nlp().from_bytes(listening_bytes)
