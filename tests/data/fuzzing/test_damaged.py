"""Damaged files: converted with nothing lost in silence, or refused with an error that names the file.

What has to hold is checked by `convert` of tests/data/fuzzing/run.py. With SPACY_CRF_NER_FUZZ=nightly there are 200
times as many inputs; `benchmarks/fuzzing.py` runs 100,000 and more, without Hypothesis.
"""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.fuzzing.damage import damage
from tests.data.fuzzing.growth import enlarge
from tests.data.fuzzing.mentions import spoil
from tests.data.fuzzing.profiles import each_format, examples
from tests.data.fuzzing.run import MAKERS, Outcome, convert, options_of


@each_format
def test_damaged_files_are_converted_or_refused(name: str) -> None:
    @examples(200)
    @given(st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        damaged = damage(random, MAKERS[name](random))
        convert(damaged, options_of(random, damaged))

    check()


@each_format
def test_huge_files_are_converted_or_refused(name: str) -> None:
    @examples(3)
    @given(st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        huge = enlarge(random, MAKERS[name](random))
        convert(huge, options_of(random, huge))

    check()


@pytest.mark.parametrize("name", ["jsonl", "doccano", "label-studio", "brat"])
@pytest.mark.parametrize("mode", ["warn", "expand", "contract"])
def test_every_annotation_of_a_file_is_an_entity_or_listed(name: str, mode: str) -> None:
    @examples(40)
    @given(st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        spoilt, count = spoil(random, name)
        outcome = convert(spoilt, {**spoilt.options, "on_misaligned": mode})
        assert outcome.refused or n_accounted(outcome) == count

    check()


def n_accounted(outcome: Outcome) -> int:
    """Annotations that are in the Docs, or in the report on a line of their own or with others."""
    written = sum(len(doc.ents) for doc in outcome.docs)
    return written + sum(_n_listed(reason) for *_, reason, _ in outcome.lost)


def _n_listed(reason: str) -> int:
    counted = re.match(r"(?:left out: .*?|record left out, with its annotations) \(([0-9]+)\)", reason)
    if counted:
        return int(counted[1])
    about_texts = ("record left out", "it has no `", "its `tokens`", "expected a list as")
    return 0 if reason.startswith(about_texts) else 1
