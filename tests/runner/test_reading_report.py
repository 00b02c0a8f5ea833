"""What a run says while its data are read, and how it is stopped meanwhile."""

import threading
from pathlib import Path

import pytest

from mtl_core.errors import EnvironmentFault
from mtl_core.protocol.events import NoteEvent
from mtl_core.protocol.requests import PauseRequest, StopRequest
from mtl_core.protocol.work_progress import WorkProgress
from mtl_core.runner.execution import execute
from mtl_core.runner.reading_report import ReadingReport, recorded_reading
from mtl_core.runner.store_recorder import StoreRecorder
from mtl_core.spec import spec_from_data
from mtl_core.store import RunStore, open_store
from tests.datasets.media import write_class_folder


def new_run(store: RunStore, folder: Path) -> int:
    data = {
        "version": 2,
        "name": "colors",
        "dataset": {"kind": "image_folder", "path": str(write_class_folder(folder / "colors"))},
        "tasks": [{"name": "class", "kind": "multiclass", "target": "class"}],
        "model": {"shared": [{"kind": "global_avg_pool"}]},
        "training": {"epochs": 1},
    }
    return store.create_run(spec_from_data(data))


def test_progress_is_an_event_now_and_then(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = new_run(store, tmp_path)
        time = 0.0
        report = ReadingReport(StoreRecorder(store, run, threading.Event()), lambda: time)
        for second in range(30):
            time = float(second)
            report(WorkProgress(f"Decoded {second} of 29 files", second / 29))
        events = [event.message for event in store.events(run)]
        assert events == ["Decoded 2 of 29 files.", "Decoded 17 of 29 files."]


def test_a_request_to_stop_ends_it_and_others_are_kept(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = new_run(store, tmp_path)
        recorder = StoreRecorder(store, run, threading.Event())
        report = ReadingReport(recorder)
        store.add_request(run, PauseRequest())
        report(WorkProgress("Reading", 0.1))
        assert recorder.requests() == [PauseRequest()]
        store.add_request(run, StopRequest())
        with pytest.raises(EnvironmentFault, match="stopped while its data were read"), recorded_reading(recorder):
            ReadingReport(recorder)(WorkProgress("Reading", 0.2))


def test_a_run_that_was_stopped_meanwhile_can_be_resumed(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = new_run(store, tmp_path)
        store.add_request(run, StopRequest())
        result = execute(store, run)
        assert result.state == "failed"
        assert "stopped while its data were read" in result.error
        assert execute(store, run).state == "finished"
        assert not any(isinstance(event, NoteEvent) for event in store.events(run))
