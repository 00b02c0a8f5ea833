"""Update everything that refers to inputs by name when inputs change: their encoders and the fusion's query input."""

from collections.abc import Mapping
from typing import Any

from mtl_core.spec import spec_to_data
from mtl_core.spec.data.dataset import BaseDataset, dataset_kind

Data = Mapping[str, Any]
_FUSION_INPUT = "query"
"""The setting of a fusion that names an input; empty: the first."""


def input_kinds(dataset: Any) -> dict[str, str]:
    """The kind of each input by its name, in order, in spec data of a data set that may be invalid."""
    if not isinstance(dataset, Mapping):
        return {}
    inputs = dataset.get("inputs")
    if isinstance(inputs, Mapping):
        return {
            name: str(value.get("kind", "")) if isinstance(value, Mapping) else "" for name, value in inputs.items()
        }
    try:
        return dict(_unvalidated(dataset).input_kinds)
    except (AttributeError, KeyError, TypeError):  # such as a bundled set that does not exist
        return {"table": "table"}


def default_inputs(dataset: Any) -> dict[str, Any]:
    """The inputs by name that a data set has when it names none, as spec data; empty where that is the short form."""
    try:
        named = _unvalidated({**dataset, "inputs": None}).named_inputs
    except (AttributeError, KeyError, TypeError):
        return {}
    return {name: spec_to_data(value) for name, value in (named or {}).items()}


def _unvalidated(dataset: Mapping[str, Any]) -> BaseDataset:
    settings = {name: dataset[name] for name in ("name", "inputs", "types") if dataset.get(name) is not None}
    return dataset_kind(dataset).model_construct(**settings)


def update_input_references(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return ``after`` with the encoders and the fusion updated to its inputs.

    An input keeps its place when it is renamed. The encoder of one that is removed goes with it.

    Args:
        before: Spec data before the edit.
        after: Spec data after it; not changed.
    """
    model = after.get("model")
    if before.get("dataset") is after.get("dataset") or not isinstance(model, dict):
        return after
    old, new = input_kinds(before.get("dataset")), input_kinds(after.get("dataset"))
    if list(old) == list(new):
        return after
    renamed, removed = _map_renamed(old, new), [name for name in old if name not in new]
    result = dict(model)
    if isinstance(encoders := model.get("inputs"), dict):
        kept = {renamed.get(name, name): layers for name, layers in encoders.items()}
        result["inputs"] = {name: layers for name, layers in kept.items() if name not in removed}
    fusion = model.get("fusion")
    if isinstance(fusion, dict) and (query := fusion.get(_FUSION_INPUT)) in removed:
        result["fusion"] = {**fusion, _FUSION_INPUT: renamed.get(query, "")}
    return {**after, "model": result}


def _map_renamed(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """The new name of each renamed input by its old name."""
    if len(old) != len(new):
        return {}
    pairs = zip(old.items(), new.items(), strict=True)
    return {a: b for (a, kind), (b, other) in pairs if a not in new and b not in old and kind == other}
