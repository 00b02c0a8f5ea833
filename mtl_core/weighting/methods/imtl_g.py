"""IMTL-G (Liu, Li, Kuang et al.: Towards Impartial Multi-task Learning, ICLR 2021)."""

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import ImtlGWeighting
from mtl_core.weighting.aggregated import Aggregated, Array, GramianAggregator
from mtl_core.weighting.build import Setup
from mtl_core.weighting.cosines import RANK, split_lengths


def impartial_weights(gramian: Array) -> Array:
    """The weights, adding up to 1, of the direction with equal projections onto all gradients; some may be negative.

    On rows of length one they solve Cv = 1. Dependent gradients take the least-squares solution of Gw = lengths
    (the generalisation of Quinton & Rey 2024); a zero gradient weighs 0. Where the solution adds up to 0 (opposed
    gradients) all weights are 0; gradients that are not finite weigh the same.

    Args:
        gramian: [K, K] inner products.
    """
    if not np.isfinite(gramian).all():
        return np.full(len(gramian), 1 / len(gramian))
    lengths, cosines = split_lengths(gramian)
    there = np.flatnonzero(lengths)
    weights = np.zeros(len(lengths))
    if not len(there):
        return weights
    lengths, cosines = lengths[there], cosines[np.ix_(there, there)]
    if np.linalg.eigvalsh(cosines)[0] > RANK * len(lengths):
        found = np.linalg.solve(cosines, np.ones(len(lengths))) / lengths
    else:
        longest = lengths.max()
        scaled = gramian[np.ix_(there, there)] / longest**2
        found = np.linalg.pinv(scaled, rcond=len(lengths) * np.finfo(float).eps, hermitian=True) @ lengths
    total = found.sum()
    if abs(total) > 1e-12 * np.abs(found).sum():
        weights[there] = found / total
    return weights


def rule(gramian: Array, _losses: Tensor) -> tuple[Array, Array]:
    """The impartial weights, [K], to multiply by and to show."""
    weights = impartial_weights(gramian)
    return weights, weights


def build(_spec: ImtlGWeighting, setup: Setup) -> Aggregated:
    """Equal weights are shown before the first step."""
    return Aggregated(GramianAggregator(rule), setup.ones / len(setup.names))
