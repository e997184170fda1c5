"""What is left to come after each tag, out of the chains in scaled exponential space."""

from torch import Tensor

from .layout import Layout, sent
from .potentials import Potentials
from .scaled_chains import allowed_scores, token_scores
from .scaled_spans import log_divisors
from .scaled_sums import Solved


def score_onward(potentials: Potentials, layout: Layout, solved: Solved) -> Tensor:
    """Logarithms of what arrives at each tag from behind, with the tag's own score.

    What arrives is a sum that is positive and has its digits at every tag from which a path goes on, or its sequence
    is lost; a state, one emission later, may be too small for that.

    potentials (Potentials): The batch, in float64.
    layout (Layout): Its tokens, at least one.
    solved (Solved): What `solve` returned.
    RETURNS (Tensor): Meaningless in lost sequences. *Shape:* (n_tokens, n_tags), float64, nats.
    """
    scores = token_scores(potentials, layout, solved.alphas.new_empty(solved.alphas.shape))
    end = allowed_scores(potentials.end, potentials.allowed_end)
    scores.index_add_(0, layout.last, end.expand(layout.last.shape[0], -1))
    slots = solved.schedule.backward
    scores += solved.chains.arriving.index_select(0, slots).log_()
    stops = (layout.offsets + layout.lengths).index_select(0, layout.owners)
    divided = log_divisors(solved, slots)
    return scores.add_((divided.index_select(0, sent(stops, divided.device)) - divided[1:]).unsqueeze(1))
