"""All that a run trains with: built from its experiment, saved, and restored."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.datasets.data import TaskData
from mtl_core.errors import StoreError
from mtl_core.spec import ExperimentSpec, InputError, WeightMove
from mtl_core.tasks import TaskHead, build_task
from mtl_core.training.batching.batches import Batches, check_single_rows, fits, split_bytes
from mtl_core.training.batching.row_order import build_order
from mtl_core.training.manual_weights import Moves, hand_weights
from mtl_core.training.metrics.loss_floor import LossFloor
from mtl_core.training.metrics.metric_log import Journal
from mtl_core.training.metrics.validation import Scorer, evaluation_batches
from mtl_core.training.optimization.early_stopping import Monitor
from mtl_core.training.optimization.lr_schedule import Rate
from mtl_core.training.optimization.optimizers import build_optimizer
from mtl_core.training.optimization.param_groups import Penalties, groups_of
from mtl_core.training.optimization.weight_averaging import Average
from mtl_core.training.persistence.checkpoints import (
    OWN_CHECKPOINT,
    Checkpoint,
    check_model,
    count,
    load_model,
    optimizer_state,
    restore_optimizer,
)
from mtl_core.training.persistence.tensor_files import damaged
from mtl_core.training.recorder import Recorder
from mtl_core.training.runtime.seeding import restore_rng, rng_state, seed_everything
from mtl_core.training.step.forward_engine import computing
from mtl_core.training.step.precision import LossScale, check_precision
from mtl_core.training.transfer.embeddings import in_words_of
from mtl_core.training.transfer.heads import told
from mtl_core.training.transfer.initial_weights import read_start, take_trunk
from mtl_core.training.transfer.regularizers import build_keeper
from mtl_core.weighting import ManualOverride, build_weighting


@dataclass
class Prepared:
    """A run of an experiment, ready for its next step.

    Args:
        spec: The experiment.
        data: Its data, on the CPU.
        device: Where to train.
        recorder: Who keeps the results.
        folder: Where ``last.safetensors`` and ``best.safetensors`` go.
        moves: Weight moves beside the spec's own, of a run that is resumed: those made by hand before it ended.
        start: The file that the shared layers begin with, of a run that is not resumed.
    """

    spec: ExperimentSpec
    data: TaskData
    device: torch.device
    recorder: Recorder
    folder: Path
    moves: Sequence[WeightMove] = ()
    start: Path | None = None

    model: MultiTaskModel = field(init=False)
    tasks: tuple[TaskHead, ...] = field(init=False)
    step: int = field(init=False, default=0)
    epoch: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        spec, training, names = self.spec, self.spec.training, self.spec.task_names
        check_precision(training.precision, self.device)
        seed_everything(training.seed)
        self.tasks = tuple(build_task(task, self.data.targets[task.name]) for task in spec.tasks)
        outputs = {task.name: task.out_features for task in self.tasks}
        self.model = build_model(spec.model, self.data.input_shape, outputs).to(self.device)
        self.keeper = build_keeper(self.model, spec, self.tasks)
        self.taken = self._take(self.start) if self.start else ""
        method = build_weighting(spec.weighting, spec.tasks, device=self.device)
        self.weighting = ManualOverride(method, names)
        self.optimizer = build_optimizer(
            training.optimizer, groups_of(self.model, training), self.weighting.parameters()
        )
        self.scale = LossScale(self.model, active=training.precision == "fp16")
        self.computing = computing(self.model, training, self.scale, self.warn)
        self.average = Average(training.averaging, self.model, training.epochs)
        self._penalties = Penalties(self.model, training)
        self._stepped = [p for group in self.optimizer.param_groups for p in group["params"]]
        self._clipped = [p for p in self.model.parameters() if p.requires_grad]
        self._place_data(names)
        if self.train.batch_size == 1:
            check_single_rows(self.model, self.train.rows, self.data.input_shape)
        self.steps = self.train.count * training.epochs
        self.monitor = Monitor(training.monitor, self._direction(training.monitor))
        self.rate = Rate(training, self.optimizer, self.steps, self.train.count)
        self.journal = Journal(self.recorder, self.tasks, hand_weights(spec), LossFloor(spec.weighting, names))
        self._best: dict[str, Tensor] = {}
        self._best_saved = -1
        self._told = told(self.data, spec.tasks)
        self._score = Scorer(self.tasks, self.device)
        self._threads = training.threads
        self._moves = Moves(spec, self.moves, self.weighting, self.journal, self.recorder)

    def _take(self, path: Path) -> str:
        start = in_words_of(self.data, self.model, read_start(path))
        text = take_trunk(self.model, start)
        return f"{text}; {self.keeper.take(start, self.data)}" if self.keeper else text

    def _direction(self, path: str) -> Any:
        task, _, metric = path.partition(".")
        return next((t.directions.get(metric, "min") for t in self.tasks if t.name == task), "min")

    def _place_data(self, names: tuple[str, ...]) -> None:
        """The whole data set on the training device when it fits, else chunk by chunk."""
        splits = {"train": self.data.train, "val": self.data.val, "test": self.data.test}
        data = self.data.to(self.device) if fits(split_bytes(splits), self.device) else self.data
        batch_size = self.spec.training.batch_size
        order = build_order(self.spec.training.sampling, self.data.train, self.spec.tasks)
        self.train = Batches(data.train, names, batch_size, self.device, drop_single=True, order=order)
        self.val = evaluation_batches(data.val, names, self.device)
        self.test = evaluation_batches(data.test, names, self.device)

    def flush(self) -> None:
        """Hand everything new to the recorder."""
        self.journal.flush(self.step, self.weighting.weights())

    def warn(self, text: str) -> None:
        """Write a warning into the log."""
        self.recorder.event(self.step, "warning", text)

    def finite(self) -> bool:
        """Whether every parameter is a number."""
        return all(bool(parameter.isfinite().all()) for parameter in self.model.parameters())

    def save(self) -> None:
        """Write the last checkpoint, and before it the best one when it is new.

        A model with a parameter that is not a number is not written: its next loss will say what happened.

        Raises:
            DivergedError: The last steps' losses are not finite; nothing is written.
        """
        self.flush()
        if not self.finite():
            return
        if self._best and self.monitor.best_step != self._best_saved:
            self._write("best", Checkpoint({"model": self._best}, {"step": self.monitor.best_step} | self._told))
            self._best_saved = self.monitor.best_step
        self._write("last", self._snapshot())
        self._saved = time.perf_counter()

    def _write(self, kind: Any, checkpoint: Checkpoint) -> None:
        path = self.folder / f"{kind}.safetensors"
        checkpoint.save(path)
        self.recorder.checkpoint(kind, path, int(checkpoint.values["step"]))

    def _snapshot(self) -> Checkpoint:
        tensors, groups = optimizer_state(self.optimizer)
        return Checkpoint(
            {
                "model": self.model.state_dict(),
                "optimizer": tensors,
                "weighting": self.weighting.state_dict(),
                "average": self.average.state(),
                "rng": rng_state(),
                "kept": self.keeper.state() if self.keeper else {},
                "history": {"losses": torch.from_numpy(self.journal.history())},
            },
            {
                "step": self.step,
                "epoch": self.epoch,
                "groups": groups,
                "monitor": self.monitor.state(),
                "rate": self.rate.state(),
                "scale": self.scale.state(),
                "ruler": self.journal.ruler,
                "fingerprint": self.data.fingerprint,
                "kept": self.keeper.values() if self.keeper else {},
                "threads": self._threads,
                **self._told,
            },
        )

    def restore(self, checkpoint: Checkpoint, best: Checkpoint | None) -> None:
        """Go on from a checkpoint as if the run had never stopped.

        Raises:
            InputError: The data has changed since.
            StoreError: It is of another model, or does not hold what a run goes on with.
        """
        path = self.folder / "last.safetensors"
        if checkpoint.values.get("fingerprint") != self.data.fingerprint:
            fix = "Put the old data back, or run the experiment again."
            raise InputError("dataset", "the data has changed since the checkpoint was saved", fix=fix)
        load_model(self.model, path, checkpoint.parts.get("model", {}))
        try:
            self._restore_state(checkpoint.parts, checkpoint.values)
        except _WRONG_STATE as error:
            rule = "is a checkpoint of another optimiser or weighting, or not whole"
            raise StoreError(str(path), rule, found=_reason(error), fix=OWN_CHECKPOINT) from None
        if best:
            self._restore_best(best)
        self._moves.forget_before(self.step)

    def _restore_state(self, parts: Mapping[str, dict[str, Tensor]], values: Mapping[str, Any]) -> None:
        """All but the model; what is missing or of another type raises one of ``_WRONG_STATE``."""
        restore_optimizer(self.optimizer, parts.get("optimizer", {}), values["groups"])
        self.weighting.load_state_dict(parts.get("weighting", {}))
        self.average.restore(parts.get("average", {}))
        if self.keeper is not None:
            self.keeper.restore(parts.get("kept", {}), values["kept"])
        self.monitor.restore(values["monitor"])
        self.rate.restore(values.get("rate", {}))  # checkpoints of the first release have none of the two
        self.scale.restore(values.get("scale", {}))
        self.journal.restore(parts["history"]["losses"], values["ruler"])
        self.step, self.epoch = count(values["step"], self.steps), count(values["epoch"], self.spec.training.epochs)
        if not 0 <= self.step - self.epoch * self.train.count <= self.train.count:
            raise ValueError(f"step {self.step} in epoch {self.epoch}")
        self._threads = None if values["threads"] is None else count(values["threads"])
        restore_rng(parts["rng"])

    def _restore_best(self, best: Checkpoint) -> None:
        path, tensors = self.folder / "best.safetensors", best.parts.get("model", {})
        check_model(self.model, path, tensors)
        try:
            self._best, self._best_saved = tensors, count(best.values["step"], self.steps)
        except _WRONG_STATE as error:
            raise damaged(path, _reason(error)) from None


_WRONG_STATE = (AttributeError, IndexError, KeyError, OverflowError, RuntimeError, StoreError, TypeError, ValueError)
"""What the parts of a run raise that are given a state that is not theirs."""


def _reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
