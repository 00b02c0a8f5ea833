"""Integral of gradients along a path, on intervals that are halved until each one's gradients explain its rise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

RELATIVE_TOLERANCE = 1e-3
"""Of the gap, relative to the variation of the function along the path: its rise may be next to nothing."""
_ROUNDING = 1e-6
"""Of the gap, relative to the function's values: what float32 can tell."""
_LEAST_GAP = 2 * float(np.finfo(np.float32).eps)
"""Gap of an interval, relative to the function's values, below which halving it measures rounding alone."""
_NODES, _WEIGHTS = (torch.from_numpy(values) for values in np.polynomial.legendre.leggauss(3))
_FIRST_INTERVALS = 8
_MOST_EVALUATIONS = 20_000
_BATCH = 32

Values = Callable[[Tensor], Tensor]
"""From shares of the path ``[K]`` to the values of the function ``[K]``."""
Derivatives = Callable[[Tensor], Sequence[Tensor]]
"""From shares of the path ``[K]`` to what each input contributes to the derivative there, ``[K, …]``."""


@dataclass(frozen=True)
class PathIntegral:
    """What each input contributes to the rise of a function along a path.

    Attributes:
        contributions: For each input ``[…]`` float64.
        start: Value at the beginning.
        end: Value at the end.
        gap: Rise minus the sum of all contributions.
        is_complete: Whether the gap is within the tolerance.
        evaluations: Number of gradients and values that were computed.
    """

    contributions: tuple[Tensor, ...]
    start: float
    end: float
    gap: float
    is_complete: bool
    evaluations: int


@dataclass
class _Interval:
    low: float
    high: float
    rise: float
    parts: tuple[Tensor, ...] = ()
    gap: float = 0.0


def integrate(values: Values, derivatives: Derivatives, *, most_evaluations: int = _MOST_EVALUATIONS) -> PathIntegral:
    """Integrate the derivatives from share 0 to 1 by Gauss-Legendre quadrature with three nodes in each interval.

    The rise of the function over an interval is known from its ends, and so is the error of the quadrature there. The
    intervals with more than their part of the tolerated error are halved.

    Args:
        values: The function along the path.
        derivatives: The contributions of the inputs to its derivative.
        most_evaluations: Evaluations after which the result is given as it is.
    """
    edges = np.linspace(0.0, 1.0, _FIRST_INTERVALS + 1)
    at_edges = _in_batches(values, edges)
    evaluations = len(edges)
    start, end = float(at_edges[0]), float(at_edges[-1])
    variation = float(at_edges.diff().abs().sum())
    magnitude = max(abs(start), abs(end), 1e-30)
    tolerance = max(RELATIVE_TOLERANCE * variation, _ROUNDING * magnitude)
    pending = [_Interval(edges[i], edges[i + 1], float(at_edges[i + 1] - at_edges[i])) for i in range(_FIRST_INTERVALS)]
    totals: list[Tensor] | None = None
    signed = absolute = 0.0
    accepted = 0
    while pending:
        _measure(derivatives, pending)
        evaluations += len(_NODES) * len(pending)
        limit = max(tolerance / (2 * (accepted + len(pending))), _LEAST_GAP * magnitude)
        done = absolute + sum(abs(interval.gap) for interval in pending) <= tolerance
        exhausted = evaluations >= most_evaluations
        split = [] if done or exhausted else [interval for interval in pending if abs(interval.gap) > limit]
        for interval in pending:
            if any(interval is other for other in split):
                continue
            accepted += 1
            signed, absolute = signed + interval.gap, absolute + abs(interval.gap)
            totals = (
                list(interval.parts) if totals is None else [a + b for a, b in zip(totals, interval.parts, strict=True)]
            )
        middles = np.array([(interval.low + interval.high) / 2 for interval in split])
        at_low = _in_batches(values, np.array([interval.low for interval in split]))
        at_middles = _in_batches(values, middles)
        evaluations += 2 * len(split)
        pending = []
        for i, interval in enumerate(split):
            rise = float(at_middles[i] - at_low[i])
            pending.append(_Interval(interval.low, middles[i], rise))
            pending.append(_Interval(middles[i], interval.high, interval.rise - rise))
    return PathIntegral(tuple(totals or ()), start, end, signed, abs(signed) <= tolerance, evaluations)


def _measure(derivatives: Derivatives, intervals: Sequence[_Interval]) -> None:
    """Compute contributions and gap of each interval."""
    step = max(_BATCH // len(_NODES), 1)
    for first in range(0, len(intervals), step):
        chunk = intervals[first : first + step]
        low = torch.tensor([interval.low for interval in chunk], dtype=torch.float64)
        half = torch.tensor([(interval.high - interval.low) / 2 for interval in chunk], dtype=torch.float64)
        shares = (low + half).unsqueeze(1) + half.unsqueeze(1) * _NODES
        weights = half.unsqueeze(1) * _WEIGHTS
        parts = [
            torch.einsum(
                "ik,ik...->i...", weights, part.detach().double().cpu().reshape(*shares.shape, *part.shape[1:])
            )
            for part in derivatives(shares.flatten())
        ]
        for i, interval in enumerate(chunk):
            interval.parts = tuple(part[i] for part in parts)
            interval.gap = interval.rise - sum(float(part.sum()) for part in interval.parts)


def _in_batches(values: Values, shares: np.ndarray) -> Tensor:
    if not len(shares):
        return torch.zeros(0, dtype=torch.float64)
    batches = torch.split(torch.from_numpy(shares).double(), _BATCH)
    return torch.cat([values(batch).detach().double().cpu() for batch in batches])
