"""IMTL-G (Liu, Li, Kuang et al.: Towards Impartial Multi-task Learning, ICLR 2021)."""

import math

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import ImtlGWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianAggregator
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.row_scaling import RANK, eigen, pseudo_solve, split_lengths

_NOISE = 10 * float(np.finfo(np.float32).eps) ** 2
"""An eigenvalue of the cosines of K float32 rows below K times this comes from their rounding."""


def impartial_weights(gramian: Array) -> Array:
    """The weights, adding up to 1, of the direction with equal projections onto all gradients; some may be negative.

    Those of two gradients are the shares of the other's length, whatever the angle. On more rows, of length one, they
    solve Cv = 1. Dependent gradients take the least-squares solution of Gw = lengths (the generalisation of Quinton &
    Rey 2024); a zero gradient weighs 0. Where the solution adds up to 0 (opposed gradients) all weights are 0;
    gradients that are not finite weigh the same.

    Close to such a point the definition gives directions of any length. Here none is longer than the longest gradient:
    where it would be, the weights are scaled down, and add up to less.

    Args:
        gramian: [K, K] inner products.
    """
    if not np.isfinite(gramian).all():
        return np.full(len(gramian), 1 / len(gramian))
    lengths, cosines = split_lengths(gramian)
    weights = np.zeros(len(lengths))
    rows = np.flatnonzero(lengths)
    if len(rows):
        weights[rows] = _of_rows(lengths[rows], cosines[np.ix_(rows, rows)])
    return weights


def _of_rows(lengths: Array, cosines: Array) -> Array:
    """The weights of rows that are not zero."""
    relative = lengths / lengths.max()
    if len(lengths) == 2 and cosines[0, 1] < 1 - RANK:
        # In Cv = 1 both entries of v are alike, and divide out: no division by 1 + cosine, which may be rounding alone.
        return np.asarray(relative[::-1] / relative.sum())
    values, vectors = eigen(cosines)
    if values[0] > _NOISE * len(lengths):
        solution = vectors @ (vectors.sum(axis=0) / values) / relative
    else:
        solution = pseudo_solve(cosines * relative * relative[:, None], relative, _NOISE * len(lengths))
    total = float(solution.sum())
    if abs(total) <= 1e-12 * np.abs(solution).sum():
        return np.zeros(len(lengths))
    parts = solution / total * relative
    length = math.sqrt(max(float(parts @ cosines @ parts), 0.0))  # that of the direction, in longest rows
    return np.asarray(solution / total / max(length, 1.0))


def rule(gramian: Array, _losses: Tensor) -> tuple[Array, Array]:
    """The impartial weights, [K], to multiply by and to show."""
    weights = impartial_weights(gramian)
    return weights, weights


def build(_spec: ImtlGWeighting, setup: Setup) -> Aggregated:
    """Equal weights are shown before the first step."""
    return Aggregated(GramianAggregator(rule), setup.ones / len(setup.names))
