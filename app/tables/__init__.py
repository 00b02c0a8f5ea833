"""Item models over plain rows, and the delegates that paint them."""

from app.tables.delegates import StarDelegate, StateDelegate, paint_chip
from app.tables.preview import PreviewModel
from app.tables.run_choices import RunChoice, RunChoices, read_choices
from app.tables.run_chooser import RunChooser, placed_within
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
from app.tables.words import (
    STATE_WORDS,
    brief,
    count,
    duration,
    moment,
    percent,
    quantity,
    score,
    shape,
    shortened,
    time_left,
)

__all__ = [
    "BASE_COLUMNS",
    "ROW_ROLE",
    "STATE_WORDS",
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
    "brief",
    "count",
    "duration",
    "experiment_name",
    "method_title",
    "metric_columns",
    "moment",
    "order_of",
    "paint_chip",
    "percent",
    "placed_within",
    "quantity",
    "read_choices",
    "score",
    "shape",
    "shortened",
    "study_words",
    "time_left",
]
