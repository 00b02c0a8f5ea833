"""Answers to the questions about new rows: columns of a file, predictions for a file or a row, and the form of a row.

The models asked for last stay loaded, so that a form follows its fields at once.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtl_core.analysis.conformal import HalfWidths
from mtl_core.datasets.input_columns import input_columns, new_row
from mtl_core.datasets.input_fields import describe_fields
from mtl_core.datasets.new_rows import NewRows, read_column_names, read_new_rows
from mtl_core.datasets.registry import data_version, open_source
from mtl_core.errors import InputError, WorkbenchError, file_error
from mtl_core.evaluation.ensemble import load_data
from mtl_core.evaluation.row_predictions import RowPredictor
from mtl_core.protocol.predictions import (
    FileColumns,
    FilePredictions,
    PredictionForm,
    RowPrediction,
    UnpredictedRow,
)
from mtl_core.protocol.questions import (
    FileColumnsQuestion,
    NewRowsQuestion,
    PredictFileQuestion,
    PredictionFormQuestion,
    PredictRowQuestion,
    SaveTableQuestion,
)
from mtl_core.runner.new_row_predictions import Models, interval_notes, load_model_folder, load_stored_models
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.table_files import StoredTable, store_table, write_table

MOST_UNREADABLE = 1000
"""Most rows without a prediction that are listed."""
AnyNewRowsQuestion = (
    FileColumnsQuestion | PredictFileQuestion | SaveTableQuestion | PredictionFormQuestion | PredictRowQuestion
)


@dataclass
class _LoadedModels:
    """Models with what was computed with them."""

    models: Models
    predictor: RowPredictor
    widths: dict[float, HalfWidths] = field(default_factory=dict)

    def intervals(self, level: float) -> HalfWidths:
        """The widths of intervals of a level; none for 0."""
        if level and level not in self.widths:
            self.widths[level] = self.models.interval_widths(level)
        return self.widths[level] if level else {}


_loaded: LruCache[_LoadedModels] = LruCache(1)


def answer_question(question: AnyNewRowsQuestion) -> Any:
    """Answer a question about new rows, with the type of answer that its class names."""
    match question:
        case FileColumnsQuestion():
            return _file_columns(question)
        case PredictFileQuestion():
            return _predict_file(question)
        case SaveTableQuestion():
            stored = StoredTable(Path(question.table))
            return write_table(Path(question.path), stored.header, stored.rows())
        case PredictionFormQuestion():
            return _describe_form(question)
        case PredictRowQuestion():
            return _predict_row(question)


def forget_models() -> None:
    """Release the loaded models, whose memory a training may need."""
    _loaded.clear()


def _load(question: NewRowsQuestion[Any]) -> _LoadedModels:
    """Load models, unless they are loaded and neither they nor their data have changed."""
    models = load_model_folder(Path(question.folder)) if question.folder else _stored(question)
    data = "" if question.folder else data_version(models.saved[0].spec.dataset)
    stamps = tuple(_stamp(run.checkpoint) for run in models.saved)
    key = (question.store, question.runs, question.folder, stamps, data)
    return _loaded.get(key, lambda: _LoadedModels(models, RowPredictor(models.saved, models.preprocessing)))


def _stored(question: NewRowsQuestion[Any]) -> Models:
    if not question.runs:
        raise InputError("model", "must be a run or a folder of models", fix="Choose a finished run.")
    return load_stored_models(question.store, question.runs)


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise file_error(path, "cannot be read", error) from None
    return str(path), status.st_mtime_ns, status.st_size


def _file_columns(question: FileColumnsQuestion) -> FileColumns:
    preprocessing = _load(question).predictor.preprocessing
    inputs = [column.name for column in input_columns(preprocessing)]
    rows, names = read_column_names(question.path, preprocessing)
    return FileColumns(
        rows=rows,
        used=tuple(name for name in inputs if name in names),
        missing=tuple(name for name in inputs if name not in names),
        left_over=tuple(name for name in names if name not in inputs),
    )


def _predict_file(question: PredictFileQuestion) -> FilePredictions:
    loaded = _load(question)
    widths = loaded.intervals(question.level)
    rows = read_new_rows(question.path, loaded.predictor.preprocessing)
    table = loaded.predictor.predict(rows, widths)
    count = store_table(Path(question.table), table.header, table.rows)
    unreadable = [UnpredictedRow(row=row.row, reason=row.reason) for row in table.unreadable()]
    return FilePredictions(
        rows=count,
        columns=table.columns,
        notes=(*table.notes(), *interval_notes(widths, question.level)),
        unreadable=tuple(unreadable[:MOST_UNREADABLE]),
        unreadable_count=len(unreadable),
    )


def _describe_form(question: PredictionFormQuestion) -> PredictionForm:
    predictor = _load(question).predictor
    first = predictor.saved[0]
    data = None
    if question.folder:
        with suppress(WorkbenchError):  # the data may be elsewhere: the folder says enough
            data = load_data(first), open_source(first.spec.dataset)
    else:
        data = load_data(first), open_source(first.spec.dataset)
    return describe_fields(predictor.preprocessing, first.spec.task_names, data)


def _predict_row(question: PredictRowQuestion) -> RowPrediction:
    loaded = _load(question)
    row = new_row(question.cells, loaded.predictor.preprocessing)
    return predict_one(loaded.predictor, row, loaded.intervals(question.level), question.level)


def predict_one(predictor: RowPredictor, row: NewRows, widths: HalfWidths, level: float) -> RowPrediction:
    """Predict a single row.

    Args:
        predictor: The models.
        row: The row.
        widths: Half of the width of the interval of each number, by task.
        level: The share of true values that an interval is to hold; 0 without intervals.
    """
    table = predictor.predict(row, widths)
    (values,) = table.rows  # all of it, after which notes and reasons are complete
    cells = [None if cell == "" else cell for cell in values[1:]]
    reason = next((entry.reason for entry in table.unreadable()), "")
    return RowPrediction(
        columns=table.columns[1:],
        cells=() if reason else tuple(cells),
        notes=(*table.notes(), *interval_notes(widths, level)),
        reason=reason,
    )
