"""Inference cost as rows of a table; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.pages.compare.state import Cell, Line, best_of
from app.plots.texts import grouped, number


def cost_lines(found: Sequence[Mapping[str, Any] | None]) -> tuple[Line, ...]:
    """A row a measure of inference, the cheapest marked.

    Args:
        found: What was measured of each run's model (see ``mtl_core.evaluation.cost``); None where nothing was.
    """
    known = [one for one in found if one is not None]
    rows: list[tuple[str, list[float], Callable[[float], str]]] = [
        ("parameters", [_cost(one, "parameters") for one in found], grouped),
        ("operations a row (FLOPs)", [_cost(one, "flops") for one in found], grouped),
    ]
    for i, batch in enumerate(known[0]["batches"]):
        count = batch["rows"]
        times = [math.nan if one is None else float(one["batches"][i]["milliseconds"]) for one in found]
        rows.append((f"time for {count} row{'' if count == 1 else 's'} at once", times, lambda v: f"{number(v)} ms"))
    peaks = [math.nan if one is None else float(one["batches"][-1]["peak_bytes"] or math.nan) for one in found]
    if any(map(math.isfinite, peaks)):
        rows.append(("peak memory", peaks, lambda v: f"{v / 2**20:.1f} MiB"))
    return tuple(
        Line(name, tuple(_cost_cell(v, m, say) for v, m in zip(values, best_of(values, "min"), strict=True)))
        for name, values, say in rows
    )


def _cost(found: Mapping[str, Any] | None, name: str) -> float:
    return math.nan if found is None else float(found[name])


def _cost_cell(value: float, best: bool, say: Callable[[float], str]) -> Cell:
    return Cell(say(value) if math.isfinite(value) else "—", best)
