"""Files as they should be: what comes out is what went in."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.fuzzing.profiles import each_format, examples
from tests.data.fuzzing.run import MAKERS, convert
from tests.data.fuzzing.token_files import SCHEME_LETTERS, TAG_FORMS, make_columns


@each_format
def test_texts_and_entities_are_those_of_the_file(name: str) -> None:
    @examples(20)
    @given(st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        valid = MAKERS[name](random)
        outcome = convert(valid)
        assert not outcome.refused
        assert outcome.found == valid.expected
        assert all(row[4].startswith("left out: notes") for row in outcome.rows)

    check()


@pytest.mark.parametrize("scheme", [*SCHEME_LETTERS, "BARE"])
def test_a_scheme_that_is_not_told_gives_the_same_entities(scheme: str) -> None:
    @examples(10)
    @given(st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        # Letters behind labels are found only if there are some B and I of one label.
        valid = make_columns(random, scheme, TAG_FORMS[:2])
        outcome = convert(valid, {**valid.options, "scheme": "auto"})
        assert outcome.found == valid.expected

    check()
