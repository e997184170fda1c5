"""Callbacks in turn: all of them, in the order of the config, with what spaCy gives."""

from __future__ import annotations

from typing import Any

import spacy
from spacy.util import registry
from thinc.api import Config

from spacy_crf_ner.training.callbacks import build_in_turn_v1
from spacy_crf_ner.training.freezing import Freeze
from spacy_crf_ner.training.unfreezing import GradualUnfreezing

TEXT = """
[callback]
@callbacks = "spacy-crf-ner.in_turn.v1"
[callback.*.second_by_name]
@callbacks = "spacy-crf-ner.freeze.v1"
[callback.*.first_by_name]
@callbacks = "spacy-crf-ner.gradual_unfreezing.v1"
"""


def test_all_are_called_with_what_the_callback_is_called_with() -> None:
    calls: list[tuple[str, tuple[Any, ...]]] = []
    callback = build_in_turn_v1(
        lambda *given: calls.append(("a", given)), lambda *given: calls.append(("b", given))
    )
    nlp = spacy.blank("en")
    assert callback(nlp, {"step": 3}) is nlp
    assert calls == [("a", (nlp, {"step": 3})), ("b", (nlp, {"step": 3}))]
    calls.clear()
    assert callback(nlp) is nlp
    assert calls == [("a", (nlp,)), ("b", (nlp,))]


def test_without_callbacks_nothing_happens() -> None:
    nlp = spacy.blank("en")
    assert build_in_turn_v1()(nlp) is nlp


def test_the_order_is_that_of_the_config_and_survives_saving_it(monkeypatch: Any) -> None:
    calls = []
    monkeypatch.setattr(Freeze, "__call__", lambda *_: calls.append("freeze"))
    monkeypatch.setattr(GradualUnfreezing, "__call__", lambda *_: calls.append("unfreeze"))
    saved = Config().from_str(Config().from_str(TEXT).to_str())
    registry.resolve(saved)["callback"](spacy.blank("en"), {"step": 0, "epoch": 0})
    assert calls == ["freeze", "unfreeze"]
