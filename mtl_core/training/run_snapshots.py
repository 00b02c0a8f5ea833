"""Snapshots of a run: what it predicted in its last validation, for whoever follows it while it trains."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mtl_core.analysis.diagnostics.predictions import TaskPredictions
from mtl_core.analysis.diagnostics.report import RowText
from mtl_core.analysis.diagnostics.validation_snapshot import (
    FILE_NAME,
    SampleMaps,
    ValidationSnapshot,
    read_step,
    write_snapshot,
)
from mtl_core.errors import WorkbenchError, shorten
from mtl_core.protocol.events import WarningEvent
from mtl_core.spec import SegmentationTask, TaggingTask, Task
from mtl_core.tasks import TaskHead
from mtl_core.tasks.prediction_columns import Cells
from mtl_core.training.metrics.kept_outputs import KeptOutputs
from mtl_core.training.metrics.task_outputs import output_form, output_names, read_outputs
from mtl_core.training.recorder import Recorder
from mtl_core.training.run_state import RunState

SNAPSHOT_SECONDS = 5.0
"""Least interval between two snapshots."""
TIME_SHARE = 0.01
"""Share of the time of a training that its snapshots may take; those at a pause and at the end are not counted."""
_MAP_SIDE = 64
"""Longest side of a map of classes; larger ones are thinned out."""


class RunSnapshots:
    """Writes the outputs of the last validation to ``validation.safetensors``, seldom enough to cost next to nothing.

    A run never fails for want of a snapshot: what goes wrong becomes one warning.

    Args:
        state: State of the run.
        recorder: Stores the path of the file.
        folder: Its folder.
        clock: Returns seconds.

    Attributes:
        kept: What the next validation fills.
        parallel_runs: Number of runs that train in the same loop and share the time.
    """

    def __init__(
        self, state: RunState, recorder: Recorder, folder: Path, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._state, self._recorder, self._clock = state, recorder, clock
        self._path = folder / FILE_NAME
        samples_only = [output_form(task.kind) == "losses" for task in state.spec.tasks]
        self.kept = KeptOutputs(len(state.data.val), samples_only)
        self.parallel_runs = 1
        self._next_time = clock() + SNAPSHOT_SECONDS
        self._validated: tuple[int, int] | None = None
        self._has_warned = False

    def start(self) -> None:
        """Start the interval; a snapshot of later steps, which the run will do again, is removed."""
        step = read_step(self._path)
        if step is not None and step > self._state.step:
            with suppress(OSError):
                self._path.unlink()
        self._next_time = self._clock() + SNAPSHOT_SECONDS

    def end_validation(self, *, last: bool) -> None:
        """Write a snapshot of the validation that has just filled :attr:`kept`, if one is due.

        Args:
            last: Whether it was the last validation, whose snapshot is always written.
        """
        self._validated = self._state.step, self._state.epoch
        if last or self._clock() >= self._next_time:
            self.save()

    def save(self) -> None:
        """Write a snapshot of the last validation, unless it has been written."""
        if self._validated is None or self.kept.is_empty:
            return
        start = self._clock()
        step, epoch = self._validated
        self._validated = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_snapshot(self._path, self._take(step, epoch))
            self._recorder.snapshot(self._path, step)
        except Exception as error:  # also of a task of another package: the run goes on without it
            self._warn(error)
        end = self._clock()
        least = self.parallel_runs * (end - start) / TIME_SHARE
        self._next_time = end + max(SNAPSHOT_SECONDS, least)

    @torch.inference_mode()
    def _take(self, step: int, epoch: int) -> ValidationSnapshot:
        state, kept = self._state, self.kept
        numbers = state.data.val.rows
        rows = kept.rows if numbers is None else numbers.numpy().astype(np.int64)[kept.rows]
        tasks: dict[str, TaskPredictions] = {}
        maps: dict[str, SampleMaps] = {}
        texts: dict[str, tuple[RowText, ...]] = {}
        for index, (task, head) in enumerate(zip(state.spec.tasks, state.tasks, strict=True)):
            form, (output, target, mask) = output_form(task.kind), kept.task(index)
            info = state.data.targets[task.name]
            if form != "losses":
                targets, predictions = read_outputs(head, form, output, target, mask)
                names, losses = output_names(form, info, task.targets), np.zeros(len(rows))
                is_ordinal = task.kind == "ordinal"
                tasks[task.name] = TaskPredictions(
                    task.name, form, names, rows, targets, predictions, losses, ordered=is_ordinal
                )
            elif isinstance(task, SegmentationTask | TaggingTask):
                maps[task.name] = _sample_maps(head, info.classes, output, target, mask)
            else:
                texts[task.name] = _sample_texts(task, head, output, target, mask)
        return ValidationSnapshot(step, epoch, len(state.data.val), rows, kept.samples, tasks, maps, texts)

    def _warn(self, error: Exception) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        reason = str(error) if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
        text = f"The predictions of the last validation cannot be shown: {shorten(reason, 300)}"
        with suppress(WorkbenchError):  # a full disk prevents this event too
            self._recorder.event(WarningEvent(step=self._state.step, message=text))


def _sample_maps(
    head: TaskHead, classes: tuple[str, ...], output: Tensor, target: Tensor, mask: Tensor | None
) -> SampleMaps:
    targets, predictions = target.long(), head.predict(output).argmax(1)
    if mask is not None:
        targets = targets.masked_fill(~mask.view(-1, *(1,) * (targets.dim() - 1)), -1)
    if targets.dim() == 3:
        rows, columns = (-(-size // _MAP_SIDE) for size in targets.shape[1:])
        targets, predictions = (tensor[:, ::rows, ::columns] for tensor in (targets, predictions))
    return SampleMaps(classes, targets.numpy().astype(np.int16), predictions.numpy().astype(np.int16))


def _sample_texts(
    task: Task, head: TaskHead, output: Tensor, target: Tensor, mask: Tensor | None
) -> tuple[RowText, ...]:
    """Describe predictions as a table of predictions has them."""
    columns = head.columns()
    predicted = _join(task.name, columns.predicted, columns.format_predictions(head.predict(output.double()), output))
    true = _join(task.name, columns.truth, columns.format_targets(target))
    present = [True] * len(target) if mask is None else mask.reshape(len(target), -1).any(dim=1).tolist()
    return tuple(
        RowText(known if there else "missing", guess)
        for known, guess, there in zip(true, predicted, present, strict=True)
    )


def _join(task: str, names: tuple[str, ...], cells: Cells) -> list[str]:
    """Join the cells of each row, each with the part of its column's name that tells it from others of the task."""
    parts = [name.removeprefix(f"{task}.").removeprefix("predicted").removeprefix("truth").strip(".") for name in names]
    return [", ".join(f"{part} {_cell(cell)}".strip() for part, cell in zip(parts, row, strict=True)) for row in cells]


def _cell(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
