"""Docs to scores with all constraints: what prediction and all questions to a component begin with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model

from ..errors import ComponentError, Errors, ImpossibleSequenceError, LossError, PotentialsError
from ..functional import Potentials
from ..layers import tempered
from ..tags import TagSet, first_dead_end
from .crf_pipe import CRFPipe, Scorer
from .encoder import check_encoder
from .prediction import Scored
from .presets import Constraint, Preset, constrain, read_preset
from .segments import SHOWN_CHARACTERS, Segments, sentence_starts, sentences, whole_docs
from .settings import Settings, read_settings
from .targets import with_scheme


class ScoringPipe(CRFPipe):
    """A component that scores Docs with all that is known of them."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials],
        name: str,
        *,
        tagset: TagSet,
        settings: dict[str, Any],
        constraint: Constraint | None,
        scorer: Scorer | None,
    ) -> None:
        super().__init__(vocab, model, name, tagset=tagset, settings=settings, scorer=scorer)
        self.constraint = constraint
        self.settings()

    def settings(self) -> Settings:
        """RETURNS (Settings): The settings in `cfg`, which may have been changed, checked.

        RAISES (ComponentError): A value that makes no sense.
        """
        return read_settings(self.name, self.cfg)

    def scored(self, docs: list[Doc], *, own: bool = True) -> Scored | None:
        """Score Docs, with all that is known of them.

        docs (list[Doc]): The Docs.
        own (bool): Whether entities with a `crf_prob`, which a CRF component has predicted, are among what is known.
        RETURNS (Scored | None): The batch; None if it has no tokens.
        RAISES (ComponentError): No labels, no weights, an encoder that is missing or of another width, no sentences
            where they are needed, a temperature for a label that there is not, a constraint that returns no mask.
        """
        if not any(len(doc) for doc in docs):
            return None
        settings = self.settings()
        self._check_temperatures(settings)
        presets = self._presets(docs, settings, own=own)
        segments = self.segments_of(docs, presets)
        potentials = self.potentials_of(docs, presets, segments)
        potentials = tempered(potentials, self.tagset, settings.temperature, settings.label_temperatures)
        return Scored(docs, presets, segments, potentials)

    def segments_of(self, docs: list[Doc], presets: Sequence[Preset] | None = None) -> Segments:
        """What of each Doc is a sequence of its own, by the setting `segments`.

        docs (list[Doc]): The Docs.
        presets (Sequence[Preset] | None): What is known of each; read from the Docs if None.
        RETURNS (Segments): The sequences.
        RAISES (ComponentError): A Doc without sentences where they are needed.
        """
        settings = self.settings()
        if settings.segments == "doc":
            return whole_docs(docs)
        presets = self._presets(docs, settings) if presets is None else presets
        firsts = [sentence_starts(doc) for doc in docs]
        return sentences(self.name, firsts, docs, [preset.entities for preset in presets])

    def potentials_of(
        self, docs: list[Doc], presets: Sequence[Preset] | None = None, segments: Segments | None = None
    ) -> Potentials:
        """The scores of Docs with all constraints, before they are divided by a temperature.

        docs (list[Doc]): The Docs, at least one of them with tokens.
        presets (Sequence[Preset] | None): What is known of each; read from the Docs if None.
        segments (Segments | None): What of them are the sequences; as the settings say if None.
        RETURNS (Potentials): The batch, packed.
        RAISES (ComponentError): As `scored`.
        """
        self.require_ready()
        check_encoder(self.name, self.model, docs)
        presets = self._presets(docs, self.settings()) if presets is None else presets
        segments = self.segments_of(docs, presets) if segments is None else segments
        potentials = with_scheme(self.model.predict(docs), self.tagset)
        potentials = constrain(self.name, potentials, docs, presets, segments, self.tagset, self.constraint)
        return segments.cut(potentials)

    @contextmanager
    def explained(self, scored: Scored) -> Iterator[None]:
        """Turn errors about sequences into errors about Docs.

        scored (Scored): The batch.
        RETURNS (ContextManager): Around what may raise them.
        RAISES (ComponentError): Constraints that no annotation satisfies.
        RAISES (LossError): Token scores that are not finite.
        """
        try:
            yield
        except ImpossibleSequenceError as error:
            raise self._impossible(scored, error) from error
        except PotentialsError as error:
            raise self._not_finite("score of a token", error) from error

    def _presets(self, docs: Sequence[Doc], settings: Settings, *, own: bool = True) -> list[Preset]:
        overwrite, key = settings.overwrite, settings.blocked_spans_key
        return [read_preset(doc, overwrite=overwrite, blocked_spans_key=key, own=own) for doc in docs]

    def _check_temperatures(self, settings: Settings) -> None:
        unknown = set(settings.label_temperatures or ()).difference(self.labels)
        if unknown:
            expected = "numbers for labels of the component (" + ", ".join(self.labels) + ")"
            got, setting = sorted(unknown), "label_temperatures"
            message = Errors.C006.format(name=self.name, setting=setting, expected=expected, got=got)
            raise ComponentError(message)

    def _impossible(self, scored: Scored, error: ImpossibleSequenceError) -> ComponentError:
        """The error for a sequence without a path: if the masks are the reason, with the token at which it ends."""
        segment, segments, allowed = error.indices[0], scored.segments, scored.potentials.allowed_tags
        position = None
        if allowed is not None:
            first = int(segments.lengths[:segment].sum())
            mask = allowed[first : first + int(segments.lengths[segment])].cpu().numpy()
            position = first_dead_end(self.tagset, mask)
        if position is None:
            # Scores of -inf forbid, too.
            return self._not_finite("score of a token", error)
        doc = scored.docs[int(segments.owners[segment])]
        position += int(segments.starts[segment])
        text = doc.text[:SHOWN_CHARACTERS]
        message = Errors.C012.format(name=self.name, text=text, position=position, token=doc[position].text)
        return ComponentError(message)

    def _not_finite(self, what: str, error: Exception) -> LossError:
        return LossError(Errors.C005.format(name=self.name, what=what, value=error))


def are_finite(potentials: Potentials) -> bool:
    """RETURNS (bool): Whether all scores are numbers, so that it is something else that makes a loss impossible.

    potentials (Potentials): The batch.
    """
    scores = (potentials.emissions, potentials.transitions, potentials.start, potentials.end)
    return all(bool(torch.isfinite(score).all()) for score in scores)
