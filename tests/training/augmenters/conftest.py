"""The pipeline of the tests of augmenters."""

import pytest
from spacy.language import Language

from tests.training.augmenters.annotated import make_nlp


@pytest.fixture
def nlp() -> Language:
    """A pipeline, always the same, whose custom attributes are there."""
    return make_nlp()
