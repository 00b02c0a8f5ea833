"""Predictions of trained models for new rows: those of a file, or a single one."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn

from mtl_core.analysis.conformal import NUMBER_KINDS, HalfWidths
from mtl_core.datasets.data import Inputs
from mtl_core.datasets.inputs.registry import token_input
from mtl_core.datasets.new_rows import NewRows, read_new_rows
from mtl_core.datasets.registry import open_source
from mtl_core.errors import InputError
from mtl_core.evaluation.ensemble import SavedRun, build_predictor, check_members, load_data
from mtl_core.protocol.predictions import PredictedColumn, PredictionRole
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import TargetInfo, Task
from mtl_core.spec.reports import Shape
from mtl_core.tabular.readers.table_format import UnreadableRow
from mtl_core.tasks import TaskHead
from mtl_core.text import group_digits
from mtl_core.training.runtime.devices import choose_device

_END_ROLES: tuple[PredictionRole, ...] = ("low", "high")


@dataclass(frozen=True)
class RowPredictions:
    """A table with one row per row of a file.

    Attributes:
        columns: ``row``, which counts the file's rows from 1, the columns of each task's prediction
            (:class:`mtl_core.tasks.prediction_columns.TaskColumns`), and the ends of intervals.
        rows: The cells of each row, computed lazily; empty for a row without a prediction.
        notes: Returns how missing or unknown cells and unreadable files were treated, one line each; complete when all
            rows were computed.
        unreadable: Returns the rows without a prediction, with the reason; complete when all rows were computed.
    """

    columns: tuple[PredictedColumn, ...]
    rows: Iterator[list[Any]]
    notes: Callable[[], tuple[str, ...]]
    unreadable: Callable[[], tuple[UnreadableRow, ...]]

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)


class RowPredictor:
    """A run, or the mean prediction of several, for new rows; the models are loaded once, with the first rows.

    Args:
        saved: One run, or several of the same tasks and data; the device is the first one's.
        preprocessing: Preprocessing of the training rows, if it was saved; by default the data of the runs is read.

    Raises:
        InputError: The runs have different tasks or data, or the data has changed.
    """

    def __init__(self, saved: Sequence[SavedRun], preprocessing: Mapping[str, Any] | None = None) -> None:
        check_members(saved)
        self.saved = tuple(saved)
        self.tasks: tuple[Task, ...] = tuple(saved[0].spec.tasks)
        if preprocessing is None:
            data = load_data(saved[0])
            self.preprocessing: Mapping[str, Any] = data.preprocessing
            self._targets: Mapping[str, TargetInfo] = data.targets
            source = open_source(saved[0].spec.dataset)
            self._units = {name: column.format.unit for name, column in source.columns.items()}
        else:
            self.preprocessing = preprocessing
            self._targets = {task.name: _target(task, preprocessing) for task in self.tasks}
            self._units = {}
        self._model: nn.Module | None = None
        self._heads: tuple[TaskHead, ...] = ()
        self._shapes: Mapping[str, Shape] = {}

    def predict(self, rows: NewRows, intervals: HalfWidths | None = None) -> RowPredictions:
        """Predict new rows; numbers with intervals if these are given.

        Args:
            rows: The rows.
            intervals: Half of the width of the interval of each number, by task.

        Raises:
            InputError: A checkpoint is incomplete.
        """
        model = self._load(rows.shapes)
        widths = [(intervals or {}).get(head.name, ()) for head in self._heads]
        columns = [PredictedColumn(name="row", task="", role="row")]
        for task, head, width in zip(self.tasks, self._heads, widths, strict=True):
            columns += _columns(task, head.columns().predicted, self._units, intervals=len(width) > 0)
        return RowPredictions(tuple(columns), self._cells(rows, model, widths), rows.notes, rows.unreadable)

    def _load(self, shapes: Mapping[str, Shape]) -> nn.Module:
        if self._model is None or shapes != self._shapes:
            device = choose_device(self.saved[0].spec.training.device)
            _, self._heads, self._model = build_predictor(self.saved, self._targets, shapes, device)
            self._shapes = shapes
        return self._model

    def _cells(
        self, rows: NewRows, model: nn.Module, widths: Sequence[tuple[float | None, ...]]
    ) -> Iterator[list[Any]]:
        tokens, done = token_input(self.preprocessing), 0
        counted = [task.kind == "count" for task in self.tasks]
        for batch in rows.batches():
            by_task = _predictions(model, self._heads, batch.inputs, tokens)
            for readable, *cells in zip(batch.readable.tolist(), *by_task, strict=True):
                done += 1
                with_ends = zip(cells, widths, counted, strict=True)
                row = [
                    cell for cells, width, count in with_ends for cell in (*cells, *_ends(cells, width, count=count))
                ]
                yield [done, *(row if readable else [""] * len(row))]
            report_progress(f"Predicted {group_digits(done)} of {group_digits(len(rows))} rows", done / len(rows))


def predict_rows(
    saved: Sequence[SavedRun],
    path: str,
    preprocessing: Mapping[str, Any] | None = None,
    intervals: HalfWidths | None = None,
) -> RowPredictions:
    """Predict with a run, or with the mean prediction of several, for the rows of a file without targets.

    Args:
        saved: One run, or several of the same tasks and data; the device is the first one's.
        path: A table file with at least the input columns.
        preprocessing: Preprocessing of the training rows, if it was saved; by default the data of the runs is read.
        intervals: Half of the width of the interval of each number, by task.

    Raises:
        InputError: The runs have different tasks or data, a checkpoint is incomplete, the data has changed, or the
            file cannot be read or lacks an input.
    """
    predictor = RowPredictor(saved, preprocessing)
    return predictor.predict(read_new_rows(path, predictor.preprocessing), intervals)


def _target(task: Task, preprocessing: Mapping[str, Any]) -> TargetInfo:
    """Return the target of a task as described in a manifest, which has no class counts; they are not needed."""
    try:
        fields = {key: value for key, value in preprocessing["targets"][task.name].items() if key != "columns"}
        classes = len(fields.get("classes", ()))
        return TargetInfo(**fields, name=task.name, counts=(1,) * classes, labelled=max(classes, 1))
    except (KeyError, TypeError, AttributeError, ValidationError):
        fix = "Export the runs again."
        raise InputError("preprocessing", f"does not describe the target of task {task.name!r}", fix=fix) from None


def _columns(task: Task, names: Sequence[str], units: Mapping[str, str], *, intervals: bool) -> list[PredictedColumn]:
    """The columns of a task, whose names say what they hold, and the ends of its intervals."""
    columns = []
    for name in names:
        first, _, label = name.removeprefix(f"{task.name}.").partition(".")
        role: PredictionRole = "probability" if first == "p" else "predicted"
        unit = units.get(label or task.targets[0], "") if task.kind in NUMBER_KINDS else ""
        columns.append(PredictedColumn(name=name, task=task.name, role=role, label=label, unit=unit))
    if not intervals:
        return columns
    return [*columns, *(_end(column, role) for column in columns for role in _END_ROLES)]


def _end(column: PredictedColumn, role: PredictionRole) -> PredictedColumn:
    suffix = f".{column.label}" if column.label else ""
    return column.model_copy(update={"name": f"{column.task}.{role}{suffix}", "role": role})


def _ends(cells: Sequence[Any], widths: Sequence[float | None], *, count: bool) -> list[Any]:
    """The ends of the interval of each number, empty where its width is not known; of counts not below 0."""
    ends: list[Any] = []
    for cell, width in zip(cells, widths, strict=False):
        known = width is not None and math.isfinite(cell)
        ends += [max(cell - width, 0.0) if count else cell - width, cell + width] if known else ["", ""]
    return ends


@torch.inference_mode()
def _predictions(model: nn.Module, heads: Sequence[TaskHead], inputs: Inputs, tokens: str) -> list[list[list[Any]]]:
    """Return the cells of each task by row; ``tokens`` is the input that says where a text ends."""
    device = next(model.parameters()).device
    outputs = model({name: tensor.to(device) for name, tensor in inputs.items()})
    # In double precision, so that probabilities sum to 1 in all digits that are written.
    return [
        head.columns().format_predictions(head.predict(output.double()).cpu(), inputs[tokens])
        for head, output in zip(heads, outputs, strict=True)
    ]
