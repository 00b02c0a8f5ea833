"""The ``explain`` verb: what a model uses, how it depends on a column, why it predicts what it does for a row."""

import math
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.references import run_number
from mtl_core.csv_file import format_numbers, write_csv
from mtl_core.errors import InputError
from mtl_core.files import check_new_file
from mtl_core.protocol.explanation import Dependence, FeatureUse, InputAttribution, ModelExplanation, RowExplanation
from mtl_core.store import RunStore, open_store
from mtl_core.text import format_names

_MOST_PARTS = 40
"""Most columns, words or rows of a table that are printed; --json and --csv have every one."""
_ROW_OPTIONS = ("method", "head")
_MODEL_OPTIONS = ("score", "repeats")


def explain(arguments: Namespace) -> int:
    """Explain a run's best model, or with ``--row`` one prediction, or with ``--column`` a dependence."""
    _check_options(arguments)
    if arguments.csv:
        check_new_file(Path(arguments.csv), force=arguments.force)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        store.reap()
        run = run_number(store, arguments.run)
        report, header, rows = _explain(store, run, arguments)
    if arguments.csv:
        write_csv(arguments.csv, header, map(format_numbers, rows))
    if arguments.json:
        output.print_json(report.model_dump())
        return SUCCESS
    match report:
        case ModelExplanation():
            _print_model(report)
        case Dependence():
            _print_dependence(report)
        case _:
            _print_row(report)
    if arguments.csv:
        output.print_out(f"written to {arguments.csv}")
    return SUCCESS


def _check_options(arguments: Namespace) -> None:
    if arguments.row is not None and arguments.column:
        raise InputError("--column", "is not combined with --row", found=arguments.column, fix="Leave one of them out.")
    if arguments.row is None:
        for name in _ROW_OPTIONS:
            if getattr(arguments, name) is not None:
                raise InputError(
                    f"--{name}", "is of one prediction", found=getattr(arguments, name), fix="Add --row N."
                )
    if arguments.row is not None or arguments.column:
        for name in _MODEL_OPTIONS:
            if (found := getattr(arguments, name)) is not None:
                fix = "Leave out --row and --column."
                raise InputError(f"--{name}", "is of the importance of all columns", found=found, fix=fix)
    elif arguments.output:
        raise InputError("--output", "is of one task's prediction", found=arguments.output, fix="Add --row N.")
    if arguments.force and not arguments.csv:
        raise InputError("--force", "overwrites the file of --csv", fix="Add --csv FILE.")


_Rows = Iterator[Sequence[Any]]


def _explain(
    store: RunStore, run: int, arguments: Namespace
) -> tuple[ModelExplanation | Dependence | RowExplanation, Sequence[str], _Rows]:
    """The explanation, and its table."""
    from mtl_core.runner.run_explanation import column_dependence, explain_model, explain_row

    split, seed = arguments.split, arguments.seed
    if arguments.row is not None:
        task = _one_task(store, run, arguments.task)
        row = explain_row(
            store,
            run,
            split,
            arguments.row,
            task,
            output=arguments.output,
            method=arguments.method or "integrated_gradients",
            head=arguments.head or 0,
        )
        return row, ("input", "part", "value", "attribution"), _attribution_rows(row)
    if arguments.column:
        task = _one_task(store, run, arguments.task)
        curve = column_dependence(store, run, split, task, arguments.column, output=arguments.output, seed=seed)
        return curve, (curve.column, *curve.outputs), zip(curve.labels, *curve.means, strict=True)
    tasks = (arguments.task,) if arguments.task else ()
    repeats = 5 if arguments.repeats is None else arguments.repeats
    model = explain_model(store, run, split, tasks=tasks, score=arguments.score or "loss", repeats=repeats, seed=seed)
    rows = ((each.task, each.score, part.name, part.mean, part.std) for each in model.importance for part in each.parts)
    return model, ("task", "score", "part", "importance", "std"), rows


