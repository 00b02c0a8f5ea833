"""Requests to a run: pause, resume, stop, weights and checkpoint."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mtl_core.errors import InputError, StoreError
from mtl_core.protocol.events import ForgettingData, ForgettingEvent, StartEvent, WeightsData, WeightsEvent
from mtl_core.protocol.requests import CheckpointRequest, PauseRequest, StopRequest, WeightsRequest
from mtl_core.spec import ExperimentSpec
from mtl_core.store import RequestRecord, RunStore, host_name, open_store

Experiment = Callable[..., ExperimentSpec]

WEIGHTS = {"weights": {"left": 2.0, "오른쪽": 0.5}}


def claim(store: RunStore, run: int) -> None:
    store.claim(run, pid=os.getpid(), host=host_name(), device="cpu", versions={})


def kinds(requests: list[RequestRecord]) -> list[str]:
    return [request.kind for request in requests]


def test_a_request_is_taken_once_with_its_particulars(store: RunStore, run: int) -> None:
    store.add_request(run, PauseRequest())
    store.add_request(run, WeightsRequest.model_validate(WEIGHTS))
    taken = store.take_requests(run)
    assert kinds(taken) == ["pause", "weights"]
    assert taken[1].payload == WEIGHTS
    assert store.take_requests(run) == []


def test_a_request_is_given_to_its_run_alone(store: RunStore, run: int, experiment: Experiment) -> None:
    other = store.create_run(experiment())
    store.add_request(run, StopRequest())
    assert store.take_requests(other) == []
    assert kinds(store.take_requests(run)) == ["stop"]


def test_of_many_takers_one_gets_each_request(store: RunStore, run: int, url: str) -> None:
    for _ in range(50):
        store.add_request(run, CheckpointRequest())

    def take(_: int) -> list[int]:
        with open_store(url) as own:
            return [request.id for request in own.take_requests(run)]

    with ThreadPoolExecutor(8) as pool:
        taken = [number for part in pool.map(take, range(8)) for number in part]
    assert len(taken) == len(set(taken)) == 50


def test_a_run_that_ended_cannot_be_asked(store: RunStore, run: int) -> None:
    store.finish(run, "finished")
    with pytest.raises(InputError, match="is not running; found state finished"):
        store.add_request(run, StopRequest())


def test_what_was_asked_before_the_start_still_holds(store: RunStore, run: int) -> None:
    store.add_request(run, WeightsRequest.model_validate(WEIGHTS))
    claim(store, run)
    assert kinds(store.take_requests(run)) == ["weights"]


@pytest.mark.parametrize("again", [lambda s, r: s.set_state(r, "queued"), claim], ids=["queued", "claimed"])
def test_what_was_asked_before_the_end_does_not_stop_a_resumed_run(
    store: RunStore, run: int, again: Callable[[RunStore, int], None]
) -> None:
    claim(store, run)
    store.add_request(run, StopRequest())
    store.finish(run, "interrupted")
    again(store, run)
    store.add_request(run, PauseRequest())
    assert kinds(store.take_requests(run)) == ["pause"]


def test_events_come_in_order_and_only_the_new_ones(store: RunStore, run: int) -> None:
    store.add_event(run, StartEvent(step=0, message="begins"))
    moved = WeightsData(weights=WEIGHTS["weights"], step=40, replayed=True)
    store.add_event(run, WeightsEvent(step=40, message="moved", data=moved))
    first, second = store.events(run)
    assert (first.kind, first.step, first.data) == ("start", 0, {})
    assert (second.message, second.data) == ("moved", WEIGHTS | {"step": 40, "replayed": True})
    assert store.events(run, after=first.id) == [second]
    assert store.events(run, after=second.id) == []


def test_an_event_keeps_nan_and_infinity(store: RunStore, run: int) -> None:
    lost = ForgettingData(task="left", metric="loss", before=float("inf"), after=float("nan"), change=None)
    store.add_event(run, ForgettingEvent(step=3, message="left: loss is infinite", data=lost))
    (event,) = store.events(run)
    assert event.data["before"] == float("inf")
    assert event.data["after"] != event.data["after"]
    assert isinstance(event.content, ForgettingEvent)
    assert event.content.data.after != event.content.data.after


def test_the_folder_of_a_run_is_there(store: RunStore, run: int) -> None:
    folder = store.artifacts_dir(run)
    assert folder.is_dir()
    assert folder.name == str(run)
    assert folder == store.artifacts_dir(run)


def test_an_artifact_written_again_is_one_artifact(store: RunStore, run: int) -> None:
    path = store.artifacts_dir(run) / "best"
    store.add_artifact(run, "checkpoint", path, {"step": 1})
    store.add_artifact(run, "checkpoint", path, {"step": 2})
    store.add_artifact(run, "table", "/elsewhere/한글.csv")
    checkpoint, table = store.artifacts(run)
    assert (checkpoint.kind, checkpoint.path, checkpoint.data) == ("checkpoint", str(path), {"step": 2})
    assert table.path == "/elsewhere/한글.csv"


def test_a_moved_store_finds_its_artifacts(tmp_path: Path, experiment: Experiment) -> None:
    with open_store(tmp_path / "old" / "runs.sqlite") as store:
        run = store.create_run(experiment())
        store.add_artifact(run, "checkpoint", store.artifacts_dir(run) / "last")
    (tmp_path / "old").rename(tmp_path / "new")
    with open_store(tmp_path / "new" / "runs.sqlite") as store:
        assert store.artifacts(run)[0].path == str(tmp_path / "new" / "artifacts" / str(run) / "last")


def test_two_stores_in_one_folder_do_not_share_artifacts(tmp_path: Path, experiment: Experiment) -> None:
    folders = []
    for name in ("runs.sqlite", "others.sqlite", "others.db"):
        with open_store(tmp_path / name) as store:
            folders.append(store.artifacts_dir(store.create_run(experiment())))
    names = [folder.relative_to(tmp_path).as_posix() for folder in folders]
    assert names == ["artifacts/1", "artifacts/others-1", "artifacts/others-1-2"]


def test_a_run_without_a_folder_is_not_made(tmp_path: Path, experiment: Experiment) -> None:
    (tmp_path / "artifacts").write_text("mine")
    with open_store(tmp_path / "runs.sqlite") as store:
        with pytest.raises(StoreError, match="must be a folder; found a file"):
            store.create_run(experiment())
        assert store.runs() == []
    assert (tmp_path / "artifacts").read_text() == "mine"
