"""Switch an experiment to another data set, with suggested tasks and a model that can read the data; no widgets."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.document import LONGEST_NAME, PLACEHOLDER_NAMES
from mtl_core.spec import (
    DatasetInfo,
    OneHot,
    SplitSpec,
    Standardized,
    TextSpec,
    TrainingSpec,
    load_preset,
    spec_to_data,
)
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.spec.data.dataset import dataset_kind
from mtl_core.spec.table_defaults import FEW_ROWS, table_layers, table_numeric_inputs, table_training
from mtl_core.spec.tasks import task_kind

_IMAGE_PRESET = "multidigits"
_IMAGE_LAYERS = ("conv", "max_pool", "avg_pool", "batch_norm2d", "global", "dropout2d")
_TEXT_TRUNK = [{"kind": "embedding", "dim": 32}, {"kind": "gru", "hidden_size": 32}]
_TEXT_HEAD = [{"kind": "global_max_pool"}]


def bundled_dataset(name: str, split: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Spec data of a bundled data set."""
    return {"kind": "bundled", "name": name, "inputs": None, **_common_settings(split)}


def table_dataset(path: str, split: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Spec data of a file whose columns are not known yet."""
    return {
        "kind": "table", "path": path, "inputs": [], "types": {}, "missing": {},
        "format": None, "delimiter": None, "decimal": None, "encoding": None,
        **_common_settings(split),
    }  # fmt: skip


def _common_settings(split: Mapping[str, Any] | None) -> dict[str, Any]:
    """Settings that a bundled data set and a file share."""
    return {
        "numeric_inputs": spec_to_data(Standardized()),
        "categorical_inputs": spec_to_data(OneHot()),
        "text": spec_to_data(TextSpec()),
        "split": _split_settings(split),
    }


def _split_settings(split: Mapping[str, Any] | None) -> dict[str, Any]:
    """The split of the previous data set, without its tasks, which the new data do not have."""
    return spec_to_data(SplitSpec()) if split is None else {**split, "tasks": []}


def with_dataset(
    data: Mapping[str, Any], dataset: Mapping[str, Any], info: DatasetInfo, rows_before: int = 0
) -> dict[str, Any]:
    """The whole experiment with another data set.

    Layers stay when they can read the data, unless they are the defaults for a table of another size; otherwise default
    layers for images, texts or tables replace them. Training length, batch size, optimizer, schedule and early stopping
    follow the data, each unless it was edited.

    Args:
        data: The experiment so far.
        dataset: Spec data of the new data set.
        info: Its description.
        rows_before: Number of rows of the previous data set, 0 when unknown.
    """
    new_dataset = dict(dataset)
    if not dataset_kind(new_dataset).has_default_inputs:
        new_dataset["inputs"] = list(info.inputs)
    rows = training_rows(new_dataset, info.rows)
    if _input_kind_of_data(info) == "table" and not _has_objectives(info):
        new_dataset["numeric_inputs"] = table_numeric_inputs(rows)
    return {
        **data,
        "name": _experiment_name(data, info),
        "dataset": new_dataset,
        "tasks": [dict(task) for task in info.tasks],
        "model": _model_for_data(data, info, rows),
        "training": _training_for_data(data, info, rows, training_rows(data.get("dataset") or {}, rows_before)),
    }


def reading_changes(data: Mapping[str, Any], dataset: Mapping[str, Any], info: DatasetInfo) -> dict[str, Any]:
    """The changes that read the experiment's table from another file or with other options; all else stays."""
    old = data["dataset"]
    changes = {f"dataset.{key}": dataset[key] for key in _READING_OPTIONS if dataset.get(key) != old.get(key)}
    if (name := _experiment_name(data, info)) != data.get("name"):
        changes["name"] = name
    return changes


_READING_OPTIONS = ("path", "format", "delimiter", "decimal", "encoding")


def training_rows(dataset: Mapping[str, Any], rows: int) -> int:
    """The approximate number of training rows; rows without labels are included."""
    split = dataset.get("split") or {}
    return round(rows * float(split.get("train", SplitSpec().train)))


def _model_for_data(data: Mapping[str, Any], info: DatasetInfo, rows: int) -> dict[str, Any]:
    model = dict(data.get("model") or {})
    shared = model.get("shared") or []
    names = [task["name"] for task in info.tasks]
    if _has_objectives(info):
        return {**model, "shared": [{"kind": "linear", "out_features": 2}], "heads": {}}
    if shared and _input_kind_of_layers(shared) == _input_kind_of_data(info) and not _is_table_default(shared):
        return model
    if _input_kind_of_data(info) == "text":
        return {**model, **_text_layers(info.tasks)}
    if info.input_kind == "image":
        preset = spec_to_data(load_preset(_IMAGE_PRESET))["model"]
        head = next(iter(preset["heads"].values()))
        return {**preset, "heads": dict.fromkeys(names, head)}
    return {**model, **table_layers(rows, names)}


def _training_for_data(data: Mapping[str, Any], info: DatasetInfo, rows: int, rows_before: int) -> dict[str, Any]:
    """The training settings, with defaults for the new data where they were not edited."""
    training = dict(data.get("training") or {})
    preset = spec_to_data(load_preset(_IMAGE_PRESET).training)
    if _has_objectives(info):
        return training
    following = preset if info.input_kind == "image" else table_training(rows)
    unset = (spec_to_data(TrainingSpec()), preset, table_training(rows_before))
    for name in table_training(rows):
        if name not in training or any(training[name] == values[name] for values in unset):
            training[name] = following[name]
    return training


def _has_objectives(info: DatasetInfo) -> bool:
    """Whether the tasks are functions of the parameters alone, with nothing to predict."""
    return any(not task_kind(task).predicts for task in info.tasks)


def _is_table_default(shared: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the shared layers are the defaults for a table, of any size."""
    return list(shared) in [table_layers(rows, ())["shared"] for rows in (0, FEW_ROWS)]


def text_input_changes(data: Mapping[str, Any], column: str) -> dict[str, Any]:
    """The change that makes a column the only input, as text, with layers that read texts unless the model has them."""
    model = data.get("model") or {}
    changes: dict[str, Any] = {"dataset.inputs": [column]}
    if _input_kind_of_layers(model.get("shared") or []) != "text":
        changes |= {f"model.{name}": layers for name, layers in _text_layers(data.get("tasks") or ()).items()}
    return changes


def _input_kind_of_data(info: DatasetInfo) -> str:
    texts = {column.name for column in info.columns if column.type == "text"}
    return "text" if texts & set(info.inputs) else info.input_kind


def _input_kind_of_layers(shared: Sequence[Mapping[str, Any]]) -> str:
    """The kind of input that the layers are made for."""
    kinds = [str(layer.get("kind", "")) for layer in shared]
    if kinds[:1] == ["embedding"]:
        return "text"
    return "image" if any(kind.startswith(_IMAGE_LAYERS) for kind in kinds) else "table"


def _text_layers(tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Layers for a text: tagging predicts at each position, every other task from the maximum over all positions."""
    heads = {task["name"]: [] if task_kind(task).per_token else _TEXT_HEAD for task in tasks}
    return {"shared": _TEXT_TRUNK, "heads": heads}


def _experiment_name(data: Mapping[str, Any], info: DatasetInfo) -> str:
    """The name of the experiment; a default name follows the data."""
    name = str(data.get("name", ""))
    file = str(data.get("dataset", {}).get("path") or "").replace("\\", "/").rpartition("/")[2]
    default_names = {
        *PLACEHOLDER_NAMES,
        load_preset(_IMAGE_PRESET).name,
        *(entry.title for entry in BUNDLED.values()),
        file,
    }
    return info.title[:LONGEST_NAME] if name in default_names and info.title else name
