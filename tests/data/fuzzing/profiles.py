"""How many inputs are tried: a few in the usual suite, and with SPACY_CRF_NER_FUZZ=nightly many more."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.data.fuzzing.run import MAKERS

# A night has room for so many times the inputs of the usual suite.
FACTOR = 200 if os.environ.get("SPACY_CRF_NER_FUZZ") == "nightly" else 1

each_format = pytest.mark.parametrize("name", MAKERS)


def examples(count: int) -> settings:
    """Settings of Hypothesis for a test of so many inputs.

    count (int): In the usual suite.
    RETURNS (settings): Without a deadline: conversions have a limit of their own.
    """
    checks = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
    return settings(
        max_examples=count * FACTOR,
        deadline=None,
        # In the usual suite always the same inputs: a change must not fail for what an earlier one did.
        derandomize=FACTOR == 1,
        suppress_health_check=checks,
        print_blob=True,
    )
