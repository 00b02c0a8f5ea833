"""What a run has to tell: gathered as it trains, handed to the recorder a few times a second."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.protocol.events import DivergenceData, DivergenceEvent, EpochEvent, WarningEvent
from mtl_core.protocol.progress import Progress
from mtl_core.spec import TOTAL
from mtl_core.tasks import TaskHead
from mtl_core.training.metrics.loss_floor import LossFloor
from mtl_core.training.metrics.step_buffer import DivergedError, Ledger, Page
from mtl_core.training.metrics.throughput import Speed
from mtl_core.training.metrics.validation import Scores, total
from mtl_core.training.persistence.checkpoints import number
from mtl_core.training.recorder import Direction, Recorder, SeriesKey, Steps, Values

LOG_SECONDS = 1.0
"""Time between two epochs in the log; all of them are in the series."""


class Journal:
    """The series, the log and the progress of one run.

    Args:
        recorder: Who keeps them.
        tasks: The tasks, in order.
        ruler: The weights the total is measured by, 1 for a task left out: those that a person set, since learned
            ones would move the ruler.
        floor: Which losses are too low for the method.

    Attributes:
        losses: ``[n, K]`` parts of the epoch under way; NaN where a task had no label.
    """

    def __init__(
        self, recorder: Recorder, tasks: Sequence[TaskHead], ruler: dict[str, float], floor: LossFloor
    ) -> None:
        self.ruler = ruler
        self._floor = floor
        self.losses: list[NDArray[np.float64]] = []
        self._recorder = recorder
        self._names = tuple(task.name for task in tasks)
        self._directions: dict[str, Direction] = {m: d for task in tasks for m, d in task.directions.items()}
        self._ledger = Ledger(self._names)
        self._pending: defaultdict[SeriesKey, list[tuple[Steps, Values]]] = defaultdict(list)
        self._logged = -LOG_SECONDS
        self._told, self._told_step = time.perf_counter(), 0
        self._speed = Speed()

    def note_step(
        self, losses: Sequence[Tensor], weights: Tensor | None, rate: float, present: tuple[bool, ...] | None
    ) -> None:
        """Note a step without waiting for the device; see :meth:`mtl_core.training.metrics.step_buffer.Ledger.add`."""
        self._ledger.add(losses, weights, rate, present)

    def collect(self, step: int, weights: Tensor) -> None:
        """Copy the losses of the noted steps from the device.

        Args:
            step: The number of steps done.
            weights: ``[K]`` in use, where they were not noted step by step.

        Raises:
            DivergedError: One is NaN or infinite; all that came before is with the recorder.
        """
        if not len(self._ledger):
            return
        page = self._ledger.take(step, weights)
        self.losses.append(page.losses)
        for key, points in self._points(page).items():
            self._pending[key].append(points)
        for at, text in self._floor.warnings(page):
            self._recorder.event(WarningEvent(step=at, message=text))
        if page.diverged:
            self.refuse(page.diverged)

    def flush(self, step: int, weights: Tensor) -> None:
        """Hand everything new to the recorder; arguments and error as of :meth:`collect`."""
        self.collect(step, weights)
        self._hand_over()

    def _hand_over(self) -> None:
        pending, self._pending = self._pending, defaultdict(list)
        if pending:
            joined = {key: tuple(map(np.concatenate, zip(*parts, strict=True))) for key, parts in pending.items()}
            self._recorder.points(cast(dict[SeriesKey, tuple[Steps, Values]], joined), self._directions)

    def refuse(self, diverged: DivergedError) -> NoReturn:
        """Tell all that came before, and end the run."""
        self._hand_over()
        data = DivergenceData(task=diverged.task)
        self._recorder.event(DivergenceEvent(step=diverged.step, message=str(diverged), data=data))
        raise diverged

    def _points(self, page: Page) -> dict[SeriesKey, tuple[Steps, Values]]:
        points: dict[SeriesKey, tuple[Steps, Values]] = {}
        for i, task in enumerate(self._names):
            here = ~np.isnan(page.losses[:, i])
            points[task, "train", "loss"] = page.steps[here], page.losses[here, i]
            points[task, "train", "weight"] = page.steps, page.weights[:, i]
        ruler = np.array([self.ruler.get(task, 1.0) for task in self._names])
        points[TOTAL, "train", "loss"] = page.steps, np.nansum(page.losses * ruler, axis=1)
        points["", "train", "lr"] = page.steps, page.rates
        return points

    def end_epoch(self) -> NDArray[np.float64]:
        """``[K]`` mean losses of the epoch that ended, NaN for a task that had no label all along; a new one begins."""
        losses, self.losses = np.concatenate(self.losses), []
        counts = (~np.isnan(losses)).sum(axis=0)
        means: NDArray[np.float64] = np.where(counts, np.nansum(losses, axis=0) / np.maximum(counts, 1), np.nan)
        return means

    def history(self) -> NDArray[np.float64]:
        """``[n, K]`` losses of the epoch under way, for a checkpoint."""
        return np.concatenate([*self.losses, np.zeros((0, len(self._names)))])

    def restore(self, losses: Tensor, ruler: Mapping[str, float]) -> None:
        """Take back the losses of the epoch under way, and what the total is measured by.

        Raises:
            TypeError, ValueError: They are those of other tasks.
        """
        if losses.dim() != 2 or losses.shape[1] != len(self._names) or not losses.is_floating_point():
            raise ValueError(f"losses of shape {tuple(losses.shape)} for {len(self._names)} tasks")
        self.ruler = {name: number(value) for name, value in ruler.items()}
        self.losses = [losses.cpu().numpy()]

    def note_scores(self, split: str, step: int, scores: Scores) -> None:
        """Keep a split's scores for the next flush, the total among them where a task has a label."""
        labelled = any("loss" in values for values in scores.values())
        combined = {TOTAL: {"loss": total(scores, self.ruler)}} if labelled else {}
        self.note_known(split, step, scores | combined)

    def note_known(self, split: str, step: int, scores: Scores) -> None:
        """Keep scores of some tasks on a split, without a total."""
        for task, values in scores.items():
            for metric, value in values.items():
                self._pending[task, split, metric].append((np.array([step]), np.array([value])))

    def note_values(self, step: int, values: Mapping[tuple[str, str], float]) -> None:
        """Keep numbers of the training by task and name, such as what a sharing scheme learned up to and in a step."""
        for (task, name), value in values.items():
            self._pending[task, "train", name].append((np.array([step]), np.array([value])))

    def log_epoch(self, step: int, epoch: int, scores: Scores, *, last: bool) -> None:
        """An epoch's validation losses in the log: the last epoch's, and of the others one a second."""
        now = time.perf_counter()
        if last or now - self._logged >= LOG_SECONDS:
            self._logged = now
            parts = [f"{task} {values['loss']:.4g}" for task, values in scores.items() if "loss" in values]
            text = f"epoch {epoch}: validation loss " + ", ".join(parts)
            self._recorder.event(EpochEvent(step=step, message=text))

    def start_clock(self, step: int) -> None:
        """Measure the speed from here on."""
        self._told, self._told_step = time.perf_counter(), step

    def tell_progress(self, *, step: int, steps: int, epoch: int, epochs: int, batch_size: int) -> None:
        """How far the run is, how fast it was of late, and how long the rest takes at that speed.

        This is the one place where the remaining time is estimated; all who show it show this number.
        """
        self._speed.add(step - self._told_step, time.perf_counter() - self._told)
        self.start_clock(step)
        rate, eta = self._speed.steps_per_second, self._speed.seconds_for(steps - step)
        told: dict[str, Any] = {"epoch": epoch, "epochs": epochs, "step": step, "steps": steps}
        self._recorder.progress(Progress(**told, samples_per_second=rate * batch_size, eta_seconds=eta))
