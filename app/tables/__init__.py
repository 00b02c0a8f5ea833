"""Item models over plain rows, and the delegates that paint them."""

from app.tables.delegates import StarDelegate, StateDelegate, paint_chip
from app.tables.preview import PreviewModel
from app.tables.run_choices import RunChoice, RunChoices, read_choices
from app.tables.run_chooser import RunChooser, rect_within
from app.tables.run_columns import (
    BASE_COLUMNS,
    RunColumn,
    experiment_name,
    method_title,
    metric_columns,
    order_of,
    study_words,
)
from app.tables.run_rows import RunRow, RunsReader, RunsReading
from app.tables.runs import ROW_ROLE, RunsModel

__all__ = [
    "BASE_COLUMNS",
    "ROW_ROLE",
    "PreviewModel",
    "RunChoice",
    "RunChoices",
    "RunChooser",
    "RunColumn",
    "RunRow",
    "RunsModel",
    "RunsReader",
    "RunsReading",
    "StarDelegate",
    "StateDelegate",
    "experiment_name",
    "method_title",
    "metric_columns",
    "order_of",
    "paint_chip",
    "read_choices",
    "rect_within",
    "study_words",
]
