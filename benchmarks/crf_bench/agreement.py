"""Whether an implementation computes the right thing: every one is checked before it is timed."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .cases import NLL, VITERBI, Batch
from .implementations import Implementation
from .reference import Reference

NLL_TOLERANCE = 1e-4  # relative
# Absolute, of marginals and of the gradient by the emissions, which is one. Recursions in log space lose digits in
# float32 as sequences grow, up to 0.02 at 4,096 steps: that is noted but counts, so that long sequences have peers to
# compare with.
PRECISE = 1e-4
MARGINALS_TOLERANCE = 0.1
# A path may be the second best by as much as float32 rounds sums of its length.
PATH_TOLERANCE, PATH_TOLERANCE_RELATIVE = 1e-3, 1e-5


class Checker:
    """Checks results for one batch against float64.

    batch (Batch): The batch.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._references: dict[tuple[bool, bool], Reference] = {}

    def check(self, made: Implementation, op: str, result: Any) -> dict[str, Any]:
        """Check one result.

        made (Implementation): Who computed it.
        op (str): The operation.
        result (Any): What `run` returned.
        RETURNS (dict[str, Any]): The errors that were found, `wrong` (str | None): what is wrong, and `imprecise`
            (bool): whether probabilities have lost more than they should.
        """
        reference = self._reference(made)
        if op == NLL:
            return _check_nll(made, float(result), reference)
        if op == VITERBI:
            return _check_paths(made, result, reference)
        return _check_marginals(made, result, reference)

    def _reference(self, made: Implementation) -> Reference:
        key = (made.has_start, made.has_end)
        if key not in self._references:
            self._references[key] = Reference(self.batch, start=key[0], end=key[1])
        return self._references[key]


def _check_nll(made: Implementation, loss: float, reference: Reference) -> dict[str, Any]:
    error = abs(loss - reference.nll) / abs(reference.nll)
    gradient_error = _largest(made.gradient(), reference.emissions_gradient, reference)
    wrong = None
    if not error <= NLL_TOLERANCE:
        wrong = f"NLL off by {error:.1e} of its value"
    elif not gradient_error <= MARGINALS_TOLERANCE:
        wrong = f"gradient off by up to {gradient_error:.1e}"
    return {
        "nll_error": error,
        "gradient_error": gradient_error,
        "imprecise": gradient_error > PRECISE,
        "wrong": wrong,
    }


def _check_paths(made: Implementation, result: Any, reference: Reference) -> dict[str, Any]:
    scores, best = reference.path_scores(made.as_tags(result)), reference.best_scores
    tolerance = PATH_TOLERANCE + PATH_TOLERANCE_RELATIVE * best.abs()
    worse = int((~(scores >= best - tolerance)).sum())
    wrong = f"{worse} of {len(best)} paths are not the best" if worse else None
    return {"worse_paths": worse, "paths": len(best), "imprecise": False, "wrong": wrong}


def _check_marginals(made: Implementation, result: Any, reference: Reference) -> dict[str, Any]:
    error = _largest(made.as_marginals(result), reference.marginals, reference)
    wrong = None if error <= MARGINALS_TOLERANCE else f"marginals off by up to {error:.1e}"
    return {"marginals_error": error, "imprecise": error > PRECISE, "wrong": wrong}


def _largest(got: Tensor, expected: Tensor, reference: Reference) -> float:
    difference = got.detach().cpu().double() - expected
    return float(difference[reference.mask].abs().max())
