"""A small experiment with all kinds of tasks, and a recorder that sends scripted requests."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from mtl_core.datasets.data import Split, TaskData
from mtl_core.protocol.events import Event
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.requests import Request, ResumeRequest, read_request
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.protocol.series_names import RESOURCE_SERIES
from mtl_core.spec import ExperimentSpec, TargetInfo, WeightMove, set_at, spec_from_data
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.recorder import Steps, Values
from mtl_core.training.run_state import RunState
from mtl_core.training.trainer import Trainer
from mtl_core.training.training_run import TrainingResult, prepare_run
from tests.inputs import as_table

ROWS, BATCH, EPOCHS = 37, 8, 3
PER_EPOCH = 5
STEPS = PER_EPOCH * EPOCHS
TASKS = ("price", "sold", "kind")

_HEAD = [{"kind": "dropout", "p": 0.2}, {"kind": "linear", "out_features": 4}, {"kind": "tanh"}]
_DATA: dict[str, Any] = {
    "version": 1,
    "name": "toy",
    "dataset": {"kind": "table", "path": "toy.csv", "inputs": ["a", "b", "c"]},
    "tasks": [
        {"name": "price", "kind": "regression", "target": "price", "metrics": ["rmse"]},
        {"name": "sold", "kind": "binary", "target": "sold", "metrics": ["accuracy"]},
        {"name": "kind", "kind": "multiclass", "target": "kind", "metrics": ["accuracy"]},
    ],
    "model": {
        "shared": [
            {"kind": "linear", "out_features": 8},
            {"kind": "batch_norm1d"},
            {"kind": "relu"},
            {"kind": "dropout", "p": 0.3},
        ],
        "heads": {"price": _HEAD, "kind": _HEAD},
    },
    "training": {"epochs": EPOCHS, "batch_size": BATCH, "device": "cpu", "seed": 3, "checkpoint_seconds": 86400},
}


def experiment(**changes: Any) -> ExperimentSpec:
    """The toy experiment; ``training__epochs=1`` changes ``training.epochs``."""
    data: Any = _DATA
    for path, value in changes.items():
        data = set_at(data, path.replace("__", "."), value)
    return spec_from_data(data)


def toy_data(*, masked: bool = True, rows: int = ROWS, scale: float = 1.0) -> TaskData:
    """Three tasks that can be learned from three inputs; with ``masked``, labels are missing, in some batches all."""
    generator = torch.Generator().manual_seed(7)

    def split(count: int) -> Split:
        inputs = torch.randn(count, 3, generator=generator)
        value = inputs @ torch.tensor([1.0, -2.0, 0.5])
        targets = {
            "price": value[:, None] * scale,
            "sold": (value[:, None] > 0).float(),
            "kind": (value.round().long() % 3).abs(),
        }
        masks = {}
        if masked:
            masks = {
                "price": torch.rand(count, generator=generator) < 0.7,
                "sold": torch.rand(count, generator=generator) < 0.12,
            }
            masks["sold"][0] = True
            targets["price"] = torch.where(masks["price"][:, None], targets["price"], torch.zeros(()))
        return Split(as_table(inputs), targets, masks)

    infos = {
        "price": TargetInfo(name="price", kind="regression", mean=(0.0,), std=(1.0,), labelled=rows),
        "sold": TargetInfo(name="sold", kind="binary", classes=("no", "yes"), labelled=rows),
        "kind": TargetInfo(name="kind", kind="multiclass", classes=("a", "b", "c"), labelled=rows),
    }
    return TaskData(
        split(rows), split(16), split(16), {"table": (3,)}, infos, "fingerprint of the toy", {"kind": "table"}
    )


class SimulatedKill(BaseException):
    """The process died here."""


Script = Mapping[int, Iterable[Request]]
Item = TypeVar("Item")


@dataclass
class Recording:
    """Keeps everything; at the tick before step S it asks what ``script[S]`` holds, and dies at ``kill_at``."""

    script: Script = field(default_factory=dict)
    kill_at: int | None = None
    step: Callable[[], int] = lambda: -1
    series: dict[SeriesKey, tuple[Steps, Values]] = field(default_factory=dict)
    events: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    reports: list[Progress] = field(default_factory=list)
    saved: list[tuple[str, int]] = field(default_factory=list)
    snapshots: list[int] = field(default_factory=list)
    directions: dict[str, Direction] = field(default_factory=dict)
    requested_steps: set[int] = field(default_factory=set)
    paused: bool = False

    def points(self, points: Mapping[SeriesKey, tuple[Steps, Values]], directions: Mapping[str, Direction]) -> None:
        for key, (steps, values) in points.items():
            old = self.series.get(key, (np.empty(0, np.int64), np.empty(0)))
            self.series[key] = np.concatenate([old[0], steps]), np.concatenate([old[1], values])
        self.directions |= directions

    def event(self, event: Event) -> None:
        self.events.append((event.step, event.kind, event.message, event.row_data()))

    def set_paused(self, paused: bool) -> None:
        assert paused != self.paused
        self.paused = paused

    def progress(self, progress: Progress) -> None:
        self.reports.append(progress)

    def checkpoint(self, kind: str, path: Path, step: int) -> None:
        assert path.exists()
        self.saved.append((kind, step))

    def snapshot(self, path: Path, step: int) -> None:
        assert path.exists()
        self.snapshots.append(step)

    def requests(self) -> Sequence[Request]:
        step = self.step()
        if step == self.kill_at:
            raise SimulatedKill
        if step in self.requested_steps:
            return [ResumeRequest()]
        self.requested_steps.add(step)
        return list(self.script.get(step, ()))

    def kinds(self) -> list[str]:
        return [kind for _, kind, _, _ in self.events]


def make_request(kind: str, **payload: Any) -> Request:
    request = read_request(kind, payload)
    assert request is not None
    return request


def weights_request(**weights: float) -> Request:
    return make_request("weights", weights=weights)


@dataclass
class ToyRun:
    """A run of the toy, or a part of one."""

    state: RunState
    recording: Recording
    outcome: TrainingResult | None

    @property
    def final_state(self) -> str:
        return self.outcome.state if self.outcome else "killed"

    def parameters(self) -> dict[str, torch.Tensor]:
        return self.state.model.state_dict()


def run(
    spec: ExperimentSpec,
    folder: Path,
    *,
    data: TaskData | None = None,
    script: Script | None = None,
    kill_at: int | None = None,
    resume: bool = False,
    moves: Sequence[WeightMove] = (),
    start: Path | None = None,
) -> ToyRun:
    """Train the toy in a folder; with ``resume``, from the checkpoints in it."""
    recording = Recording(dict(script or {}), kill_at)
    training_run = prepare_run(
        spec, data or toy_data(), torch.device("cpu"), recording, folder, moves=moves, initial_weights=start
    )
    state = training_run.state
    recording.step = lambda: state.step
    if resume:
        last, best = folder / "last.safetensors", folder / "best.safetensors"
        training_run.restore(Checkpoint.load(last), Checkpoint.load(best) if best.exists() else None)
    try:
        return ToyRun(state, recording, Trainer(training_run).train())
    except SimulatedKill:
        return ToyRun(state, recording, None)


def join_series(before: ToyRun, after: ToyRun, step: int) -> dict[SeriesKey, tuple[Steps, Values]]:
    """What the store has of a run that was resumed at a step."""
    kept = {"train": step - 1, "val": step, "test": -1}
    result = {}
    for key in before.recording.series.keys() | after.recording.series.keys():
        parts = []
        if key in before.recording.series:
            steps, values = before.recording.series[key]
            here = steps <= kept[key[1]]
            parts.append((steps[here], values[here]))
        if key in after.recording.series:
            parts.append(after.recording.series[key])
        result[key] = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    return {key: pair for key, pair in result.items() if len(pair[0])}


def without_resources(series: Mapping[SeriesKey, Item]) -> dict[SeriesKey, Item]:
    """The series that equal runs have in common: without those of time and memory."""
    return {key: points for key, points in series.items() if key.metric not in RESOURCE_SERIES}


def assert_same_series(
    left: Mapping[SeriesKey, tuple[Steps, Values]], right: Mapping[SeriesKey, tuple[Steps, Values]]
) -> None:
    """Every point of every series but those of time and memory is equal, bit for bit."""
    left, right = without_resources(left), without_resources(right)
    assert left.keys() == right.keys()
    for key, (steps, values) in left.items():
        assert steps.tolist() == right[key][0].tolist(), key
        assert values.tobytes() == right[key][1].tobytes(), key


def assert_same_tensors(left: Mapping[str, torch.Tensor], right: Mapping[str, torch.Tensor]) -> None:
    """Every tensor is equal, bit for bit; what is not a number yet in both is equal too."""
    assert left.keys() == right.keys()
    for name, tensor in left.items():
        assert (tensor.shape, tensor.dtype) == (right[name].shape, right[name].dtype), name
        assert torch.equal(_bits(tensor), _bits(right[name])), name


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().reshape(-1).contiguous().view(torch.uint8)
