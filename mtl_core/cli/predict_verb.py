"""The ``predict`` verb: predictions for the rows of a split, of a file, or of one row."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.model_verbs import check_test_split, holds_models, load_saved_runs, model_folder
from mtl_core.files import check_new_file
from mtl_core.spec import InputError
from mtl_core.tabular.table_files import check_table_file, write_table

if TYPE_CHECKING:
    from mtl_core.evaluation.ensemble import SavedRun
    from mtl_core.protocol.predictions import PredictedColumn, RowPrediction
    from mtl_core.protocol.series_key import SplitName
    from mtl_core.runner.new_row_predictions import Models

_MOST_ROWS = 20
"""Rows that cannot be read that are named one by one."""


def predict(arguments: Namespace) -> int:
    """Write the predictions of a model or ensemble for a split, with targets, for a file, or for one row."""
    file = _pop_rows_file(arguments)
    if file or arguments.row:
        _refuse_split_options(arguments, file or "--row")
    elif arguments.interval:
        rule = "is for new rows: the targets of the data's own rows are known"
        raise InputError("--interval", rule, found=arguments.interval, fix="Name a file, or use --row.")
    if file and arguments.row:
        raise InputError("--row", "is one row, and a file has its own", found=file, fix="Leave one of them out.")
    path = _out_path(arguments)
    if arguments.row:
        return _predict_row(arguments, path)
    assert path is not None
    if file:
        return _predict_file(arguments, file, path)
    return _predict_folds(arguments, path) if arguments.out_of_fold else _predict_split(arguments, path)


def _refuse_split_options(arguments: Namespace, rows: str) -> None:
    if arguments.out_of_fold:
        raise InputError("--out-of-fold", "is of the runs' own data; the rows of a file are in no fold", found=rows)
    if arguments.split:
        raise InputError("--split", "is of the run's own data; the rows of a file have none", found=arguments.split)


def _out_path(arguments: Namespace) -> Path | None:
    """The file to write; None where one row is printed."""
    if not arguments.out:
        if arguments.row:
            return None
        raise InputError("--out", "must name the file to write", fix="Its suffix says the format: csv, xlsx, parquet.")
    path = Path(arguments.out)
    check_new_file(path, force=arguments.force)
    check_table_file(path)
    return path


def _predict_split(arguments: Namespace, path: Path) -> int:
    saved = load_saved_runs(arguments, model_folder(arguments), alone=False)
    from mtl_core.evaluation.predictions import predict as predictions

    split: SplitName = arguments.split or "test"
    table = predictions(saved, split)
    count = write_table(path, table.header, table.rows)
    text = f"{_describe_models(saved)} on {count} {split} rows in {path}"
    return _print_predictions(arguments, saved, path, rows=count, text=text)


def _predict_folds(arguments: Namespace, path: Path) -> int:
    check_test_split(arguments)
    saved = load_saved_runs(arguments, model_folder(arguments), alone=False)
    from mtl_core.evaluation.out_of_fold import write_out_of_fold

    count = write_out_of_fold(saved, path)
    text = f"{count} rows, each predicted by the run of {len(saved)} that has not seen it, in {path}"
    return _print_predictions(arguments, saved, path, rows=count, text=text)


def _predict_file(arguments: Namespace, file: str, path: Path) -> int:
    models = _load_models(arguments)
    from mtl_core.evaluation.row_predictions import predict_rows
    from mtl_core.runner.new_row_predictions import interval_notes

    widths = models.interval_widths(arguments.interval) if arguments.interval else {}
    saved = models.saved
    table = predict_rows(saved, file, models.preprocessing, widths)
    count = write_table(path, table.header, table.rows)
    unreadable = [asdict(row) for row in table.unreadable()]
    for row in unreadable[:_MOST_ROWS]:
        output.print_error(f"row {row['row']}: {row['reason']}; it has no prediction")
    if (more := len(unreadable) - _MOST_ROWS) > 0:
        output.print_error(f"{more} more rows have no prediction; --json lists all")
    predicted = f"{count - len(unreadable)} of {count}" if unreadable else f"{count}"
    text = f"{_describe_models(saved)} on {predicted} rows of {file} in {path}"
    notes = (*table.notes(), *interval_notes(widths, arguments.interval or 0.0))
    return _print_predictions(arguments, saved, path, rows=count, text=text, notes=notes, unreadable=unreadable)


def _predict_row(arguments: Namespace, path: Path | None) -> int:
    models = _load_models(arguments)
    from mtl_core.datasets.input_columns import new_row
    from mtl_core.evaluation.row_predictions import RowPredictor
    from mtl_core.runner.new_row_questions import predict_one

    level = arguments.interval or 0.0
    predictor = RowPredictor(models.saved, models.preprocessing)
    row = new_row(_cells(arguments.row), predictor.preprocessing)
    widths = models.interval_widths(level) if level else {}
    prediction = predict_one(predictor, row, widths, level)
    if prediction.reason:
        raise InputError("--row", f"has no prediction: {prediction.reason}", fix="Give a value of an input column.")
    if path is not None:
        write_table(path, [column.name for column in prediction.columns], [prediction.cells])
    _print_row(arguments, models.saved, prediction, path)
    return SUCCESS


def _cells(words: Sequence[str]) -> dict[str, str]:
    """The values by column of the words ``column=value``."""
    cells = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            raise InputError("--row", "must be COLUMN=VALUE", found=word)
        cells[name] = value
    return cells


def _print_row(
    arguments: Namespace, saved: "Sequence[SavedRun]", prediction: "RowPrediction", path: Path | None
) -> None:
    runs = [run.run for run in saved]
    by_name = {column.name: cell for column, cell in zip(prediction.columns, prediction.cells, strict=True)}
    if arguments.json:
        place = {"file": str(path)} if path is not None else {}
        output.print_json({"runs": runs, **place, "prediction": by_name, "notes": list(prediction.notes)})
        return
    for line in prediction.notes:
        output.print_out(line)
    for column, cell in zip(prediction.columns, prediction.cells, strict=True):
        output.print_out(_format_cell(column, cell))
    if path is not None:
        output.print_out(f"{_describe_models(saved)} on one row in {path}")


def _format_cell(column: "PredictedColumn", cell: Any) -> str:
    text = f"{cell:.6g}" if isinstance(cell, float) else "" if cell is None else str(cell)
    return f"{column.name}: {text} {column.unit}".rstrip()


def _load_models(arguments: Namespace) -> "Models":
    """Load the models of the RUN arguments for new rows."""
    folder = model_folder(arguments)
    saved = load_saved_runs(arguments, folder, alone=False)
    from mtl_core.evaluation.model_bundle import load_preprocessing
    from mtl_core.runner.new_row_predictions import Models

    if folder is not None:
        return Models(tuple(saved), load_preprocessing(folder))
    return Models(tuple(saved), is_stored=True, store=arguments.store)


def _print_predictions(
    arguments: Namespace,
    saved: "Sequence[SavedRun]",
    path: Path,
    *,
    rows: int,
    text: str,
    notes: Sequence[str] = (),
    unreadable: Sequence[dict[str, Any]] = (),
) -> int:
    """Print which predictions were written, after notes about the rows."""
    if arguments.json:
        runs = [run.run for run in saved]
        data = {"runs": runs, "file": str(path), "rows": rows, "notes": list(notes), "unreadable": list(unreadable)}
        output.print_json(data)
        return SUCCESS
    for line in (*notes, text):
        output.print_out(line)
    return SUCCESS


def _describe_models(saved: "Sequence[SavedRun]") -> str:
    return f"run {saved[0].run}" if len(saved) == 1 else f"the mean of {len(saved)} runs"


def _pop_rows_file(arguments: Namespace) -> str | None:
    """Remove the new rows from the RUN arguments and return them: the last one, if it is no run and holds no models.

    They are a file, or a folder of files.
    """
    *runs, last = arguments.run
    if not runs or last == "last" or last.isdecimal() or last.startswith("study:") or holds_models(last):
        return None
    arguments.run = runs
    return str(last)
