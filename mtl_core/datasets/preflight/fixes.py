"""Changes of a spec that mend findings."""

from collections.abc import Collection, Sequence
from typing import Any

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.spec import ColumnType
from mtl_core.spec.data.data_findings import DataFix
from mtl_core.spec.data.dataset import DATASET_KINDS
from mtl_core.spec.paths import join
from mtl_core.tabular.cells import MISSING
from mtl_core.tabular.column import Column


def leave_out(data: CheckedData, column: str) -> DataFix | None:
    """Take a column out of the inputs; None where no other input is left."""
    inputs = _inputs_without(data, (column,))
    return None if inputs is None else DataFix(label=f"Leave {column} out", changes={"dataset.inputs": inputs})


def divide_by(data: CheckedData, kind: str, column: str) -> DataFix | None:
    """Divide the rows by a column, which is no input then; None where no other input is left."""
    changes: dict[str, Any] = {}
    if column in data.input_names:
        inputs = _inputs_without(data, (column,))
        if inputs is None:
            return None
        changes["dataset.inputs"] = inputs
    split = data.dataset.split.model_dump(mode="json")
    shares = {name: split[name] for name in ("train", "val", "test") if name in split}
    kept = {"tasks": split["tasks"], "seed": split.get("seed", 0)} | shares
    if kind == "time":
        del kept["seed"]
    changes["dataset.split"] = {"kind": kind, "column": column, **kept}
    return DataFix(label=f"Split by {column}", changes=changes)


def stratify(data: CheckedData) -> DataFix | None:
    """Stratify the split by the classes; None where it is."""
    split = data.dataset.split
    if split.kind != "random":
        return None
    return DataFix(label="Stratify the split", changes={"dataset.split.kind": "stratified"})


def count_missing(data: CheckedData, column: Column, texts: Sequence[str]) -> DataFix | None:
    """Count some cells as missing, beside those that do; None where the data set has no such setting."""
    if not DATASET_KINDS[data.dataset.kind].has_column_types:
        return None
    stated = getattr(data.dataset, "missing", {}).get(column.name)
    usual = sorted({text for text, _ in column.missing if text.casefold() in MISSING and text})
    values = [*(usual if stated is None else stated), *texts]
    path = join(("dataset", "missing", column.name))
    return DataFix(label=f"Count {', '.join(texts)} as missing", changes={path: values})


def read_as(data: CheckedData, column: str, column_type: ColumnType) -> DataFix | None:
    """Read a column as another type; None where the data set has no such setting."""
    if not DATASET_KINDS[data.dataset.kind].has_column_types:
        return None
    titles: dict[ColumnType, str] = {"numeric": "numbers", "categorical": "categories", "text": "text"}
    path = join(("dataset", "types", column))
    return DataFix(label=f"Read {column} as {titles[column_type]}", changes={path: column_type})


def remove_task(data: CheckedData, name: str) -> DataFix | None:
    """Remove a task; None where it is the only one."""
    kept = [task.model_dump(mode="json") for task in data.tasks if task.name != name]
    return DataFix(label=f"Remove task {name}", changes={"tasks": kept}) if kept else None


def balance(name: str) -> DataFix:
    """Draw the rows of all classes of a task equally often."""
    sampling = {"kind": "balanced_classes", "task": name}
    return DataFix(label="Balance the classes in batches", changes={"training.sampling": sampling})


def _inputs_without(data: CheckedData, columns: Collection[str]) -> Any:
    """The inputs as spec data without some columns; None where none is left."""
    named = data.dataset.named_inputs
    if named is None:
        return [name for name in data.input_names if name not in columns] or None
    kept: dict[str, Any] = {}
    for name, spec in named.items():
        value = spec.model_dump(mode="json")
        if "columns" in value:
            value["columns"] = [column for column in value["columns"] if column not in columns]
            if value["columns"]:
                kept[name] = value
        elif value.get("column") not in columns:
            kept[name] = value
    if not kept or len(kept) < len(named):  # an input that goes takes its encoder along, which is no single change
        return None
    return kept
