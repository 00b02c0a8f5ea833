"""Switch an experiment to another data set, with suggested tasks and a model that can read the data; no widgets."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.document import LONGEST_NAME, PLACEHOLDER_NAMES
from app.input_references import default_inputs, input_kinds
from app.pages.data.encoders import default_encoder, kind_of_layers, pooled_image_layers, text_layers
from app.pages.data.named_inputs import (
    has_names,
    input_columns,
    named_inputs,
    needed_types,
    suggested_inputs,
    with_inputs,
    without_columns,
)
from app.pages.data.roles import targets_of, tasks_without_target
from mtl_core.spec import (
    DatasetInfo,
    OneHot,
    Standardized,
    StratifiedSplit,
    TextSpec,
    TrainingSpec,
    load_preset,
    spec_to_data,
)
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.spec.data.dataset import DEFAULT_DATE_PARTS, dataset_kind
from mtl_core.spec.data.splits import GeneratedRowsSplit, split_kind, train_share
from mtl_core.spec.image_defaults import image_layers, image_training, is_image_default
from mtl_core.spec.table_defaults import (
    FEW_ROWS,
    MANY_ROWS,
    table_categorical_inputs,
    table_layers,
    table_numeric_inputs,
    table_training,
)
from mtl_core.spec.tasks import task_kind


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


def arrays_dataset(path: str, split: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Spec data of a file of arrays, or of a folder of such files, that are not known yet."""
    return {"kind": "arrays", "path": path, "inputs": [], "types": {}, **_common_settings(split)}


