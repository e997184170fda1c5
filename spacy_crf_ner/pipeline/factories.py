"""The factories: from a config to a component."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model

from ..functional import Potentials
from .crf_ner import CRFEntityRecognizer
from .crf_pipe import DEFAULT_MODEL, Scorer
from .settings import DEFAULTS

CRF_NER_CONFIG: dict[str, Any] = {
    "model": DEFAULT_MODEL,
    "scheme": "BILUO",
    "loss": "nll",
    **DEFAULTS,
    "constraint": None,
    "scorer": {"@scorers": "spacy.ner_scorer.v1"},
}


@Language.factory(
    "crf_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config=CRF_NER_CONFIG,
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_crf_ner(
    nlp: Language,
    name: str,
    model: Model[list[Doc], Potentials],
    scheme: str,
    loss: str | Callable[..., Any],
    decoding: str,
    probabilities: bool,
    threshold: float | None,
    k_best: int,
    candidates_key: str | None,
    entropy: bool,
    segments: str,
    overwrite: bool,
    blocked_spans_key: str | None,
    incorrect_spans_key: str | None,
    soft_spans_key: str | None,
    temperature: float,
    label_temperatures: dict[str, float] | None,
    constraint: Callable[..., Any] | None,
    scorer: Scorer | None,
) -> CRFEntityRecognizer:
    """Create a `CRFEntityRecognizer` from its config; the settings are those of the class and of `Settings`.

    nlp (Language): The pipeline.
    name (str): The component's name.
    RETURNS (CRFEntityRecognizer): The component.
    """
    return CRFEntityRecognizer(
        nlp.vocab,
        model,
        name,
        scheme=scheme,
        loss=loss,
        constraint=constraint,
        scorer=scorer,
        decoding=decoding,
        probabilities=probabilities,
        threshold=threshold,
        k_best=k_best,
        candidates_key=candidates_key,
        entropy=entropy,
        segments=segments,
        overwrite=overwrite,
        blocked_spans_key=blocked_spans_key,
        incorrect_spans_key=incorrect_spans_key,
        soft_spans_key=soft_spans_key,
        temperature=temperature,
        label_temperatures=label_temperatures,
    )
