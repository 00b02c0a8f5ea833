"""Diagnostics of all tasks as one report, from their predictions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mtl_core.analysis.diagnostics.calibration import reliability
from mtl_core.analysis.diagnostics.confusion import confusion_counts
from mtl_core.analysis.diagnostics.curves import (
    Interval,
    affordable_resamples,
    curve_areas,
    threshold_counts,
)
from mtl_core.analysis.diagnostics.predictions import TaskPredictions, binary_targets
from mtl_core.analysis.diagnostics.residuals import residuals
from mtl_core.analysis.diagnostics.row_errors import common_errors, hardest_rows
from mtl_core.analysis.diagnostics.row_groups import RowGroups, group_scores
from mtl_core.protocol.diagnostics import (
    HARDEST,
    ClassDiagnostics,
    CommonErrorCounts,
    CommonErrorRow,
    Estimate,
    GroupDiagnostics,
    HardRow,
    TaskDiagnostics,
    ValueDiagnostics,
)

MOST_CLASSES = 10
"""Most classes or labels with curves: the most frequent ones."""
MOST_THRESHOLDS = 501
MOST_POINTS = 1000
ABOVE_ALL = 2.0
"""The threshold that predicts no row positive, instead of an infinite one."""
_MISSING = "missing"
_ERROR_RULES = {
    "classes": "another class is predicted",
    "labels": "any label is wrong",
    "values": "the loss is among the highest tenth",
    "losses": "the loss is among the highest tenth",
}


class RowText(NamedTuple):
    """The target of a row and its prediction, of a class with the probability."""

    true: str
    predicted: str


def task_diagnostics(
    predictions: TaskPredictions,
    kind: str,
    groups: RowGroups | None = None,
    *,
    resamples: int | None = None,
    hardest: int = HARDEST,
) -> TaskDiagnostics:
    """Describe the predictions of a task.

    Args:
        predictions: The predictions.
        kind: The kind of the task.
        groups: Groups of the rows; None for none.
        resamples: Number of resamples for the intervals, 0 for no intervals; None for as many as are affordable.
        hardest: How many rows of highest loss are named.
    """
    labeled = predictions.labeled
    names = _class_order(predictions)
    has_classes = predictions.form == "classes"
    confusion = (
        confusion_counts(predictions.targets, predictions.predicted_classes, len(predictions.names))
        if has_classes
        else np.empty((0, 0), np.int64)
    )
    scores = () if groups is None else group_scores(predictions, groups)
    return TaskDiagnostics(
        task=predictions.task,
        kind=kind,
        labeled=int(labeled.sum()),
        loss=float(predictions.losses[labeled].mean()) if labeled.any() else float("nan"),
        errors=int(predictions.errors.sum()),
        error_rule=_ERROR_RULES[predictions.form],
        class_names=predictions.names if has_classes else (),
        confusion=tuple(map(tuple, confusion.tolist())),
        classes=tuple(_describe_class(predictions, index, resamples) for index in names[:MOST_CLASSES]),
        omitted_classes=max(len(names) - MOST_CLASSES, 0),
        values=_describe_values(predictions),
        groups=tuple(GroupDiagnostics(name=entry.group, rows=entry.rows, scores=entry.scores) for entry in scores),
        hardest=tuple(
            describe_hard_row(predictions, position) for position in hardest_rows(predictions, hardest).tolist()
        ),
        label_form=predictions.form,
        label_names=predictions.names,
    )


def common_error_counts(tasks: Sequence[TaskPredictions]) -> CommonErrorCounts:
    """Describe the errors that several tasks have in common; all have the same rows."""
    found = common_errors(tasks)
    errors = np.stack([task.errors for task in tasks])
    rows = (
        CommonErrorRow(
            row=int(tasks[0].rows[position]) + 1,
            tasks=tuple(task.task for task, wrong in zip(tasks, errors[:, position], strict=True) if wrong),
        )
        for position in found.positions[:HARDEST].tolist()
    )
    return CommonErrorCounts(
        tasks=tuple(task.task for task in tasks),
        counts=tuple(map(tuple, found.counts.tolist())),
        expected=tuple(map(tuple, found.expected.tolist())),
        total=len(found.positions),
        rows=tuple(rows),
    )


def _class_order(predictions: TaskPredictions) -> list[int]:
    """Return the classes to describe, most frequent first; of two classes only the positive one."""
    if predictions.form not in ("classes", "labels"):
        return []
    if predictions.form == "classes" and len(predictions.names) == 2:
        return [1]
    known = predictions.targets
    counts = (
        np.bincount(known[known >= 0].astype(np.int64), minlength=len(predictions.names))
        if predictions.form == "classes"
        else (known == 1).sum(axis=0)
    )
    return [int(index) for index in np.argsort(-counts, kind="stable")]


def _describe_class(predictions: TaskPredictions, index: int, resamples: int | None) -> ClassDiagnostics:
    targets, scores = binary_targets(predictions, index)
    full = threshold_counts(targets, scores)
    counts, calibration = full.thin(MOST_THRESHOLDS), reliability(targets, scores)
    drawn = affordable_resamples(len(scores)) if resamples is None else resamples
    areas = curve_areas(targets, scores, resamples=drawn)
    return ClassDiagnostics(
        name=predictions.names[index],
        positives=full.positives,
        negatives=full.negatives,
        auroc=_estimate(areas.roc),
        average_precision=_estimate(areas.average_precision),
        thresholds=(ABOVE_ALL, *counts.thresholds[1:].tolist()),
        true_positives=tuple(counts.true_positives.tolist()),
        false_positives=tuple(counts.false_positives.tolist()),
        probability=tuple(calibration.probability.tolist()),
        frequency=tuple(calibration.frequency.tolist()),
        counts=tuple(calibration.counts.tolist()),
        calibration_error=calibration.error,
    )


def _estimate(interval: Interval) -> Estimate:
    return Estimate(value=interval.value, low=interval.low, high=interval.high)


def _describe_values(predictions: TaskPredictions) -> tuple[ValueDiagnostics, ...]:
    if predictions.form == "values":
        pairs = zip(predictions.names, predictions.targets.T, predictions.predictions.T, strict=True)
        return tuple(_describe_value(name, true, predicted) for name, true, predicted in pairs)
    if predictions.form == "classes" and predictions.ordered:
        ranks = np.where(predictions.targets >= 0, predictions.targets + 1.0, np.nan)
        return (_describe_value("rank", ranks, predictions.predicted_classes + 1.0),)
    return ()


def _describe_value(name: str, true: ArrayLike, predicted: ArrayLike) -> ValueDiagnostics:
    found = residuals(true, predicted)
    rows = len(found.true)
    some = np.unique(np.linspace(0, rows - 1, min(rows, MOST_POINTS)).astype(np.int64))
    return ValueDiagnostics(
        name=name,
        rows=rows,
        bias=found.bias,
        mae=found.mae,
        rmse=found.rmse,
        r2=found.r2,
        edges=tuple(found.edges.tolist()),
        residual_counts=tuple(found.counts.tolist()),
        true=tuple(found.true[some].tolist()),
        predicted=tuple(found.predicted[some].tolist()),
    )


def describe_hard_row(predictions: TaskPredictions, position: int) -> HardRow:
    """Describe the target, prediction and loss of a row.

    Args:
        predictions: The predictions of its task.
        position: Its position among them.
    """
    true, predicted = describe_row(predictions, position)
    return HardRow(
        row=int(predictions.rows[position]) + 1,
        loss=float(predictions.losses[position]),
        true=true,
        predicted=predicted,
    )


def describe_row(predictions: TaskPredictions, position: int) -> RowText:
    """Describe the target and the prediction of one row; both are empty for a task that has only losses."""
    targets, guesses = predictions.targets[position], predictions.predictions[position]
    match predictions.form:
        case "classes":
            index = int(predictions.predicted_classes[position])
            true = predictions.names[int(targets)] if targets >= 0 else _MISSING
            return RowText(true, f"{predictions.names[index]} ({guesses[index]:.3f})")
        case "labels":
            pairs = list(zip(predictions.names, targets.tolist(), guesses.tolist(), strict=True))
            true = ", ".join(name for name, target, _ in pairs if target == 1) or "none"
            predicted = ", ".join(f"{name} ({guess:.3f})" for name, _, guess in pairs if guess > 0.5) or "none"
            return RowText(true if (targets >= 0).any() else _MISSING, predicted)
        case "values":
            true, predicted = (", ".join(_number(value) for value in row.tolist()) for row in (targets, guesses))
            return RowText(true, predicted)
    return RowText("", "")


def _number(value: float) -> str:
    return _MISSING if np.isnan(value) else f"{value:.5g}"
