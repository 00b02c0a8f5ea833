"""Rows of runs, built by hand."""

from dataclasses import replace
from typing import Any

from app.tables import RunRow
from mtl_core.store import Progress, RunRecord, SeriesKey, Summary

_PLAIN = RunRecord(
    id=0, name="", state="finished", method="equal", dataset="multidigits", tasks=("left", "right"), seed=0,
    device="CPU", versions={}, fingerprint="", created=1e9, started=1e9, finished=1e9 + 60, seconds=60.0,
    heartbeat=None, progress=Progress(epoch=5, epochs=5), pid=None, host="", error="", tags=(), notes="",
    starred=False, archived=False, parent=None,
)  # fmt: skip


def record(run: int, **more: Any) -> RunRecord:
    return replace(_PLAIN, id=run, **{"name": f"run {run}", **more})


def summary(run: int, task: str, metric: str, best: float, split: str = "val") -> Summary:
    direction: Any = "min" if metric == "loss" else "max"
    return Summary(run, task, split, metric, direction, 1, best, 1, best, best, best, 1)


def row(run: int, accuracy: float | None = None, **more: Any) -> RunRow:
    metrics = {} if accuracy is None else {SeriesKey("left", "val", "accuracy"): (accuracy,) * 4}
    return RunRow(record(run, **more), metrics)
