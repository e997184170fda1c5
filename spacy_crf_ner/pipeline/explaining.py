"""From the scores of one Doc to the explanation of its annotation."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from spacy.tokens import Doc

from ..functional import Potentials, k_best, marginals
from ..layers import DecodedSpan, annotation_log_probs
from ..tags import BoolArray, IntArray, TagSet, spans_to_tags, tags_to_spans
from .annotations import trimmed
from .explanation import (
    ENTITY,
    GIVEN,
    PREDICTED,
    THRESHOLD,
    WHITESPACE,
    ExplainedAnnotation,
    ExplainedEntity,
    ExplainedToken,
    Explanation,
    Floats,
    ForbiddenTag,
)
from .forbidden_tags import Constraints
from .prediction import Scored, decode, predict_batch
from .presets import Preset, tags_left
from .settings import Settings

IMPOSSIBLE = -np.inf


def explain_scored(name: str, scored: Scored, settings: Settings, tagset: TagSet) -> Explanation:
    """Explain the annotation that the settings give.

    It is decoded as in prediction; all numbers about it are computed in float64.

    name (str): The component's name.
    scored (Scored): A batch of one Doc with tokens.
    settings (Settings): How it is decoded.
    tagset (TagSet): The tags.
    RETURNS (Explanation): The explanation.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    (doc,), (preset,) = scored.docs, scored.presets
    settings = replace(settings, probabilities=True)
    decoded = decode(scored.potentials, settings, tagset)
    (spans,) = scored.segments.by_doc([one.spans for one in decoded])
    (prediction,) = predict_batch(scored, settings, tagset)
    chain = _chain_of(scored.potentials, tagset)
    annotations = [[span.span for span in one.spans] for one in decoded]
    spelled = [spans_to_tags(tagset, *pair) for pair in zip(annotations, chain.lengths, strict=True)]
    path = np.concatenate(spelled)
    # Not the path's: in IO, posterior decoding may find neighbours that no path tells apart.
    log_prob = sum(annotation_log_probs(chain.potentials, tagset, annotations))
    chosen = chain.annotation(path, log_prob)
    free_marginals = marginals(_without_masks(chain.potentials)).numpy()
    allowed = chain.allowed
    constraints = Constraints(
        name=name,
        doc=doc,
        preset=preset,
        blocked_spans_key=settings.blocked_spans_key,
        tagset=tagset,
        known=tags_left(doc, preset, scored.segments, 0, tagset),
        allowed=allowed,
        opens=chain.opens,
        closes=chain.closes,
        path=chosen.tags,
    )
    incoming, incoming_allowed = chain.incoming(path)
    return Explanation(
        component=name,
        scheme=tagset.scheme,
        decoding=settings.decoding,
        threshold=settings.threshold,
        text=doc.text,
        tags=tagset.tags,
        tokens=_tokens(constraints, chain.emissions, free_marginals),
        entities=_entities(doc, preset, spans, prediction.added),
        emissions=chain.emissions,
        incoming=incoming,
        incoming_allowed=incoming_allowed,
        end=chain.potentials.end.numpy(),
        marginals=marginals(chain.potentials).numpy(),
        free_marginals=free_marginals,
        allowed=allowed,
        chosen=chosen,
        runner_up=chain.runner_up(path, log_prob),
    )


def explain_nothing(name: str, settings: Settings, tagset: TagSet) -> Explanation:
    """Explain a Doc without tokens: it has one annotation.

    name (str): The component's name.
    settings (Settings): Its settings.
    tagset (TagSet): Its tags.
    RETURNS (Explanation): The explanation.
    """
    no_scores = np.zeros((0, tagset.n_tags))
    no_masks = no_scores.astype(bool)
    return Explanation(
        component=name,
        scheme=tagset.scheme,
        decoding=settings.decoding,
        threshold=settings.threshold,
        text="",
        tags=tagset.tags,
        tokens=(),
        entities=(),
        emissions=no_scores,
        incoming=no_scores,
        incoming_allowed=no_masks,
        end=np.zeros(tagset.n_tags),
        marginals=no_scores,
        free_marginals=no_scores,
        allowed=no_masks,
        chosen=ExplainedAnnotation((), (), 0.0, 0.0, 0.0),
        runner_up=None,
    )


