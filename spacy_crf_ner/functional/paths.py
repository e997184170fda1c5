"""Scores of given paths, and how often each score is used by them: sums of gathers, no recursion."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import Errors, PotentialsError
from .layout import Layout, layout_of
from .log_space import FORBIDDEN
from .potentials import Potentials, PotentialsGradient


def check_tags(potentials: Potentials, tags: Tensor) -> None:
    """Raise unless `tags` are one path per sequence.

    potentials (Potentials): The batch.
    tags (Tensor): Tag ids. *Shape:* (batch, seq_len) or (n_tokens,), int64.
    RAISES (PotentialsError): Tags of the wrong shape or dtype, or out of range.
    """
    expected = tuple(potentials.emissions.shape[:-1])
    if tuple(tags.shape) != expected:
        raise PotentialsError(Errors.P001.format(name="tags", expected=expected, got=tuple(tags.shape)))
    if tags.dtype != torch.int64:
        raise PotentialsError(Errors.P002.format(name="tags", expected=torch.int64, got=tags.dtype))
    lowest, highest = tags.aminmax() if tags.numel() else (0, 0)
    # Padding may hold anything: look at it only when something is wrong at all.
    if int(lowest) < 0 or int(highest) >= potentials.n_tags:
        wrong = (tags < 0) | (tags >= potentials.n_tags)
        wrong = wrong if potentials.is_packed else wrong & potentials.token_mask()
        if bool(wrong.any()):
            place = wrong.nonzero()[0].tolist()
            ends = potentials.lengths.cumsum(0)
            index = int((ends <= place[0]).sum()) if potentials.is_packed else place[0]
            got = int(tags[tuple(place)])
            raise PotentialsError(Errors.P005.format(last=potentials.n_tags - 1, index=index, got=got))


@dataclass(frozen=True, eq=False)
class PathPlaces:
    """Where the scores stand that one path per sequence uses.

    A token uses an emission and a move. Start scores count as moves, too, from a tag after the last one: so the moves
    stand in a table of n_tags + 1 rows.

    layout (Layout): The tokens.
    emissions (Tensor): Index of each token's tag among all emissions of the batch. *Shape:* (n_tokens,), int64.
    moves (Tensor): Index of the move to each token in the table. *Shape:* (n_tokens,), int64.
    final (Tensor): Last tag of each filled sequence. *Shape:* (n_filled,), int64.
    """

    layout: Layout
    emissions: Tensor
    moves: Tensor
    final: Tensor


def places_of(potentials: Potentials, tags: Tensor, layout: Layout) -> PathPlaces:
    """Look up paths.

    potentials (Potentials): The batch.
    tags (Tensor): Tag ids that `check_tags` accepts.
    layout (Layout): The batch's tokens.
    RETURNS (PathPlaces): What they use.
    """
    path = layout.gather(tags, 0)
    n_tags = potentials.n_tags
    rows = torch.arange(len(path), device=path.device) if layout.rows is None else layout.rows
    before = path.roll(1).index_fill_(0, layout.first, n_tags)
    return PathPlaces(
        layout=layout,
        emissions=torch.add(path, rows, alpha=n_tags),
        moves=torch.add(path, before, alpha=n_tags),
        final=path.index_select(0, layout.last),
    )


def path_scores(potentials: Potentials, tags: Tensor) -> Tensor:
    """Score of one path per sequence, differentiable by autograd.

    potentials (Potentials): The batch.
    tags (Tensor): Tag ids that `check_tags` accepts.
    RETURNS (Tensor): *Shape:* (batch,), float64, nats; -inf for forbidden paths, 0 for empty ones.
    """
    return scores_at(potentials, places_of(potentials, tags, layout_of(potentials)))


def scores_at(potentials: Potentials, places: PathPlaces) -> Tensor:
    """`path_scores` of paths that have been looked up.

    potentials (Potentials): The batch.
    places (PathPlaces): What its paths use.
    RETURNS (Tensor): As `path_scores`.
    """
    layout = places.layout
    used = potentials.emissions.reshape(-1).index_select(0, places.emissions).double()
    used = used + _table(potentials.transitions, potentials.start).index_select(0, places.moves)
    score = layout.of_all(potentials.end.index_select(0, places.final).double())
    score = score.index_add(0, layout.sequences, used)
    forbidden = _forbidden(potentials, places)
    return score if forbidden is None else score.masked_fill(forbidden, FORBIDDEN)


def subtract_path(
    gradient: PotentialsGradient, potentials: Potentials, tags: Tensor, weights: Tensor | None
) -> PotentialsGradient:
    """Expected counts minus those of one path per sequence.

    gradient (PotentialsGradient): Expected use of every score; its tensors, contiguous, are changed in place.
    potentials (Potentials): The batch.
    tags (Tensor): Tag ids that `check_tags` accepts.
    weights (Tensor | None): Of each sequence, 1 if None. *Shape:* (batch,), float64.
    RETURNS (PotentialsGradient): The same object.
    """
    return subtract_at(gradient, places_of(potentials, tags, layout_of(potentials)), weights)


def subtract_at(
    gradient: PotentialsGradient, places: PathPlaces, weights: Tensor | None
) -> PotentialsGradient:
    """`subtract_path` for paths that have been looked up.

    gradient (PotentialsGradient): Expected use of every score; its tensors, contiguous, are changed in place.
    places (PathPlaces): What the paths use.
    weights (Tensor | None): Of each sequence, 1 if None. *Shape:* (batch,), float64.
    RETURNS (PotentialsGradient): The same object.
    """
    layout, n_tags = places.layout, len(gradient.start)
    used = gradient.emissions.new_full(places.moves.shape, -1.0)
    if weights is not None:
        used = -weights.to(used.device, used.dtype).index_select(0, layout.sequences)
    gradient.emissions.view(-1).index_add_(0, places.emissions, used)
    table = used.new_zeros((n_tags + 1, n_tags))
    table.view(-1).index_add_(0, places.moves, used)
    gradient.transitions.add_(table[:-1])
    gradient.start.add_(table[-1])
    gradient.end.index_add_(0, places.final, used.index_select(0, layout.last))
    return gradient


def _table(moves: Tensor, start: Tensor) -> Tensor:
    return torch.cat((moves.reshape(-1), start))


def _forbidden(potentials: Potentials, places: PathPlaces) -> Tensor | None:
    """True for each sequence whose path uses something that a mask excludes; None without masks. *Shape:* (batch,)."""
    layout = places.layout
    moves, start = potentials.allowed_transitions, potentials.allowed_start
    wrong = torch.zeros_like(places.moves, dtype=torch.bool)
    if potentials.allowed_tags is not None:
        wrong |= ~potentials.allowed_tags.reshape(-1).index_select(0, places.emissions)
    if moves is not None or start is not None:
        anything = wrong.new_ones((potentials.n_tags, potentials.n_tags))
        table = _table(anything if moves is None else moves, anything[0] if start is None else start)
        wrong |= ~table.index_select(0, places.moves)
    elif potentials.allowed_tags is None and potentials.allowed_end is None:
        return None
    forbidden = layout.any_token(wrong)
    if potentials.allowed_end is not None:
        forbidden |= layout.of_all(~potentials.allowed_end.index_select(0, places.final))
    return forbidden
