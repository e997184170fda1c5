"""The component of the factory `crf_ner`: named entities in `doc.ents`, with their exact probabilities."""

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
from ..layers import Loss, loss_and_gradient, needs_counts, rehearsal_loss, step_schedules
from ..tags import SCHEMES, TagSet, TagSpan
from .annotations import Prediction, register_extensions, write_doc_attributes, write_entities
from .crf_pipe import Scorer, sample_docs
from .encoder import check_encoder, listen_to_docs
from .examples import ANY_LABEL, Annotation, read_annotation
from .label_counts import count_tokens
from .lessons import lessons_loss, lessons_of
from .losses import find_loss
from .prediction import predict_batch
from .presets import Constraint
from .queries import QueryPipe
from .scoring import are_finite
from .segments import Segments, example_sentence_starts, sentences, whole_docs
from .settings import DEFAULTS
from .targets import check_labels, supervise, warn_misaligned, with_scheme

register_extensions()


class CRFEntityRecognizer(QueryPipe):
    """Named entity recognition with a linear-chain CRF.

    Sets `doc.ents`, `token.ent_iob`, `token.ent_type`, `span._.crf_prob` and `doc._.crf_log_prob`. Entities that a Doc
    already holds are hard constraints: they are kept, and the rest is decoded around them, unless `overwrite` is set.
    The scheme is part of training and of decoding alike.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials],
        name: str = "crf_ner",
        *,
        scheme: str = "BILUO",
        loss: str | Loss = "nll",
        constraint: Constraint | None = None,
        scorer: Scorer | None = None,
        **settings: Any,
    ) -> None:
        """Create the component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Doc], Potentials]): Scores the tags of each token.
        name (str): The component's name.
        scheme (str): "BILUO", "BIO" or "IO".
        loss (str | Callable): What is minimised in training, or the short name of one of ours: "nll", "softmax_margin",
            "cross_entropy", ...
        constraint (Callable[[Doc, TagSet], BoolArray | None] | None): Gives the tags that each token of a Doc may have
            in prediction, (n_tokens, n_tags), or None where it has nothing to say.
        scorer (Callable | None): The scoring method.
        settings (Any): The fields of `Settings`, each with its default in `settings.DEFAULTS`.
        RAISES (ComponentError): A setting with a value that makes no sense.
        RAISES (TypeError): A setting that there is not.
        """
        if scheme not in SCHEMES:
            expected = "one of " + ", ".join(SCHEMES)
            message = Errors.C006.format(name=name, setting="scheme", expected=expected, got=scheme)
            raise ComponentError(message)
        unknown = ", ".join(sorted(settings.keys() - DEFAULTS.keys()))
        if unknown:
            raise TypeError(f"{type(self).__name__} has no setting {unknown}")
        tagset, cfg = TagSet(scheme, ()), {**DEFAULTS, **settings}
        super().__init__(
            vocab, model, name, tagset=tagset, settings=cfg, constraint=constraint, scorer=scorer
        )
        self.loss = find_loss(name, loss)
        self._reported: set[str] = set()

    def predict(self, docs: Iterable[Doc]) -> list[Prediction]:
        """Decode each Doc, without changing the Docs.

        docs (Iterable[Doc]): The Docs.
        RETURNS (list[Prediction]): What to write to each Doc.
        RAISES (ComponentError): No labels, no weights, an encoder that is missing or of another width, no sentences
            where they are needed, or constraints that no annotation satisfies.
        RAISES (LossError): Token scores that are not finite.
        """
        docs, settings = list(docs), self.settings()
        scored = self.scored(docs)
        if scored is None:
            certain = 0.0 if settings.probabilities else None
            return [Prediction([], certain, 0.0 if settings.entropy else None) for _ in docs]
        with self.explained(scored):
            return predict_batch(scored, settings, self.tagset)

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[Prediction]) -> None:
        """Add predicted entities to the Docs.

        docs (Iterable[Doc]): The Docs, as they were when `predict` was called.
        scores (Sequence[Prediction]): What `predict` returned.
        """
        settings = self.settings()
        overwrite, probabilities = settings.overwrite, settings.probabilities
        for doc, prediction in zip(docs, scores, strict=True):
            write_entities(doc, prediction.added, overwrite=overwrite, probabilities=probabilities)
            write_doc_attributes(doc, prediction, settings.candidates_group)

    def get_loss(self, examples: Iterable[Example], scores: Potentials) -> tuple[float, PotentialsGradient]:
        """The loss of the annotation, summed over the batch, in nats, with what is known of single spans and tokens.

        Tokens without annotation are marginalised over: they neither help nor hurt. For Examples with a lesson of a
        teacher it is the divergence from the teacher: see `lessons.Lesson`.

        examples (Iterable[Example]): The batch.
        scores (Potentials): The model's scores of the predicted Docs.
        RETURNS (tuple[float, PotentialsGradient]): The loss and its gradient.
        RAISES (ComponentError): Labels that the component does not know, annotation that contradicts itself, Docs
            without sentences where they are needed, or a teacher with other tags or tokens.
        RAISES (LossError): A loss that is not finite.
        """
        examples = list(examples)
        lessons = lessons_of(self.name, self.tagset, examples)
        if not any(lessons):
            return self._annotation_loss(examples, scores)
        try:
            return lessons_loss(self.loss, self.tagset, examples, lessons, scores, self._annotation_loss)
        except PotentialsError as error:
            raise self._unlearnable(scores, error) from error

    def finish_update(self, sgd: Optimizer) -> None:
        """Apply the gradient that has been collected; weights of the loss that follow a schedule move on.

        sgd (Optimizer): The optimizer.
        RAISES (ComponentError): The schedule gives a value out of range.
        """
        super().finish_update(sgd)
        step_schedules(self.loss)

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
        examples = [example for example in examples if len(example.predicted)]
        docs = [example.predicted for example in examples]
        if self._rehearsal_model is None or not docs:
            return losses
        check_encoder(self.name, self.model, docs)
        set_dropout_rate(self.model, drop)
        teacher = self._rehearsal_model.predict(docs)
        known = TagSet(self.tagset.scheme, self.labels[: self._labels_of(teacher)])
        segments = self._segments_of_examples(examples, [[] for _ in docs])
        listen_to_docs(self.model)
        scores, backprop = self.model.begin_update(docs)
        try:
            own = with_scheme(segments.cut(scores), self.tagset)
            fixed = with_scheme(segments.cut(teacher), known)
            loss, gradient = rehearsal_loss(own, fixed)
        except PotentialsError as error:
            raise self._not_finite("loss", error) from error
        backprop(cast(Any, gradient))
        if sgd is not None:
            # Not the component's own, which counts updates.
            self.model.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        """Collect the labels, count their tokens if the loss asks for it or all examples are read anyway, and give the
        model its weights.

        get_examples (Callable[[], Iterable[Example]]): Returns a representative sample of the training data.
        nlp (Language | None): Ignored.
        labels (Iterable[str] | None): The labels, in the order of their tags, as `label_data` or `spacy init labels`
            give them; if None, those that the examples use, sorted, after those of `add_label`.
        RAISES (ComponentError): No labels at all.
        """
        validate_get_examples(get_examples, "CRFEntityRecognizer.initialize")
        settings = self.settings()
        counts = None
        if labels is None or needs_counts(self.loss):
            annotations: list[Annotation] = []
            found: set[str] = set()
            for example in get_examples():
                annotations.append(read_annotation(self.name, example, settings))
                found.update(entity.label_ for entity in example.reference.ents)
                found.update(one.span.label for one in annotations[-1].judged if one.probability > 0)
            self._warn_once(annotations)
            counts = count_tokens(annotations)
            labels = sorted(found - {ANY_LABEL}) if labels is None else labels
        for label in labels:
            self.add_label(label)
        if not self.labels:
            raise ComponentError(Errors.C001.format(name=self.name))
        self.check_n_tags()
        self.label_counts = counts
        docs = sample_docs(get_examples())
        Y = [self.model.ops.alloc2f(len(doc), self.tagset.n_tags) for doc in docs]
        self.model.initialize(X=docs, Y=cast(Any, Y))

    def _annotation_loss(
        self, examples: list[Example], scores: Potentials
    ) -> tuple[float, PotentialsGradient]:
        settings = self.settings()
        annotations = [read_annotation(self.name, example, settings) for example in examples]
        check_labels(self.name, annotations, self.tagset)
        self._warn_once(annotations)
        segments = self._segments_of_examples(examples, [one.together() for one in annotations])
        counts = self.label_counts
        potentials, supervision = supervise(scores, annotations, segments, self.tagset, counts)
        try:
            loss, gradient = loss_and_gradient(self.loss, potentials, supervision)
        except PotentialsError as error:
            raise self._unlearnable(scores, error) from error
        if not math.isfinite(loss):
            raise LossError(Errors.C005.format(name=self.name, what="loss", value=loss))
        return loss, gradient

    def _unlearnable(self, scores: Potentials, error: PotentialsError) -> ComponentError:
        if are_finite(scores):
            return ComponentError(Errors.C019.format(name=self.name, reason=error))
        return self._not_finite("loss", error)

    def _segments_of_examples(
        self, examples: Sequence[Example], together: Sequence[Iterable[TagSpan]]
    ) -> Segments:
        docs = [example.predicted for example in examples]
        if self.settings().segments == "doc":
            return whole_docs(docs)
        firsts = [example_sentence_starts(example) for example in examples]
        return sentences(self.name, firsts, docs, together)

    def _labels_of(self, potentials: Potentials) -> int:
        return (potentials.n_tags - 1) // len(self.tagset.rules.prefixes)

    def _warn_once(self, annotations: Sequence[Annotation]) -> None:
        """Every epoch brings the same misaligned entities: each is reported when it is first met."""
        new = [one for one in annotations if not self._reported.issuperset(one.misaligned)]
        warn_misaligned(self.name, new)
        self._reported.update(text for annotation in new for text in annotation.misaligned)
