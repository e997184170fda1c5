"""Fixtures of this room."""

import pytest

from spacy_crf_ner.functional import Recursions
from tests.functional.implementations import IMPLEMENTATIONS


@pytest.fixture(params=IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS.keys())
def recursions(request: pytest.FixtureRequest) -> Recursions:
    """Each implementation of the recursions in turn."""
    implementation: Recursions = request.param
    return implementation
