"""Writes ``schema_N.sqlite``: run once when a schema is released, then kept, so that later versions must read it.

python tests/store/data/make_schema.py
"""

import os
import shutil
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mtl_core.protocol.events import FinishEvent, StartEvent, WeightsData, WeightsEvent
from mtl_core.protocol.requests import PauseRequest
from mtl_core.spec import StudyRun, single_task, spec_from_data
from mtl_core.store import Points, Progress, RunStore, SeriesKey, open_store, schema, sqlite

TARGET = Path(__file__).with_name(f"schema_{int(schema.SCHEMA)}.sqlite")


def fill(store: RunStore) -> None:
    """Something in every table."""
    tasks = [{"name": name, "kind": "multiclass", "target": name} for name in ("left", "right")]
    data = {"version": 1, "name": "두 숫자", "tasks": tasks, "weighting": {"kind": "uncertainty"}}
    spec = spec_from_data(data)
    run = store.create_run(spec)
    store.claim(run, pid=os.getpid(), host="a-host", device="cpu", versions={"torch": "2.13"}, fingerprint="abc")
    store.add_event(run, StartEvent(step=0, message="begins"))
    losses = {SeriesKey("left", "train", "loss"): Points.of([1, 2], [2.0, np.nan])}
    store.append(run, losses | {SeriesKey("left", "val", "accuracy"): Points.of([2], [0.5])}, {"accuracy": "max"})
    moved = WeightsData(weights={"left": 2.0, "right": 1.0}, step=2)
    store.add_event(run, WeightsEvent(step=2, message="left 2.0", data=moved))
    losses = {SeriesKey("left", "train", "loss"): Points.of([3, 4], [np.inf, 0.5])}
    store.append(run, losses | {SeriesKey("left", "val", "accuracy"): Points.of([4], [0.75])})
    store.record_heartbeat(run, Progress(2, 2, 4, 4, 1000.0, 0.0))
    store.add_artifact(run, "checkpoint", store.artifacts_dir(run) / "last", {"step": 4})
    store.finish(run, "finished")
    store.add_event(run, FinishEvent(step=4, message="done"))
    store.edit(run, tags=["baseline", "한글"], notes="kept for the tests", starred=True)
    store.add_request(store.create_run(spec, parent=run), PauseRequest())
    store.create_study([StudyRun(spec), StudyRun(single_task(spec, "right"), "right")])


if __name__ == "__main__":
    if TARGET.exists():
        raise SystemExit(f"{TARGET} is released and stays as it is")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "runs.sqlite"
        with open_store(path) as opened:
            fill(opened)
        with closing(sqlite.library().connect(path, isolation_level=None)) as connection:
            for statement in (
                "PRAGMA journal_mode=DELETE",
                "PRAGMA page_size=1024",
                "VACUUM",
                "PRAGMA journal_mode=WAL",
            ):
                connection.execute(statement)
        shutil.copy(path, TARGET)
