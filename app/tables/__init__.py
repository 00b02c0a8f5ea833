"""Item models over plain rows, and the delegates that paint them."""

from app.tables.delegates import StarDelegate, StateDelegate, paint_chip
from app.tables.preview_model import PreviewModel
from app.tables.run_cells import ROW_ROLE
from app.tables.run_choices import RunChoice, RunChoices, read_choices
from app.tables.run_chooser import RunChooser, rect_within
from app.tables.run_columns import (
    BASE_COLUMNS,
    DELTA_M,
    SETTING_PREFIX,
    SIZE,
    RunColumn,
    experiment_name,
    format_study,
    metric_columns,
    run_title,
    sort_order,
)
from app.tables.run_groups import RunGroup
from app.tables.run_picker import RunPicker
from app.tables.run_rows import RunExtras, RunRow, RunsReader, RunsSnapshot
from app.tables.runs_model import RunsModel

__all__ = [
    "BASE_COLUMNS",
    "DELTA_M",
    "ROW_ROLE",
    "SETTING_PREFIX",
    "SIZE",
    "PreviewModel",
    "RunChoice",
    "RunChoices",
    "RunChooser",
    "RunColumn",
    "RunExtras",
    "RunGroup",
    "RunPicker",
    "RunRow",
    "RunsModel",
    "RunsReader",
    "RunsSnapshot",
    "StarDelegate",
    "StateDelegate",
    "experiment_name",
    "format_study",
    "metric_columns",
    "paint_chip",
    "read_choices",
    "rect_within",
    "run_title",
    "sort_order",
]
