"""Output of ``evaluate --details``."""

import math
from collections.abc import Iterable, Mapping

from mtl_core.analysis.diagnostics.confusion import normalize_rows
from mtl_core.cli import output
from mtl_core.protocol.diagnostics import ClassDiagnostics, CommonErrorCounts, Diagnostics, Estimate, TaskDiagnostics

_MOST_CLASSES = 12
"""Most classes whose confusion matrix is printed; --json has every one."""
_MOST_ROWS = 10


def print_diagnostics(diagnostics: Diagnostics, *, as_json: bool) -> None:
    """Print the diagnostics of a run as tables, or as one JSON object."""
    if as_json:
        output.print_json(diagnostics.model_dump(exclude={"values": {"inputs", "input_rows"}}))
        return
    output.print_out(f"run {diagnostics.run} on {diagnostics.rows} {diagnostics.split} rows")
    digests = dict(zip(diagnostics.values.rows, diagnostics.values.digests, strict=True))
    for task in diagnostics.tasks:
        _print_task(task, diagnostics.group, digests)
    if diagnostics.common is not None:
        _print_common_errors(diagnostics.common)


def _print_task(task: TaskDiagnostics, group: str, digests: Mapping[int, str]) -> None:
    share = f" ({task.errors / task.labeled:.1%})" if task.labeled else ""
    labeled, errors = _count(task.labeled, "labeled row"), _count(task.errors, "error")
    output.print_out("")
    output.print_out(f"{task.task}: {labeled}, mean loss {_number(task.loss)}, {errors}{share}: {task.error_rule}")
    if task.confusion:
        _print_confusion(task)
    if task.classes:
        _print_classes(task)
    if task.values:
        table = output.Table("value", "rows", "bias", "MAE", "RMSE", "R²", title="residuals: predicted minus true")
        for value in task.values:
            numbers = (value.bias, value.mae, value.rmse, value.r2)
            table.add_row(value.name, str(value.rows), *map(_number, numbers))
        output.print_out(table)
    if task.groups:
        _print_groups(task, group)
    if task.hardest:
        table = output.Table("row", "loss", "true", "predicted", "cells", title="rows of highest loss")
        for row in task.hardest[:_MOST_ROWS]:
            table.add_row(str(row.row), _number(row.loss), row.true, row.predicted, digests[row.row])
        output.print_out(table)


def _print_confusion(task: TaskDiagnostics) -> None:
    if len(task.class_names) > _MOST_CLASSES:
        output.print_out(f"the confusion matrix of {len(task.class_names)} classes is in --json")
        return
    table = output.Table("true", *task.class_names, title="predicted class (share of the true class)")
    shares = normalize_rows(task.confusion)
    for name, counts, row in zip(task.class_names, task.confusion, shares.tolist(), strict=True):
        cells = (str(n) if math.isnan(part) else f"{n} ({part:.0%})" for n, part in zip(counts, row, strict=True))
        table.add_row(name, *cells)
    output.print_out(table)


def _print_classes(task: TaskDiagnostics) -> None:
    columns = ("class", "rows", "AUC", "average precision", "calibration error")
    table = output.Table(*columns, title="each class against the others [95 % bootstrap interval]")
    for entry in task.classes:
        table.add_row(entry.name, _rows(entry), *map(_estimate, (entry.auroc, entry.average_precision)), _ece(entry))
    output.print_out(table)
    if task.omitted_classes:
        output.print_out(f"{task.omitted_classes} less frequent classes are left out")


def _rows(entry: ClassDiagnostics) -> str:
    return f"{entry.positives} of {entry.positives + entry.negatives}"


def _ece(entry: ClassDiagnostics) -> str:
    return _number(entry.calibration_error)


def _print_groups(task: TaskDiagnostics, group: str) -> None:
    names = _score_names(task)
    table = output.Table(group, "rows", *names, title=f"scores by {group}")
    for entry in task.groups:
        table.add_row(entry.name, str(entry.rows), *(_number(entry.scores.get(name, math.nan)) for name in names))
    output.print_out(table)


def _score_names(task: TaskDiagnostics) -> Iterable[str]:
    return list(dict.fromkeys(name for entry in task.groups for name in entry.scores))


def _print_common_errors(common: CommonErrorCounts) -> None:
    output.print_out("")
    output.print_out(f"{_count(common.total, 'row')} with errors of at least two tasks")
    title = "errors of both tasks (expected if independent)"
    table = output.Table("task", *common.tasks, title=title)
    for i, name in enumerate(common.tasks):
        pairs = enumerate(zip(common.counts[i], common.expected[i], strict=True))
        table.add_row(name, *(str(n) if i == j else f"{n} ({expected:.1f})" for j, (n, expected) in pairs))
    output.print_out(table)
    for row in common.rows[:_MOST_ROWS]:
        output.print_out(f"row {row.row}: {', '.join(row.tasks)}")


def _estimate(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "–"
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}"
