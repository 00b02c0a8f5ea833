"""Inference cost as rows of a table; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from app.formatting import format_number
from app.pages.compare.views.comparison import Cell, Line
from mtl_core.analysis.significance import cheapest
from mtl_core.protocol.questions import InferenceCost
from mtl_core.text import group_digits

_Row = tuple[str, list[float], Callable[[float], str]]


def cost_lines(costs: Sequence[InferenceCost | None]) -> tuple[Line, ...]:
    """One row per cost; the lowest is marked if it is counted, and bold if it is timed.

    Args:
        costs: The costs of each run's model; None if not measured.
    """
    known_costs = [cost for cost in costs if cost is not None]
    exact: list[_Row] = [
        ("parameters", [_cost(cost, "parameters") for cost in costs], group_digits),
        ("operations per row (FLOPs)", [_cost(cost, "flops") for cost in costs], group_digits),
    ]
    timed: list[_Row] = []
    for i, batch in enumerate(known_costs[0].batches):
        count = batch.rows
        times = [math.nan if cost is None else cost.batches[i].milliseconds for cost in costs]
        timed.append(
            (f"time for {count} row{'' if count == 1 else 's'} at once", times, lambda v: f"{format_number(v)} ms")
        )
    peaks = [math.nan if cost is None else float(cost.batches[-1].peak_bytes or math.nan) for cost in costs]
    if any(map(math.isfinite, peaks)):
        exact.append(("peak memory", peaks, lambda v: f"{v / 2**20:.1f} MiB"))
    lines = [_line(row, exact=True) for row in exact]
    return (*lines[:2], *(_line(row, exact=False) for row in timed), *lines[2:])


def _line(row: _Row, *, exact: bool) -> Line:
    """The row of one cost; a time is measured once, so that the lowest only leads."""
    name, values, say = row
    cells = (
        Cell(say(value), best=least and exact, leading=least and not exact) if math.isfinite(value) else Cell("—")
        for value, least in zip(values, cheapest(values), strict=True)
    )
    return Line(name, tuple(cells))


def _cost(cost: InferenceCost | None, name: str) -> float:
    return math.nan if cost is None else float(getattr(cost, name))
