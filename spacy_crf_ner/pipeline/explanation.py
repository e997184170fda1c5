"""Why a component annotates a Doc as it does: the numbers, and which constraint forbade what scored higher."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tags import BoolArray, TagSpan

Floats = NDArray[np.float64]

# What becomes of an entity: it was on the Doc, it is predicted, or it was decoded and left out because of its
# probability, because it is whitespace at an edge or altogether, or because of an entity on the Doc.
GIVEN, PREDICTED = "given", "predicted"
THRESHOLD, WHITESPACE, ENTITY = "threshold", "whitespace", "entity"
# What else may forbid a tag, beside `WHITESPACE` and `ENTITY`.
SCHEME, SEGMENTS, BLOCKED_TOKEN = "scheme", "segments", "blocked_token"
BLOCKED_SPAN, CONSTRAINT = "blocked_span", "constraint"


@dataclass(frozen=True)
class ForbiddenTag:
    """A tag that looked better than the chosen one, and that a constraint forbids.

    tag (int): Its id.
    kind (str): What forbids it: "scheme", "segments", "whitespace", "entity" (one on the Doc), "blocked_token",
        "blocked_span" or "constraint".
    sentence (str): The same for people, with both scores.
    """

    tag: int
    kind: str
    sentence: str


@dataclass(frozen=True)
class ExplainedToken:
    """A token.

    text (str): The token.
    start (int): Its first character in the Doc.
    end (int): The character after its last.
    opens (bool): Whether a sequence of the CRF begins here: the Doc, or a sentence by `segments`.
    closes (bool): Whether one ends here.
    chosen (int): The tag in the decoded annotation.
    forbidden (tuple[ForbiddenTag, ...]): Tags with a higher emission, or more probable without constraints, that are
        forbidden; the one with the highest emission first.
    """

    text: str
    start: int
    end: int
    opens: bool
    closes: bool
    chosen: int
    forbidden: tuple[ForbiddenTag, ...]


@dataclass(frozen=True)
class ExplainedEntity:
    """An entity that was on the Doc, that is predicted, or that was decoded and left out.

    span (TagSpan): Its tokens and label.
    probability (float | None): Of exactly this entity, 0 to 1; None if it was given.
    state (str): "given", "predicted", or why it is left out: "threshold", "whitespace" or "entity" (one on the Doc).
    """

    span: TagSpan
    probability: float | None
    state: str


@dataclass(frozen=True)
class ExplainedAnnotation:
    """A tag for each token, and its probability as a whole.

    tags (tuple[int, ...]): Ids.
    spans (tuple[TagSpan, ...]): The entities that they spell.
    emissions (float): Sum of the scores of the tokens' tags, nats.
    transitions (float): Sum of the scores of all moves, first and last tags of sequences included, nats.
    log_prob (float): Log-probability, nats; -inf for what the constraints exclude.
    """

    tags: tuple[int, ...]
    spans: tuple[TagSpan, ...]
    emissions: float
    transitions: float
    log_prob: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a component annotates a Doc as it does. All scores are in nats, and after temperatures.

    component (str): Its name.
    scheme (str): The scheme of its tags.
    decoding (str): How it decodes.
    threshold (float | None): The probability below which it drops entities, or what an entity costs by posterior
        decoding; None for the default.
    text (str): The Doc.
    tags (tuple[str, ...]): Names of the tags.
    tokens (tuple[ExplainedToken, ...]): The tokens.
    entities (tuple[ExplainedEntity, ...]): By place; predicted ones, those on the Doc, and those left out.
    emissions (Floats): Scores of each token's tags. *Shape:* (n_tokens, n_tags).
    incoming (Floats): Scores of moving to each tag from the chosen tag before, or of beginning with it.
        *Shape:* (n_tokens, n_tags).
    incoming_allowed (BoolArray): Whether the scheme allows that move. *Shape:* (n_tokens, n_tags).
    end (Floats): Scores of ending with each tag. *Shape:* (n_tags,).
    marginals (Floats): P(token has this tag), with all constraints. *Shape:* (n_tokens, n_tags).
    free_marginals (Floats): The same without any: neither those of the scheme nor those of the Doc.
        *Shape:* (n_tokens, n_tags).
    allowed (BoolArray): Tags that the Doc and the component's constraint leave to each token.
        *Shape:* (n_tokens, n_tags).
    chosen (ExplainedAnnotation): The decoded annotation.
    runner_up (ExplainedAnnotation | None): The most probable other one; None if there is no other. With another
        decoding than "viterbi" it may be more probable than the chosen one.
    """

    component: str
    scheme: str
    decoding: str
    threshold: float | None
    text: str
    tags: tuple[str, ...]
    tokens: tuple[ExplainedToken, ...]
    entities: tuple[ExplainedEntity, ...]
    emissions: Floats
    incoming: Floats
    incoming_allowed: BoolArray
    end: Floats
    marginals: Floats
    free_marginals: Floats
    allowed: BoolArray
    chosen: ExplainedAnnotation
    runner_up: ExplainedAnnotation | None

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it: tags by name, arrays as lists, null for what is not finite.

        RETURNS (dict[str, Any]): The fields by name. Entities have their characters and text, and the runner-up the
            positions of tokens that differ (`differs`).
        """
        arrays = ("emissions", "incoming", "end", "marginals", "free_marginals")
        return {
            "component": self.component,
            "scheme": self.scheme,
            "decoding": self.decoding,
            "threshold": self.threshold,
            "text": self.text,
            "tags": list(self.tags),
            "tokens": [self._token_dict(token) for token in self.tokens],
            "entities": [
                {**self._span_dict(one.span), "probability": one.probability, "state": one.state}
                for one in self.entities
            ],
            **{name: _finite(getattr(self, name).tolist()) for name in arrays},
            "incoming_allowed": self.incoming_allowed.tolist(),
            "allowed": self.allowed.tolist(),
            "chosen": self._annotation_dict(self.chosen),
            "runner_up": None if self.runner_up is None else self._annotation_dict(self.runner_up),
        }

    def _token_dict(self, token: ExplainedToken) -> dict[str, Any]:
        forbidden = [{**asdict(one), "tag": self.tags[one.tag]} for one in token.forbidden]
        return {**asdict(token), "chosen": self.tags[token.chosen], "forbidden": forbidden}

    def _span_dict(self, span: TagSpan) -> dict[str, Any]:
        start, end = self.tokens[span.start].start, self.tokens[span.end - 1].end
        return {
            "start": start,
            "end": end,
            "start_token": span.start,
            "end_token": span.end,
            "label": span.label,
            "text": self.text[start:end],
        }

    def _annotation_dict(self, annotation: ExplainedAnnotation) -> dict[str, Any]:
        pairs = enumerate(zip(annotation.tags, self.chosen.tags, strict=True))
        return {
            "tags": [self.tags[tag] for tag in annotation.tags],
            "entities": [self._span_dict(span) for span in annotation.spans],
            "emissions": _finite(annotation.emissions),
            "transitions": _finite(annotation.transitions),
            "log_prob": _finite(annotation.log_prob),
            "differs": [position for position, (own, other) in pairs if own != other],
        }


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return value if math.isfinite(value) else None