def query_dataset(url: str, sql: str, split: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Spec data of a query whose columns are not known yet."""
    return {
        "kind": "query",
        "url": url,
        "sql": sql,
        "inputs": [],
        "types": {},
        "missing": {},
        **_common_settings(split),
    }


def folder_dataset(path: str, split: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Spec data of a folder of images."""
    settings = {"labels": "", "inputs": None, "types": {}, "missing": {}, "split": _split_settings(split)}
    return {"kind": "image_folder", "path": path, **settings}


def _common_settings(split: Mapping[str, Any] | None) -> dict[str, Any]:
    """Settings that a bundled data set and a file share."""
    return {
        "numeric_inputs": spec_to_data(Standardized()),
        "categorical_inputs": spec_to_data(OneHot()),
        "text": spec_to_data(TextSpec()),
        "split": _split_settings(split),
    }


def _split_settings(split: Mapping[str, Any] | None) -> dict[str, Any]:
    """The split of the previous data set, without its tasks and columns, which the new data do not have."""
    if split is None or not issubclass(split_kind(split), GeneratedRowsSplit):
        return spec_to_data(StratifiedSplit())
    return {**split, "tasks": []}


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
    rows = training_rows(new_dataset, info.rows)
    named = default_inputs(new_dataset)  # each with settings of its own
    if "numeric_inputs" in dataset and _input_kind_of_data(info) == "table" and not (named or _has_objectives(info)):
        new_dataset["numeric_inputs"] = table_numeric_inputs(rows)
        new_dataset["categorical_inputs"] = table_categorical_inputs(rows)
    if "date_features" in dataset_kind(new_dataset).model_fields:
        dates = {column.name: list(column.date_parts) for column in info.columns if column.suggested == "input"}
        new_dataset["date_features"] = {
            name: parts for name, parts in dates.items() if parts not in ([], list(DEFAULT_DATE_PARTS))
        }
    if not dataset_kind(new_dataset).has_default_inputs:
        new_dataset["inputs"] = inputs = suggested_inputs(new_dataset, info)
        if isinstance(inputs, dict) and dataset_kind(new_dataset).has_column_types:
            new_dataset["types"] = needed_types(inputs, info)
    elif named and dataset_kind(new_dataset).from_folder:
        new_dataset["inputs"] = named
    return {
        **data,
        "name": _experiment_name(data, info),
        "dataset": new_dataset,
        "tasks": [dict(task) for task in info.tasks],
        "model": _model_for_data(data, new_dataset, info, rows),
        "training": _training_for_data(data, info, rows, training_rows(data.get("dataset") or {}, rows_before)),
    }


def reading_changes(data: Mapping[str, Any], dataset: Mapping[str, Any], info: DatasetInfo) -> dict[str, Any]:
    """The changes that read the experiment's table from elsewhere or with other options; all else stays."""
    old = data["dataset"]
    changes = {f"dataset.{key}": dataset.get(key) for key in _READING_OPTIONS if dataset.get(key) != old.get(key)}
    if (name := _experiment_name(data, info)) != data.get("name"):
        changes["name"] = name
    return changes


_READING_OPTIONS = ("path", "format", "delimiter", "decimal", "encoding", "sheet", "header", "url", "sql")
_COLUMN_SETTINGS = ("types", "missing", "date_features")


def join_changes(data: Mapping[str, Any], joins: Sequence[Mapping[str, Any]], info: DatasetInfo) -> dict[str, Any]:
    """The changes that give the experiment's table other joined tables; columns that are gone leave tasks and inputs.

    Args:
        data: The experiment so far.
        joins: The joined tables.
        info: The description of the table with them.
    """
    dataset, columns = data["dataset"], {column.name for column in info.columns}
    changes: dict[str, Any] = {"dataset.join": [dict(joined) for joined in joins]}
    for name in _COLUMN_SETTINGS:
        settings = dataset.get(name) or {}
        kept = {column: value for column, value in settings.items() if column in columns}
        if kept != settings:
            changes[f"dataset.{name}"] = kept
    if gone := {*input_columns(dataset)} - columns:
        changes |= with_inputs(data, info, without_columns(named_inputs(data, info), gone))
    tasks = list(data.get("tasks") or ())
    for target in {target for task in tasks for target in targets_of(task)} - columns:
        tasks = tasks_without_target({"tasks": tasks}, target)
    return changes if tasks == list(data.get("tasks") or ()) else {**changes, "tasks": tasks}


def training_rows(dataset: Mapping[str, Any], rows: int) -> int:
    """The approximate number of training rows; rows without labels are included."""
    return round(rows * train_share(dataset.get("split") or {}))


def _model_for_data(
    data: Mapping[str, Any], dataset: Mapping[str, Any], info: DatasetInfo, rows: int
) -> dict[str, Any]:
    model = dict(data.get("model") or {})
    if model.get("inputs"):
        model["inputs"] = {}
    shared = model.get("shared") or []
    names = [task["name"] for task in info.tasks]
    if _has_objectives(info):
        return {**model, "shared": [{"kind": "linear", "out_features": 2}], "heads": {}}
    if len(kinds := input_kinds(dataset)) > 1:
        encoders = {name: default_encoder(kind) for name, kind in kinds.items()}
        return {**model, **table_layers(rows, names, ensemble=False), "inputs": encoders}
    named = has_names(dataset)
    kind = next(iter(kinds.values())) if named else _input_kind_of_data(info)
    if shared and kind_of_layers(shared) == kind and not _is_default(shared, info):
        return model
    if named and kind in ("image", "sound"):
        return {**model, **pooled_image_layers(names)}
    return _default_model(model, kind, info, rows)


def _default_model(model: Mapping[str, Any], kind: str, info: DatasetInfo, rows: int) -> dict[str, Any]:
    """The default layers for the one input of the short form."""
    names = [task["name"] for task in info.tasks]
    if kind == "text":
        return {**model, **text_layers(info.tasks)}
    if kind == "sound":
        return {**model, **pooled_image_layers(names)}
    if kind == "image":
        return {**model, **image_layers(_image_shape(info), names)}
    return {**model, **table_layers(rows, names)}


def _training_for_data(data: Mapping[str, Any], info: DatasetInfo, rows: int, rows_before: int) -> dict[str, Any]:
    """The training settings, with defaults for the new data where they were not edited."""
    training = dict(data.get("training") or {})
    if _has_objectives(info):
        return training
    following = image_training(rows) if info.input_kind == "image" else table_training(rows)
    unset = (spec_to_data(TrainingSpec()), image_training(rows_before), table_training(rows_before))
    for name in table_training(rows):
        if name not in training or any(training[name] == values[name] for values in unset):
            training[name] = following[name]
    return training


def _has_objectives(info: DatasetInfo) -> bool:
    """Whether the tasks are functions of the parameters alone, with nothing to predict."""
    return any(not task_kind(task).predicts for task in info.tasks)


def _is_default(shared: Sequence[Mapping[str, Any]], info: DatasetInfo) -> bool:
    """Whether the shared layers are the defaults for a table of any size, or for images of another size."""
    if is_image_default(shared):
        return info.input_kind != "image" or list(shared) != image_layers(_image_shape(info), ())["shared"]
    return list(shared) in [table_layers(rows, ())["shared"] for rows in (0, FEW_ROWS, MANY_ROWS)]


def _image_shape(info: DatasetInfo) -> Sequence[int]:
    """Channels, height and width of the images; those of the example where they are not known."""
    return next((shape for shape in info.input_shapes.values() if len(shape) == 3), (1, 16, 16))


def _input_kind_of_data(info: DatasetInfo) -> str:
    texts = {column.name for column in info.columns if column.type == "text"}
    return "text" if texts & set(info.inputs) else info.input_kind


def _experiment_name(data: Mapping[str, Any], info: DatasetInfo) -> str:
    """The name of the experiment; a default name follows the data."""
    name = str(data.get("name", ""))
    file = str(data.get("dataset", {}).get("path") or "").replace("\\", "/").rpartition("/")[2]
    default_names = {
        *PLACEHOLDER_NAMES,
        load_preset("multidigits").name,
        *(entry.title for entry in BUNDLED.values()),
        file,
    }
    return info.title[:LONGEST_NAME] if name in default_names and info.title else name
