"""What a run says while its data are read, and how it is stopped meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mtl_core.datasets.inputs import image
from mtl_core.media.cache import MediaCache
from mtl_core.protocol.requests import CheckpointRequest, PauseRequest, ResumeRequest, StopRequest
from mtl_core.protocol.work_progress import WorkProgress, report_progress
from mtl_core.runner import reading_report
from mtl_core.runner.execution import execute
from mtl_core.runner.joint_execution import execute_jointly
from mtl_core.runner.reading_report import ReadingReport, recorded_reading
from mtl_core.runner.store_recorder import StoreRecorder
from mtl_core.spec import spec_from_data, with_seed
from mtl_core.store import RunStore, open_store
from mtl_core.training.request_handler import StoppedError
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
        report = ReadingReport([StoreRecorder(store, run, threading.Event())], lambda: time)
        for second in range(30):
            time = float(second)
            report(WorkProgress(f"Decoded {second} of 29 files", second / 29))
        events = [event.message for event in store.events(run)]
        assert events == ["Decoded 2 of 29 files.", "Decoded 17 of 29 files."]


def test_a_request_to_one_of_the_runs_stops_it_and_others_wait_for_the_first_step(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        runs = [new_run(store, tmp_path / str(i)) for i in range(2)]
        recorders = [StoreRecorder(store, run, threading.Event()) for run in runs]
        store.add_request(runs[0], CheckpointRequest())
        with recorded_reading(recorders):
            report_progress("Reading", 0.1)
        assert recorders[0].requests() == [CheckpointRequest()]
        store.add_request(runs[1], StopRequest())
        with pytest.raises(StoppedError), recorded_reading(recorders):
            report_progress("Reading", 0.2)


def test_a_pause_lasts_until_a_request_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = new_run(store, tmp_path)
        states = []

        def resume_after_a_while(seconds: float) -> None:
            states.append(store.run(run).state)
            if len(states) == 3:
                store.add_request(run, ResumeRequest())

        monkeypatch.setattr(reading_report.time, "sleep", resume_after_a_while)
        store.add_request(run, PauseRequest())
        with recorded_reading([StoreRecorder(store, run, threading.Event())]):
            report_progress("Reading", 0.1)
        assert states == ["paused"] * 3
        assert store.run(run).state == "running"
        assert [event.kind for event in store.events(run)] == ["pause", "resume"]


class HeldDecoder:
    """Holds each file until it is released, or a run was asked to stop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.released = threading.Event(), threading.Event()
        self._decode = image.decode_image
        monkeypatch.setattr(image, "decode_image", self)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.begun.set()
        assert self.released.wait(20)
        return self._decode(*arguments, **options)


def join_decoding_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("decoding"):
            thread.join(20)


@pytest.mark.parametrize("together", [False, True])
def test_a_run_is_stopped_while_a_file_is_decoded_and_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    decoder = HeldDecoder(monkeypatch)
    with open_store(tmp_path / "runs.sqlite") as store, ThreadPoolExecutor(1) as executor:
        run = new_run(store, tmp_path)
        runs = [run, store.create_run(with_seed(store.spec(run), 1))] if together else [run]
        results = executor.submit(lambda: execute_jointly(store, runs) if together else [execute(store, run)])
        assert decoder.begun.wait(20)
        store.add_request(run, StopRequest())
        try:
            states = [result.state for result in results.result(20)]  # although the file is still being decoded
        finally:
            decoder.released.set()
        assert states == ["stopped"] * len(runs)
        events = store.events(run)
        assert [event.kind for event in events] == ["stop"]
        assert events[0].message == "stopped after 0 steps, while the data were read"
        assert not MediaCache().entries()
        join_decoding_threads()
        if not together:
            assert execute(store, run).state == "finished"
