"""Brute force over every tag sequence: what the CRF's functions must agree with.

Nothing here knows a recursion, except `forward_backward`, which serves sequences too long to enumerate and is itself
held to the enumeration by a test. All arithmetic is NumPy's float64.
"""

import itertools
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from spacy_crf_ner.functional import Potentials


@dataclass(frozen=True)
class Problem:
    """One sequence of a batch, without padding, every mask spelled out.

    emissions (ndarray): Scores in nats. *Shape:* (length, n_tags)
    transitions (ndarray): Scores `[from, to]`. *Shape:* (n_tags, n_tags)
    start, end (ndarray): Scores of the first and last tag. *Shape:* (n_tags,)
    allowed_*: The masks of the same name; all True where the potentials have none.
    """

    emissions: np.ndarray
    transitions: np.ndarray
    start: np.ndarray
    end: np.ndarray
    allowed_transitions: np.ndarray
    allowed_start: np.ndarray
    allowed_end: np.ndarray
    allowed_tags: np.ndarray

    @property
    def length(self) -> int:
        return int(self.emissions.shape[0])

    @property
    def n_tags(self) -> int:
        return int(self.emissions.shape[1])


def problems_of(potentials: Potentials) -> list[Problem]:
    """The sequences of a batch, padded or packed, cut to their lengths."""
    potentials = potentials.padded()
    scores = [
        getattr(potentials, name).detach().cpu().numpy().astype("float64")
        for name in ("transitions", "start", "end")
    ]
    emissions = potentials.emissions.detach().cpu().numpy().astype("float64")
    n_tags = emissions.shape[2]

    def mask_or_true(name: str, shape: tuple[int, ...]) -> np.ndarray:
        mask = getattr(potentials, name)
        return np.ones(shape, dtype=bool) if mask is None else mask.cpu().numpy()

    allowed_tags = mask_or_true("allowed_tags", emissions.shape)
    static = [
        mask_or_true("allowed_transitions", (n_tags, n_tags)),
        mask_or_true("allowed_start", (n_tags,)),
        mask_or_true("allowed_end", (n_tags,)),
    ]
    lengths = potentials.lengths.tolist()
    return [Problem(emissions[i, :n], *scores, *static, allowed_tags[i, :n]) for i, n in enumerate(lengths)]


@cache
def all_paths(length: int, n_tags: int) -> np.ndarray:
    """Every tag sequence. *Shape:* (n_tags ** length, length)"""
    paths = list(itertools.product(range(n_tags), repeat=length))
    return np.array(paths, dtype="int64").reshape(len(paths), length)


def path_scores(problem: Problem, paths: np.ndarray) -> np.ndarray:
    """Scores in nats, -inf for a path that any mask forbids. *Shape:* (n_paths, length) -> (n_paths,)"""
    scores = np.zeros(len(paths))
    if paths.shape[1] == 0:
        return scores
    first, last, steps = paths[:, 0], paths[:, -1], np.arange(paths.shape[1])
    before, after = paths[:, :-1], paths[:, 1:]
    scores += problem.start[first] + problem.end[last] + problem.emissions[steps, paths].sum(1)
    scores += problem.transitions[before, after].sum(1)
    allowed = (
        problem.allowed_start[first] & problem.allowed_end[last] & problem.allowed_tags[steps, paths].all(1)
    )
    allowed &= problem.allowed_transitions[before, after].all(1)
    return np.where(allowed, scores, -np.inf)


def log_sum_exp(scores: np.ndarray) -> float:
    """log(sum(exp(scores))), -inf where nothing is finite."""
    highest = scores.max(initial=-np.inf)
    return float(highest + np.log(np.exp(scores - highest).sum())) if np.isfinite(highest) else -np.inf


def score(problem: Problem, path: tuple[int, ...]) -> float:
    """Score of one path in nats."""
    return float(path_scores(problem, np.array([path], dtype="int64").reshape(1, problem.length))[0])


def log_partition(problem: Problem, allowed: np.ndarray | None = None) -> float:
    """log of the sum over paths; over those inside `allowed` (length, n_tags) only, where it is given."""
    paths = all_paths(problem.length, problem.n_tags)
    scores = path_scores(problem, paths)
    if allowed is not None:
        inside = allowed[np.arange(problem.length), paths].all(1)
        scores = np.where(inside, scores, -np.inf)
    return log_sum_exp(scores)


