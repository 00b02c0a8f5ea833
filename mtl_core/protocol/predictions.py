"""What a worker says about predictions for new rows: the inputs of a model, columns of a file, and results."""

from typing import Literal

from mtl_core.spec.base import Report

FieldKind = Literal["number", "category", "date", "text", "image", "sound"]
"""How one value of an input column is entered."""
Cell = str | float | None
"""One value of a row: text as in a file, a number, or none."""
PredictionRole = Literal["row", "predicted", "probability", "low", "high"]
"""What a column of predictions holds; ``low`` and ``high`` are the ends of the interval of a number."""
INTERVAL_LEVELS = (0.8, 0.9, 0.95)
"""Shares of true values in an interval that are offered."""


class PredictedColumn(Report):
    """A column of a table of predictions.

    Attributes:
        name: Its name.
        task: The task; empty for the row's number.
        role: What it holds.
        label: The class, label or value; empty where the task has only one.
        unit: The unit of its numbers in the data of the run; empty where there is none.
    """

    name: str
    task: str
    role: PredictionRole
    label: str = ""
    unit: str = ""


class FileColumns(Report):
    """How the columns of a file suit a model.

    Attributes:
        rows: Rows of the file.
        used: The input columns in it.
        missing: The input columns that are not in it.
        left_over: Its other columns.
    """

    rows: int
    used: tuple[str, ...]
    missing: tuple[str, ...]
    left_over: tuple[str, ...]


class UnpredictedRow(Report):
    """A row of a file without a prediction: its number, from 1, and the reason as a clause."""

    row: int
    reason: str


class FilePredictions(Report):
    """The predictions for a file, whose table was written to another one.

    Attributes:
        rows: Rows of the file.
        columns: The columns of the table.
        notes: How missing and unknown cells were treated, a line each.
        unreadable: The first rows without a prediction.
        unreadable_count: How many there are.
    """

    rows: int
    columns: tuple[PredictedColumn, ...]
    notes: tuple[str, ...] = ()
    unreadable: tuple[UnpredictedRow, ...] = ()
    unreadable_count: int = 0


class InputField(Report):
    """An input column of a model as a field of a form.

    Attributes:
        column: Its name.
        input: The input that reads it.
        kind: How a value is entered.
        low: The 1 % quantile of the training rows, of numbers.
        high: The 99 % quantile.
        whole: Whether all numbers are whole.
        categories: The values of a category, most frequent first.
        typical: The median, the most frequent category, or the value of the first validation row.
    """

    column: str
    input: str
    kind: FieldKind
    low: float | None = None
    high: float | None = None
    whole: bool = False
    categories: tuple[str, ...] = ()
    typical: Cell = None


class PredictionForm(Report):
    """The inputs of a model, and rows to begin with.

    Attributes:
        fields: The input columns.
        rows: Numbers of some validation rows in the data, from 1; none where the data are not there.
        cells: The values of these rows, in the order of the fields.
        tasks: The tasks.
    """

    fields: tuple[InputField, ...]
    rows: tuple[int, ...] = ()
    cells: tuple[tuple[Cell, ...], ...] = ()
    tasks: tuple[str, ...] = ()


class RowPrediction(Report):
    """The prediction for one row.

    Attributes:
        columns: The columns of a table of predictions, without that of the row's number.
        cells: The cells of the row; none where there is no prediction.
        notes: How missing and unknown values were treated, a line each.
        reason: Why there is no prediction; empty where there is one.
    """

    columns: tuple[PredictedColumn, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    reason: str = ""
