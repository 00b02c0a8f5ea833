"""Δm of many runs at once, each relative to the baselines of its study and seed (:mod:`mtl_core.analysis.delta_m`)."""

import math
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mtl_core.protocol.series_key import relative_change
from mtl_core.store.rows.run_records import select_score_metrics
from mtl_core.store.tables import RUN, SUMMARY

_RUNS = (
    sa.select(RUN.c.id, RUN.c.study, RUN.c.seed, RUN.c.baseline)
    .where(RUN.c.study.is_not(None), RUN.c.state == "finished")
    .order_by(RUN.c.id)
)
_TEST_SCORES = sa.select(
    SUMMARY.c.run_id, SUMMARY.c.task, SUMMARY.c.metric, SUMMARY.c.direction, sa.type_coerce(SUMMARY.c.last, sa.Double)
).where(SUMMARY.c.split == "test", SUMMARY.c.run_id.in_(_RUNS.with_only_columns(RUN.c.id).order_by(None)))


def select(connection: sa.Connection, cache: dict[str, Mapping[str, str]] | None = None) -> dict[int, float]:
    """Select Δm, as a fraction, of every finished multi-task run of a study that has all its baselines.

    Args:
        connection: Connection to the store.
        cache: Score metrics by the tasks of a spec as text; new ones are added.
    """
    runs = list(connection.execute(_RUNS))
    multi = [row for row in runs if not row.baseline]
    if len(multi) == len(runs):
        return {}
    baselines = {(row.study, row.seed, row.baseline): row.id for row in runs if row.baseline}
    scores: dict[int, dict[tuple[str, str], tuple[Any, Any]]] = {}
    for run, task, metric, better, value in connection.execute(_TEST_SCORES):
        scores.setdefault(run, {})[task, metric] = (better, value)
    metrics = select_score_metrics(connection, [row.id for row in multi], {} if cache is None else cache)
    found = {}
    for row in multi:
        changes = []
        for task, metric in metrics.get(row.id, {}).items():
            better, value = scores.get(row.id, {}).get((task, metric), ("", None))
            baseline = baselines.get((row.study, row.seed, task), -1)
            _, reference = scores.get(baseline, {}).get((task, metric), ("", None))
            known = isinstance(value, float) and isinstance(reference, float) and better in {"min", "max"}
            changes.append(relative_change(value, reference, better) if known else math.nan)
        delta_m = math.fsum(changes) / len(changes) if changes and all(map(math.isfinite, changes)) else math.nan
        if math.isfinite(delta_m):
            found[row.id] = delta_m
    return found