def probabilities(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Every path with its probability. *Shape:* (n_paths, length), (n_paths,)"""
    paths = all_paths(problem.length, problem.n_tags)
    return paths, np.exp(path_scores(problem, paths) - log_partition(problem))


def token_marginals(problem: Problem) -> np.ndarray:
    """P(y_t = tag). *Shape:* (length, n_tags)"""
    paths, probability = probabilities(problem)
    one_hot = np.eye(problem.n_tags)[paths]
    return np.einsum("p,ptj->tj", probability, one_hot)


def transition_marginals(problem: Problem) -> np.ndarray:
    """P(y_t = from, y_t+1 = to). *Shape:* (max(length - 1, 0), n_tags, n_tags)"""
    paths, probability = probabilities(problem)
    one_hot = np.eye(problem.n_tags)[paths]
    return np.einsum("p,pti,ptj->tij", probability, one_hot[:, :-1], one_hot[:, 1:])


def best_score(problem: Problem) -> float:
    """The highest score of any path; ties between paths are nobody's business."""
    return float(path_scores(problem, all_paths(problem.length, problem.n_tags)).max())


def best_paths(problem: Problem, tolerance: float = 1e-9) -> set[tuple[int, ...]]:
    """Every path within `tolerance` nats of the highest score."""
    paths = all_paths(problem.length, problem.n_tags)
    scores = path_scores(problem, paths)
    return {tuple(path) for path in paths[scores >= scores.max() - tolerance].tolist()}


def restricted(problem: Problem, allowed: np.ndarray) -> Problem:
    """The same sequence with another mask of allowed tags on top. *Shape:* (length, n_tags)"""
    fields = {name: getattr(problem, name) for name in problem.__dataclass_fields__}
    return Problem(**{**fields, "allowed_tags": problem.allowed_tags & allowed})


def log_partition_gradients(problem: Problem) -> dict[str, np.ndarray]:
    """Expected counts under the model: the derivatives of the log partition by each of the scores."""
    tokens = token_marginals(problem)
    nothing = np.zeros(problem.n_tags)
    return {
        "emissions": tokens,
        "transitions": transition_marginals(problem).sum(0) if problem.length else np.outer(nothing, nothing),
        "start": tokens[0] if problem.length else nothing,
        "end": tokens[-1] if problem.length else nothing,
    }


def nll_gradients(problem: Problem, allowed: np.ndarray) -> dict[str, np.ndarray]:
    """Derivatives of log Z(all) - log Z(allowed): expected counts under the model minus those inside the target."""
    free, inside = log_partition_gradients(problem), log_partition_gradients(restricted(problem, allowed))
    return {name: free[name] - inside[name] for name in free}


def ranked_paths(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Every allowed path with its score, the best first. *Shape:* (n_allowed, length), (n_allowed,)"""
    paths = all_paths(problem.length, problem.n_tags)
    scores = path_scores(problem, paths)
    order = np.argsort(-scores, kind="stable")[: int(np.isfinite(scores).sum())]
    return paths[order], scores[order]


def onward_scores(problem: Problem) -> np.ndarray:
    """log of the summed weight of all paths over the tokens from t on that begin with a tag, the start scores left out.
    *Shape:* (length, n_tags)
    """
    anywhere = {"start": np.zeros(problem.n_tags), "allowed_start": np.ones(problem.n_tags, dtype=bool)}
    result = np.full(problem.emissions.shape, -np.inf)
    for t in range(problem.length):
        rest = {"emissions": problem.emissions[t:], "allowed_tags": problem.allowed_tags[t:]}
        suffix = replace(problem, **anywhere, **rest)
        paths = all_paths(suffix.length, suffix.n_tags)
        scores = path_scores(suffix, paths)
        for tag in range(problem.n_tags):
            result[t, tag] = log_sum_exp(scores[paths[:, 0] == tag])
    return result


def entropy(problem: Problem) -> float:
    """-sum p log p over the paths, nats."""
    _, probability = probabilities(problem)
    possible = probability[probability > 0]
    return float(-(possible * np.log(possible)).sum())


def surprises(problem: Problem) -> np.ndarray:
    """-log P of every path, 0 for those that are impossible. *Shape:* (n_paths,)"""
    scores = path_scores(problem, all_paths(problem.length, problem.n_tags))
    return np.where(np.isfinite(scores), log_partition(problem) - scores, 0.0)


def expected(problem: Problem, values: np.ndarray) -> float:
    """Expected value of something that each path has. *Shape:* (n_paths,)"""
    return float((probabilities(problem)[1] * values).sum())


def covariances(problem: Problem, values: np.ndarray) -> dict[str, np.ndarray]:
    """Covariance of something that each path has, (n_paths,), with how often the path uses each of the scores."""
    paths, probability = probabilities(problem)
    weights = probability * (values - expected(problem, values))
    one_hot = np.eye(problem.n_tags)[paths]
    tokens = np.einsum("p,ptj->tj", weights, one_hot)
    nothing = np.zeros(problem.n_tags)
    return {
        "emissions": tokens,
        "transitions": np.einsum("p,pti,ptj->ij", weights, one_hot[:, :-1], one_hot[:, 1:]),
        "start": tokens[0] if problem.length else nothing,
        "end": tokens[-1] if problem.length else nothing,
    }


def span_probability(
    problem: Problem, start: int, end: int, tags: tuple[int, ...], before: np.ndarray, after: np.ndarray
) -> float:
    """P(y_start..y_end-1 = tags, y_start-1 in before, y_end in after), neighbours only where there are any."""
    paths, probability = probabilities(problem)
    hit = (paths[:, start:end] == np.array(tags)).all(1)
    if start > 0:
        hit &= before[paths[:, start - 1]]
    if end < problem.length:
        hit &= after[paths[:, end]]
    return float(probability[hit].sum())


def forward_backward(problem: Problem) -> tuple[float, np.ndarray]:
    """Log partition and token marginals (length, n_tags) of a sequence of any length above 0, in log space."""
    mask = np.where(problem.allowed_tags, 0.0, -np.inf)
    mask[0] += np.where(problem.allowed_start, problem.start, -np.inf)
    mask[-1] += np.where(problem.allowed_end, problem.end, -np.inf)
    local = problem.emissions + mask
    transitions = np.where(problem.allowed_transitions, problem.transitions, -np.inf)
    alpha, beta = local.copy(), np.zeros_like(local)
    for t in range(1, problem.length):
        alpha[t] += np.logaddexp.reduce(alpha[t - 1][:, None] + transitions, axis=0)
    for t in range(problem.length - 2, -1, -1):
        beta[t] = np.logaddexp.reduce(transitions + local[t + 1] + beta[t + 1], axis=1)
    log_z = float(np.logaddexp.reduce(alpha[-1]))
    return log_z, np.exp(alpha + beta - log_z)
