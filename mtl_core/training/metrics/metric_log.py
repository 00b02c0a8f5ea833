"""Metric log of a run: buffers series, log lines and progress, and flushes them to the recorder."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.protocol.events import DivergenceData, DivergenceEvent, EpochEvent, WarningEvent
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.protocol.series_names import LEARNING_RATE, LOSS, LOSS_WEIGHT, THROUGHPUT
from mtl_core.spec import TOTAL
from mtl_core.tasks import TaskHead
from mtl_core.training.metrics.loss_floor import LossFloor
from mtl_core.training.metrics.remaining_time import RemainingTime
from mtl_core.training.metrics.step_buffer import DivergedError, StepBuffer, StepRecords
from mtl_core.training.metrics.validation import Scores, total_loss
from mtl_core.training.persistence.checkpoints import read_number
from mtl_core.training.recorder import Recorder, Steps, Values

EPOCH_LOG_SECONDS = 1.0
"""Least time between two epochs in the log; the series have every epoch."""

_TOTAL_WEIGHTS, _DURATIONS = "ruler", "durations"
"""Names of the total loss weights and of the measured durations in a saved state."""


class MetricLog:
    """Logs the series, events and progress of one run.

    Args:
        recorder: Stores what is logged.
        tasks: The tasks, in order.
        total_weights: Weights of the task losses in the total loss, 1 for a task left out. They are the manual ones:
            under learned weights, totals of different steps could not be compared.
        loss_floor: Detects losses that are too low for the weighting method.

    Attributes:
        total_weights: The current weights of the total loss.
        remaining_time: Measures steps, validations and checkpoints.
    """

    def __init__(
        self, recorder: Recorder, tasks: Sequence[TaskHead], total_weights: dict[str, float], loss_floor: LossFloor
    ) -> None:
        self.total_weights = total_weights
        self._loss_floor = loss_floor
        self._epoch_losses: list[NDArray[np.float64]] = []  # [n, K] each; NaN where a task had no label
        self._recorder = recorder
        self._names = tuple(task.name for task in tasks)
        self._directions: dict[str, Direction] = {m: d for task in tasks for m, d in task.directions.items()}
        self._step_buffer = StepBuffer(self._names)
        self._pending: defaultdict[SeriesKey, list[tuple[Steps, Values]]] = defaultdict(list)
        self._last_epoch_log = -EPOCH_LOG_SECONDS
        self.remaining_time = RemainingTime()

    def log_step(
        self, losses: Sequence[Tensor], weights: Tensor | None, lr: float, present: tuple[bool, ...] | None
    ) -> None:
        """Log a step; see :meth:`mtl_core.training.metrics.step_buffer.StepBuffer.add`."""
        self._step_buffer.add(losses, weights, lr, present)

    def collect(self, step: int, weights: Tensor) -> None:
        """Copy the losses of the buffered steps from the device.

        Args:
            step: The number of steps done.
            weights: ``[K]`` current loss weights, used if none were logged with the steps.

        Raises:
            DivergedError: A loss is NaN or infinite; all steps before it are with the recorder.
        """
        if not len(self._step_buffer):
            return
        records = self._step_buffer.drain(step, weights)
        self._epoch_losses.append(records.losses)
        for key, points in self._series_points(records).items():
            self._pending[key].append(points)
        for step_number, text in self._loss_floor.warnings(records):
            self._recorder.event(WarningEvent(step=step_number, message=text))
        if records.diverged:
            self.raise_diverged(records.diverged)

    def flush(self, step: int, weights: Tensor) -> None:
        """Write everything new to the recorder; arguments and error as of :meth:`collect`."""
        self.collect(step, weights)
        self._write_pending()

    def _write_pending(self) -> None:
        pending, self._pending = self._pending, defaultdict(list)
        if pending:
            concatenated = {key: tuple(map(np.concatenate, zip(*parts, strict=True))) for key, parts in pending.items()}
            self._recorder.points(cast(dict[SeriesKey, tuple[Steps, Values]], concatenated), self._directions)

    def raise_diverged(self, diverged: DivergedError) -> NoReturn:
        """Write everything before the divergence and its event, then raise the error."""
        self._write_pending()
        data = DivergenceData(task=diverged.task)
        self._recorder.event(DivergenceEvent(step=diverged.step, message=str(diverged), data=data))
        raise diverged

    def _series_points(self, records: StepRecords) -> dict[SeriesKey, tuple[Steps, Values]]:
        points: dict[SeriesKey, tuple[Steps, Values]] = {}
        for i, task in enumerate(self._names):
            labeled = ~np.isnan(records.losses[:, i])
            points[SeriesKey(task, "train", LOSS)] = records.steps[labeled], records.losses[labeled, i]
            points[SeriesKey(task, "train", LOSS_WEIGHT)] = records.steps, records.weights[:, i]
        total_weights = np.array([self.total_weights.get(task, 1.0) for task in self._names])
        points[SeriesKey(TOTAL, "train", LOSS)] = records.steps, np.nansum(records.losses * total_weights, axis=1)
        points[SeriesKey("", "train", LEARNING_RATE)] = records.steps, records.lrs
        return points

    def end_epoch(self) -> NDArray[np.float64]:
        """Start a new epoch; return the ``[K]`` mean losses of the last, NaN for a task without any label."""
        losses, self._epoch_losses = np.concatenate(self._epoch_losses), []
        counts = (~np.isnan(losses)).sum(axis=0)
        means: NDArray[np.float64] = np.where(counts, np.nansum(losses, axis=0) / np.maximum(counts, 1), np.nan)
        return means

    def state_dict(self) -> dict[str, Any]:
        """Return the ``[n, K]`` losses of the current epoch, the weights of the total loss and measured durations."""
        losses = np.concatenate([*self._epoch_losses, np.zeros((0, len(self._names)))])
        durations = self.remaining_time.state_dict()
        return {"losses": torch.from_numpy(losses), _TOTAL_WEIGHTS: self.total_weights, _DURATIONS: durations}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: It does not fit the tasks.
        """
        losses, total_weights = state["losses"], state[_TOTAL_WEIGHTS]
        if losses.dim() != 2 or losses.shape[1] != len(self._names) or not losses.is_floating_point():
            raise ValueError(f"losses of shape {tuple(losses.shape)} for {len(self._names)} tasks")
        self.total_weights = {name: read_number(value) for name, value in total_weights.items()}
        self._epoch_losses = [losses.cpu().numpy()]
        self.remaining_time.load_state_dict(state.get(_DURATIONS, {}))  # which older checkpoints do not have

    def log_scores(self, split: str, step: int, scores: Scores) -> None:
        """Log a split's scores, and the total loss if any task has a label."""
        has_labels = any("loss" in values for values in scores.values())
        total_scores = {TOTAL: {"loss": total_loss(scores, self.total_weights)}} if has_labels else {}
        self.log_task_scores(split, step, scores | total_scores)

    def log_task_scores(self, split: str, step: int, scores: Scores) -> None:
        """Log scores of tasks on a split, without a total loss."""
        for task, values in scores.items():
            for metric, value in values.items():
                self._pending[SeriesKey(task, split, metric)].append((np.array([step]), np.array([value])))

    def log_values(self, step: int, values: Mapping[tuple[str, str], float]) -> None:
        """Log values of a training step by task and name, such as what a sharing scheme has learned."""
        for (task, name), value in values.items():
            self._pending[SeriesKey(task, "train", name)].append((np.array([step]), np.array([value])))

    def log_epoch(self, step: int, epoch: int, scores: Scores, *, last: bool) -> None:
        """Write an epoch's validation losses to the event log: the last epoch's, of the others one a second."""
        now = time.perf_counter()
        if last or now - self._last_epoch_log >= EPOCH_LOG_SECONDS:
            self._last_epoch_log = now
            parts = [f"{task} {values['loss']:.4g}" for task, values in scores.items() if "loss" in values]
            text = f"epoch {epoch}: validation loss " + ", ".join(parts)
            self._recorder.event(EpochEvent(step=step, message=text))

    def report_progress(
        self, position: Progress, *, batch_size: int, validations: float, checkpoint_seconds: float
    ) -> None:
        """Report position, recent throughput and estimated remaining time to the recorder.

        This is the only place where the remaining time is estimated; every display shows this number.

        Args:
            position: Epochs and steps.
            batch_size: Rows of a step.
            validations: Validations that remain; a test counts by its rows.
            checkpoint_seconds: Interval between two checkpoints.
        """
        remaining = self.remaining_time
        if steps_per_second := remaining.add_steps(position.step):
            self.log_values(position.step - 1, {("", THROUGHPUT): steps_per_second * batch_size})
        left = position.steps - position.step
        seconds = remaining.seconds(steps=left, validations=validations, checkpoint_seconds=checkpoint_seconds)
        rate = remaining.steps_per_second * batch_size
        self._recorder.progress(replace(position, samples_per_second=rate, eta_seconds=seconds))
