"""The settings of `crf_ner` that may change while it is in use, checked whenever they are used."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ComponentError, Errors

DECODINGS = ("viterbi", "posterior", "argmax")
SEGMENTS = ("doc", "sents")
CANDIDATES_KEY = "crf_ner_candidates"
POSTERIOR_THRESHOLD = 0.5

DEFAULTS: dict[str, Any] = {
    "decoding": "viterbi",
    "probabilities": True,
    "threshold": None,
    "k_best": 1,
    "candidates_key": None,
    "entropy": False,
    "segments": "doc",
    "overwrite": False,
    "blocked_spans_key": None,
    "incorrect_spans_key": None,
    "soft_spans_key": None,
    "temperature": 1.0,
    "label_temperatures": None,
}


@dataclass(frozen=True)
class Settings:
    """What `[components.ner]` says, but for the model, the scheme, the loss, the constraint and the scorer.

    decoding (str): "viterbi": the most probable annotation; "posterior": the entities with the highest expected number
        of correct ones, see `threshold`; "argmax": the best tag of each token by itself, without the scheme's rules.
    probabilities (bool): Whether to write `span._.crf_prob` and `doc._.crf_log_prob`.
    threshold (float | None): Drop predicted entities below this probability, 0 to 1; with posterior decoding, what an
        entity must be worth, 0.5 if None.
    k_best (int): From 2 on, the spans of the k best annotations become candidates.
    candidates_key (str | None): Span group for candidates with their probabilities; "crf_ner_candidates" if None and
        k_best is above 1.
    entropy (bool): Whether to write `doc._.crf_entropy`.
    segments (str): "doc", or "sents": no entity crosses the boundary of a sentence.
    overwrite (bool): Whether entities that a Doc already holds make way.
    blocked_spans_key (str | None): Span group of tokens that are known to be in no entity.
    incorrect_spans_key (str | None): Span group of reference Docs with spans that are known to be no entities.
    soft_spans_key (str | None): Span group of reference Docs with spans and, as `attrs["scores"]`, the probability that
        each is an entity.
    temperature (float): What scores are divided by in prediction, above 0.
    label_temperatures (dict[str, float] | None): The same for single labels.
    """

    decoding: str
    probabilities: bool
    threshold: float | None
    k_best: int
    candidates_key: str | None
    entropy: bool
    segments: str
    overwrite: bool
    blocked_spans_key: str | None
    incorrect_spans_key: str | None
    soft_spans_key: str | None
    temperature: float
    label_temperatures: dict[str, float] | None

    @property
    def candidates_group(self) -> str | None:
        """Where candidates go, if anywhere."""
        return self.candidates_key or (CANDIDATES_KEY if self.k_best > 1 else None)


def read_settings(name: str, cfg: Mapping[str, Any]) -> Settings:
    """Check the settings of a component.

    name (str): Its name, for the message.
    cfg (Mapping[str, Any]): Its `cfg`.
    RETURNS (Settings): The settings.
    RAISES (ComponentError): A value that makes no sense; the message names the setting.
    """

    def check(setting: str, fits: bool, expected: str) -> None:
        if not fits:
            message = Errors.C006.format(name=name, setting=setting, expected=expected, got=cfg[setting])
            raise ComponentError(message)

    check("decoding", cfg["decoding"] in DECODINGS, "one of " + ", ".join(DECODINGS))
    check("segments", cfg["segments"] in SEGMENTS, "one of " + ", ".join(SEGMENTS))
    threshold, k_best = cfg["threshold"], cfg["k_best"]
    fits = threshold is None or (_is_number(threshold) and 0.0 <= threshold <= 1.0)
    check("threshold", fits, "a probability between 0 and 1, or null")
    fits = isinstance(k_best, int) and not isinstance(k_best, bool) and k_best >= 1
    check("k_best", fits, "a number from 1")
    for setting in ("probabilities", "entropy", "overwrite"):
        check(setting, isinstance(cfg[setting], bool), "true or false")
    for setting in ("candidates_key", "blocked_spans_key", "incorrect_spans_key", "soft_spans_key"):
        value = cfg[setting]
        fits = value is None or (isinstance(value, str) and value != "")
        check(setting, fits, "the key of a span group, or null")
    check("temperature", _is_positive(cfg["temperature"]), "a finite number above 0")
    own = cfg["label_temperatures"]
    fits = own is None or (isinstance(own, dict) and all(map(_is_positive, own.values())))
    check("label_temperatures", fits, "a finite number above 0 for each label, or null")
    return Settings(**{setting: cfg[setting] for setting in DEFAULTS})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_positive(value: Any) -> bool:
    return _is_number(value) and math.isfinite(value) and value > 0
