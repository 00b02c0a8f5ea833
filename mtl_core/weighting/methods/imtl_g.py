"""IMTL-G (Liu, Li, Kuang et al.: Towards Impartial Multi-task Learning, ICLR 2021)."""

import math

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import ImtlGWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, RuleAggregator
from mtl_core.weighting.solvers.row_scaling import RANK, eigh, lengths_and_cosines, pseudo_solve

_NOISE = 10 * float(np.finfo(np.float32).eps) ** 2
"""An eigenvalue of the cosines of K float32 rows below K times this comes from their rounding."""


def impartial_weights(gramian: Array) -> Array:
    """Compute the weights of the direction with equal projections onto all gradients.

    They add up to 1, and some may be negative. For two gradients each is the other's fraction of both lengths, whatever
    the angle. For more rows, scaled to length one, they solve Cv = 1. Dependent gradients take the least-squares
    solution of Gw = lengths (the generalization of Quinton & Rey 2024); a zero gradient has weight 0. If the solution
    adds up to 0 (opposed gradients) all weights are 0; non-finite gradients get equal weights.

    Close to such a point the definition gives directions of any length. Here none gets longer than the longest
    gradient: the weights are scaled down as needed, and then add up to less than 1.

    Args:
        gramian: [K, K] inner products.
    """
    if not np.isfinite(gramian).all():
        return np.full(len(gramian), 1 / len(gramian))
    lengths, cosines = lengths_and_cosines(gramian)
    weights = np.zeros(len(lengths))
    rows = np.flatnonzero(lengths)
    if len(rows):
        weights[rows] = _nonzero_row_weights(lengths[rows], cosines[np.ix_(rows, rows)])
    return weights


def _nonzero_row_weights(lengths: Array, cosines: Array) -> Array:
    """The weights of rows that are not zero."""
    relative = lengths / lengths.max()
    if len(lengths) == 2 and cosines[0, 1] < 1 - RANK:
        # The entries of v in Cv = 1 are equal and cancel, without dividing by 1 + cosine, possibly a rounding error.
        return np.asarray(relative[::-1] / relative.sum())
    values, vectors = eigh(cosines)
    if values[0] > _NOISE * len(lengths):
        solution = vectors @ (vectors.sum(axis=0) / values) / relative
    else:
        solution = pseudo_solve(cosines * relative * relative[:, None], relative, _NOISE * len(lengths))
    total = float(solution.sum())
    if abs(total) <= 1e-12 * np.abs(solution).sum():
        return np.zeros(len(lengths))
    terms = solution / total * relative
    length = math.sqrt(max(float(terms @ cosines @ terms), 0.0))  # that of the direction, in longest rows
    return np.asarray(solution / total / max(length, 1.0))


def imtl_g_rule(gramian: Array, _losses: Tensor) -> tuple[Array, Array]:
    """Compute the impartial weights, [K], equal to the factors."""
    weights = impartial_weights(gramian)
    return weights, weights


def build(_spec: ImtlGWeighting, context: WeightingContext) -> GradientAggregation:
    """Build IMTL-G; equal weights are reported before the first step."""
    return GradientAggregation(RuleAggregator(imtl_g_rule), context.ones / len(context.names))
