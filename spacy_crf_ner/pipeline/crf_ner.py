"""The factory `crf_ner`: named entities in `doc.ents`, with their exact probabilities."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from ..errors import ComponentError, Errors, LossError, PotentialsError
from ..functional import Potentials, PotentialsGradient
from ..layers import DecodedSpan, decode_viterbi, nll_loss, rehearsal_loss
from ..tags import SCHEMES, TagSet
from .annotations import (
    Preset,
    constrain,
    new_entities,
    read_preset,
    register_extensions,
    write_entities,
)
from .crf_pipe import DEFAULT_MODEL, CRFPipe, Scorer, sample_docs
from .encoder import check_encoder, listen_to_docs
from .targets import (
    Annotation,
    check_labels,
    constrain_and_target,
    read_annotation,
    warn_misaligned,
    with_scheme,
)

register_extensions()


class CRFEntityRecognizer(CRFPipe):
    """Named entity recognition with a linear-chain CRF.

    Sets `doc.ents`, `token.ent_iob`, `token.ent_type` and `span._.crf_prob`. Entities that a Doc already holds are hard
    constraints: they are kept, and the rest is decoded around them, unless `overwrite` is set. Scheme and constraints
    are part of training and of decoding alike.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials],
        name: str = "crf_ner",
        *,
        scheme: str = "BILUO",
        probabilities: bool = True,
        threshold: float | None = None,
        overwrite: bool = False,
        scorer: Scorer | None = None,
    ) -> None:
        """Create the component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Doc], Potentials]): Scores the tags of each token.
        name (str): The component's name.
        scheme (str): "BILUO", "BIO" or "IO".
        probabilities (bool): Whether to write the exact probability of each predicted entity to `span._.crf_prob`.
        threshold (float | None): Drop predicted entities below this probability, 0 to 1.
        overwrite (bool): Whether entities that a Doc already holds are ignored and replaced.
        scorer (Callable | None): The scoring method.
        RAISES (ComponentError): A threshold outside 0 to 1, or an unknown scheme.
        """
        if scheme not in SCHEMES:
            expected = "one of " + ", ".join(SCHEMES)
            message = Errors.C006.format(name=name, setting="scheme", expected=expected, got=scheme)
            raise ComponentError(message)
        settings = {"probabilities": probabilities, "threshold": threshold, "overwrite": overwrite}
        super().__init__(vocab, model, name, tagset=TagSet(scheme, ()), settings=settings, scorer=scorer)
        self._threshold()
        self._reported: set[str] = set()

    def predict(self, docs: Iterable[Doc]) -> list[list[DecodedSpan]]:
        """Decode the best tag sequence of each Doc, without changing the Docs.

        docs (Iterable[Doc]): The Docs.
        RETURNS (list[list[DecodedSpan]]): The entities to add to each Doc.
        RAISES (ComponentError): No labels, no weights, or an encoder that is missing or of another width.
        RAISES (LossError): Token scores that are not finite.
        """
        docs = list(docs)
        if not any(len(doc) for doc in docs):
            return [[] for _ in docs]
        self.require_ready()
        check_encoder(self.name, self.model, docs)
        presets = [read_preset(doc, overwrite=self.cfg["overwrite"]) for doc in docs]
        potentials = with_scheme(self.model.predict(docs), self.tagset)
        potentials = constrain(potentials, docs, presets, self.tagset)
        threshold = self._threshold()
        wanted = self.cfg["probabilities"] or threshold is not None
        try:
            decoded = decode_viterbi(potentials, self.tagset, probabilities=wanted)
        except PotentialsError as error:
            raise self._not_finite("score of a token", error) from error
        return [
            _at_least(threshold, new_entities(doc, spans, preset))
            for doc, spans, preset in zip(docs, decoded, presets, strict=True)
        ]

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[Sequence[DecodedSpan]]) -> None:
        """Add predicted entities to the Docs.

        docs (Iterable[Doc]): The Docs, as they were when `predict` was called.
        scores (Sequence[Sequence[DecodedSpan]]): What `predict` returned.
        """
        overwrite, probabilities = self.cfg["overwrite"], self.cfg["probabilities"]
        for doc, added in zip(docs, scores, strict=True):
            preset = read_preset(doc, overwrite=overwrite) if len(doc) else Preset()
            write_entities(doc, added, preset, overwrite=overwrite, probabilities=probabilities)

    def get_loss(self, examples: Iterable[Example], scores: Potentials) -> tuple[float, PotentialsGradient]:
        """Negative log-likelihood of the annotation, summed over the batch, in nats.

        Tokens without annotation are marginalised over: they neither help nor hurt.

        examples (Iterable[Example]): The batch.
        scores (Potentials): The model's scores of the predicted Docs.
        RETURNS (tuple[float, PotentialsGradient]): The loss and its gradient.
        RAISES (ComponentError): Labels that the component does not know.
        RAISES (LossError): A loss that is not finite.
        """
        annotations = [read_annotation(example) for example in examples]
        check_labels(self.name, annotations, self.tagset)
        self._warn_once(annotations)
        potentials, target = constrain_and_target(scores, annotations, self.tagset)
        try:
            loss, gradient = nll_loss(potentials, target)
        except PotentialsError as error:
            raise self._not_finite("loss", error) from error
        if not math.isfinite(loss):
            raise LossError(Errors.C005.format(name=self.name, what="loss", value=loss))
        return loss, gradient

    def rehearse(
        self,
        examples: Iterable[Example],
        *,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
        drop: float = 0.0,
        **config: Any,
    ) -> dict[str, float]:
        """Stay close to the token and transition marginals of the model as it was when training was resumed.

        examples (Iterable[Example]): Examples; their annotation is not used. With a listener in the model, its upstream
            component must have run on their predicted Docs.
        sgd (Optimizer | None): The optimizer; without one the gradient is only accumulated.
        losses (dict[str, float] | None): Updated under the component's name: Kullback-Leibler divergence in nats.
        drop (float): Dropout rate.
        RETURNS (dict[str, float]): `losses`.
        RAISES (ComponentError): An encoder that is missing or of another width.
        RAISES (LossError): A loss that is not finite.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "CRFEntityRecognizer.rehearse")
        # Listeners take a Doc without tokens for one that their upstream component has not seen.
        docs = [example.predicted for example in examples if len(example.predicted)]
        if self._rehearsal_model is None or not docs:
            return losses
        check_encoder(self.name, self.model, docs)
        set_dropout_rate(self.model, drop)
        teacher = self._rehearsal_model.predict(docs)
        known = TagSet(self.tagset.scheme, self.labels[: self._labels_of(teacher)])
        listen_to_docs(self.model)
        scores, backprop = self.model.begin_update(docs)
        try:
            own, fixed = with_scheme(scores, self.tagset), with_scheme(teacher, known)
            loss, gradient = rehearsal_loss(own, fixed)
        except PotentialsError as error:
            raise self._not_finite("loss", error) from error
        backprop(cast(Any, gradient))
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        """Collect the labels and give the model its weights.

        get_examples (Callable[[], Iterable[Example]]): Returns a representative sample of the training data.
        nlp (Language | None): Ignored.
        labels (Iterable[str] | None): The labels, in the order of their tags, as `label_data` or `spacy init labels`
            give them; if None, those that the examples use, sorted, after those of `add_label`.
        RAISES (ComponentError): No labels at all.
        """
        validate_get_examples(get_examples, "CRFEntityRecognizer.initialize")
        if labels is None:
            annotations: list[Annotation] = []
            found: set[str] = set()
            for example in get_examples():
                annotations.append(read_annotation(example))
                found.update(entity.label_ for entity in example.reference.ents)
            self._warn_once(annotations)
            labels = sorted(found)
        for label in labels:
            self.add_label(label)
        if not self.labels:
            raise ComponentError(Errors.C001.format(name=self.name))
        self.check_n_tags()
        docs = sample_docs(get_examples())
        Y = [self.model.ops.alloc2f(len(doc), self.tagset.n_tags) for doc in docs]
        self.model.initialize(X=docs, Y=cast(Any, Y))

    def _threshold(self) -> float | None:
        value = self.cfg["threshold"]
        if value is not None and not 0.0 <= value <= 1.0:
            expected = "a probability between 0 and 1, or null"
            raise ComponentError(
                Errors.C006.format(name=self.name, setting="threshold", expected=expected, got=value)
            )
        return None if value is None else float(value)

    def _labels_of(self, potentials: Potentials) -> int:
        return (potentials.n_tags - 1) // len(self.tagset.rules.prefixes)

    def _warn_once(self, annotations: Sequence[Annotation]) -> None:
        """Every epoch brings the same misaligned entities: each is reported when it is first met."""
        new = [one for one in annotations if not self._reported.issuperset(one.misaligned)]
        warn_misaligned(self.name, new)
        self._reported.update(text for annotation in new for text in annotation.misaligned)

    def _not_finite(self, what: str, error: Exception) -> LossError:
        return LossError(Errors.C005.format(name=self.name, what=what, value=error))


def _at_least(threshold: float | None, decoded: list[DecodedSpan]) -> list[DecodedSpan]:
    if threshold is None:
        return decoded
    return [one for one in decoded if one.probability is not None and one.probability >= threshold]


@Language.factory(
    "crf_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": DEFAULT_MODEL,
        "scheme": "BILUO",
        "probabilities": True,
        "threshold": None,
        "overwrite": False,
        "scorer": {"@scorers": "spacy.ner_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_crf_ner(
    nlp: Language,
    name: str,
    model: Model[list[Doc], Potentials],
    scheme: str,
    probabilities: bool,
    threshold: float | None,
    overwrite: bool,
    scorer: Scorer | None,
) -> CRFEntityRecognizer:
    """Create a `CRFEntityRecognizer` from its config; the settings are those of the class.

    nlp (Language): The pipeline.
    name (str): The component's name.
    RETURNS (CRFEntityRecognizer): The component.
    """
    return CRFEntityRecognizer(
        nlp.vocab,
        model,
        name,
        scheme=scheme,
        probabilities=probabilities,
        threshold=threshold,
        overwrite=overwrite,
        scorer=scorer,
    )