@dataclass(frozen=True, eq=False)
class _Chain:
    """The sequences of one Doc, in float64 on the CPU.

    potentials (Potentials): Their scores, packed, with all masks.
    tagset (TagSet): The tags.
    lengths (list[int]): Tokens of each.
    opens (BoolArray): Their first tokens. *Shape:* (n_tokens,).
    closes (BoolArray): Their last tokens. *Shape:* (n_tokens,).
    """

    potentials: Potentials
    tagset: TagSet
    lengths: list[int]
    opens: BoolArray
    closes: BoolArray

    @property
    def emissions(self) -> Floats:
        scores: Floats = self.potentials.emissions.numpy()
        return scores

    @property
    def allowed(self) -> BoolArray:
        mask = self.potentials.allowed_tags
        return np.ones(self.emissions.shape, dtype=bool) if mask is None else mask.numpy()

    def incoming(self, path: IntArray) -> tuple[Floats, BoolArray]:
        """Scores of moving to each tag from the one before it on the path, and whether that is allowed."""
        before = np.roll(path, 1)
        opens = self.opens[:, None]
        potentials = self.potentials
        scores = np.where(opens, potentials.start.numpy(), potentials.transitions.numpy()[before])
        allowed = np.where(opens, self.tagset.allowed_start, self.tagset.allowed_transitions[before])
        return scores, allowed

    def annotation(self, path: IntArray, log_prob: float) -> ExplainedAnnotation:
        scores, _ = self.incoming(path)
        rows = np.arange(len(path))
        moves = scores[rows, path].sum() + self.potentials.end.numpy()[path[self.closes]].sum()
        starts = np.cumsum([0, *self.lengths[:-1]]).tolist()
        spans = tuple(
            span.moved(start)
            for start, length in zip(starts, self.lengths, strict=True)
            for span in tags_to_spans(self.tagset, path[start : start + length])
        )
        emissions = float(self.emissions[rows, path].sum())
        return ExplainedAnnotation(tuple(path.tolist()), spans, emissions, float(moves), log_prob)

    def runner_up(self, path: IntArray, log_prob: float) -> ExplainedAnnotation | None:
        """The most probable annotation but the path's; the best of all if the path does not mean what was decoded."""
        tags, log_probs = k_best(self.potentials, 2)
        best, second = tags.numpy()
        if log_prob == IMPOSSIBLE or (best != path).any():
            return self.annotation(best, float(log_probs[:, 0].sum()))
        # One sequence changes: the one in which the second best is the least behind.
        losses = (log_probs[:, 0] - log_probs[:, 1]).numpy()
        sequence = int(losses.argmin())
        if not np.isfinite(losses[sequence]):
            return None
        first = sum(self.lengths[:sequence])
        after = first + self.lengths[sequence]
        other = path.copy()
        other[first:after] = second[first:after]
        return self.annotation(other, float(log_probs[:, 0].sum() - losses[sequence]))


def _chain_of(potentials: Potentials, tagset: TagSet) -> _Chain:
    def exact(scores: torch.Tensor) -> torch.Tensor:
        return scores.detach().cpu().double()

    chain = replace(
        _without_masks(potentials),
        emissions=exact(potentials.emissions),
        lengths=potentials.lengths.cpu(),
        transitions=exact(potentials.transitions),
        start=exact(potentials.start),
        end=exact(potentials.end),
    )
    masks = {
        name: mask.cpu()
        for name in ("allowed_transitions", "allowed_start", "allowed_end", "allowed_tags")
        if (mask := getattr(potentials, name)) is not None
    }
    chain = replace(chain, **masks)
    lengths = chain.lengths.tolist()
    ends = np.cumsum(lengths)
    opens, closes = (np.zeros(int(ends[-1]), dtype=bool) for _ in range(2))
    opens[ends - lengths] = True
    closes[ends - 1] = True
    return _Chain(chain, tagset, lengths, opens, closes)


def _without_masks(potentials: Potentials) -> Potentials:
    return replace(
        potentials, allowed_transitions=None, allowed_start=None, allowed_end=None, allowed_tags=None
    )


def _tokens(constraints: Constraints, emissions: Floats, free: Floats) -> tuple[ExplainedToken, ...]:
    tokens = []
    for token, chosen in zip(constraints.doc, constraints.path, strict=True):
        position, after = token.i, token.idx + len(token)
        opens, closes = bool(constraints.opens[position]), bool(constraints.closes[position])
        forbidden = _forbidden(constraints, position, emissions[position], free[position])
        tokens.append(ExplainedToken(token.text, token.idx, after, opens, closes, chosen, forbidden))
    return tuple(tokens)


def _forbidden(
    constraints: Constraints, position: int, emissions: Floats, free: Floats
) -> tuple[ForbiddenTag, ...]:
    """The tags of a token that look better than the chosen one, and are forbidden."""
    chosen, names = constraints.path[position], constraints.tagset.tags
    tempting = np.flatnonzero((emissions > emissions[chosen]) | (free > free[chosen])).tolist()
    found = []
    for tag in sorted(tempting, key=lambda tag: -emissions[tag]):
        reason = constraints.reason(position, tag)
        if reason is None:
            continue
        kind, words = reason
        verb, scores = "scored higher", emissions
        if emissions[tag] <= emissions[chosen]:
            verb, scores = "would be more probable without constraints", free
        beaten = f"{names[tag]} {verb} than {names[chosen]} ({scores[tag]:.2f} against {scores[chosen]:.2f})"
        found.append(ForbiddenTag(tag, kind, f"{constraints.quoted(position)}: {beaten}, but {words}."))
    return tuple(found)


def _entities(
    doc: Doc, preset: Preset, decoded: list[DecodedSpan], added: list[DecodedSpan]
) -> tuple[ExplainedEntity, ...]:
    found = [ExplainedEntity(span, None, GIVEN) for span in preset.entities]
    found += [ExplainedEntity(one.span, one.probability, PREDICTED) for one in added]
    known = {one.span for one in found}
    for one in decoded:
        if one.span in known:
            continue
        rest = [cut.span for cut in trimmed(doc, [one])]
        state = THRESHOLD
        if not rest or rest[0] in known:
            state = WHITESPACE
        elif preset.covers(rest[0]):
            state = ENTITY
        found.append(ExplainedEntity(one.span, one.probability, state))
    return tuple(sorted(found, key=lambda one: one.span))