def _one_task(store: RunStore, run: int, task: str) -> str:
    names = store.run(run).tasks
    if not task and len(names) > 1:
        raise InputError("--task", "must name one of the tasks", fix=f"The tasks are {format_names(list(names), 8)}.")
    return task or names[0]


def _attribution_rows(explanation: RowExplanation) -> _Rows:
    for entry in explanation.inputs:
        cells = entry.cells or ("",) * len(entry.names)
        yield from ((entry.name, *line) for line in zip(entry.names, cells, entry.values, strict=True))
        for y, line in enumerate(entry.heat, 1):
            yield from ((entry.name, f"block {y},{x}", "", value) for x, value in enumerate(line, 1))


def _print_model(model: ModelExplanation) -> None:
    output.print_out(f"run {model.run} on {model.rows} {model.split} rows, each part shuffled {model.repeats} times")
    for task in model.importance:
        if not task.parts:
            output.print_out(f"{task.task}: no row has a label")
            continue
        verb = "rise" if task.score == "loss" else "worsening"
        title = f"{task.task}: {verb} of the {task.score}, {_number(task.base)} as it is"
        table = output.Table("column or input", "importance", "std", title=title)
        for part in task.parts[:_MOST_PARTS]:
            table.add_row(part.name, _number(part.mean), _number(part.std))
        output.print_out(table)
    _print_features(model.features)


def _print_features(use: FeatureUse) -> None:
    if len(use.tasks) < 2:
        return
    table = output.Table("task", *use.tasks, title="overlap of the shared features that tasks use (cosine)")
    for name, row in zip(use.tasks, use.overlap, strict=True):
        table.add_row(name, *map(_number, row))
    output.print_out(table)
    if use.are_inputs:
        output.print_out("the tasks share nothing but the inputs: each has layers of its own")
    elif use.are_separate:
        output.print_out("each task reads features of its own")


def _print_dependence(curve: Dependence) -> None:
    title = f"{curve.task}: mean prediction of {curve.rows} {curve.split} rows with another {curve.column}"
    table = output.Table(curve.column, *curve.outputs, title=title)
    for label, *means in zip(curve.labels, *curve.means, strict=True):
        table.add_row(label, *map(_number, means))
    output.print_out(table)


def _print_row(row: RowExplanation) -> None:
    predicted = row.predictions[row.outputs.index(row.output)]
    method = row.method.replace("_", " ")
    output.print_out(f"row {row.row} ({row.split}) of run {row.run}, task {row.task}")
    output.print_out(f"{row.output}: {_number(predicted)}, for the baseline {_number(row.base)}, by {method}")
    for entry in row.inputs:
        _print_input(entry)
    if not math.isnan(row.gap):
        state = "within" if row.is_complete else "beyond"
        output.print_out(f"not attributed: {_number(row.gap)}, {state} the tolerance, {row.evaluations} evaluations")
    for layer in row.attention:
        heads = f"head {layer.head}" if layer.head else f"mean of {layer.heads} heads"
        most = max(((w, q, k) for q, line in zip(layer.queries, layer.weights, strict=True)
                    for k, w in zip(layer.keys, line, strict=True)), default=None)  # fmt: skip
        if most is not None:
            text = f"most weight {_number(most[0])} from {most[1]} to {most[2]}"
            output.print_out(f"attention {layer.layer} ({heads}): {text}; --json has all")


def _print_input(entry: InputAttribution) -> None:
    title = f"{entry.name}: {_number(entry.total)} in all, compared with {entry.baseline}"
    if not entry.is_present:
        output.print_out(f"{entry.name}: the row lacks it")
    elif entry.names:
        table = output.Table("part", "value", "attribution", title=title)
        cells = entry.cells or ("",) * len(entry.names)
        lines = sorted(zip(entry.names, cells, entry.values, strict=True), key=lambda line: -abs(line[2]))
        for name, cell, value in lines[:_MOST_PARTS]:
            table.add_row(name, cell, _number(value))
        output.print_out(table)
    elif entry.heat:
        size = f"{len(entry.heat)} × {len(entry.heat[0])} blocks"
        output.print_out(f"{title}; {size}, which --json and --csv have")


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}"
