"""The encoders that an experiment needs when its inputs change; no Qt."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_core.spec import ModelSpec, spec_to_data
from mtl_core.spec.tasks import task_kind

Layers = list[dict[str, Any]]
_RELU = {"kind": "relu"}
_CONVOLUTIONS: Layers = [
    {"kind": "conv2d", "out_channels": 32, "kernel_size": 3, "padding": "same"},
    _RELU,
    {"kind": "max_pool2d"},
    {"kind": "conv2d", "out_channels": 64, "kernel_size": 3, "padding": "same"},
    _RELU,
    {"kind": "max_pool2d"},
    {"kind": "conv2d", "out_channels": 128, "kernel_size": 3, "padding": "same"},
    _RELU,
    {"kind": "global_avg_pool"},
]
_ENCODERS: dict[str, Layers] = {
    "table": [{"kind": "linear", "out_features": 64}, _RELU],
    "text": [{"kind": "embedding", "dimensions": 32}, {"kind": "gru", "hidden_size": 32}, {"kind": "global_max_pool"}],
    "image": _CONVOLUTIONS,
    "sound": _CONVOLUTIONS,
}
_TEXT_TRUNK: Layers = [{"kind": "embedding", "dimensions": 32}, {"kind": "gru", "hidden_size": 32}]
_TEXT_HEAD: Layers = [{"kind": "global_max_pool"}]
_SHARED: Layers = [{"kind": "linear", "out_features": 128}, _RELU]
_IMAGE_LAYERS = ("conv", "max_pool", "avg_pool", "batch_norm2d", "global", "dropout2d")


def kind_of_layers(layers: Sequence[Mapping[str, Any]]) -> str:
    """The kind of input that layers are made for."""
    kinds = [str(layer.get("kind", "")) for layer in layers]
    if kinds[:1] == ["embedding"]:
        return "text"
    return "image" if any(kind.startswith(_IMAGE_LAYERS) for kind in kinds) else "table"


def default_encoder(kind: str) -> Layers:
    """Layers that make a row of features of an input of this kind; none for an unknown kind."""
    return _with_defaults(_ENCODERS.get(kind, []))


def encoder_changes(data: Mapping[str, Any], before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    """The changes of the model that let it read other inputs.

    Several inputs each get an encoder. Shared layers that were made for the one text or image before become its
    encoder, and dense layers take their place. A single input of another kind gets shared layers that read it.

    Args:
        data: The experiment so far.
        before: The kinds of its inputs by name.
        after: Those of the inputs it gets.
    """
    model = data.get("model") or {}
    encoders = {name: layers for name, layers in (model.get("inputs") or {}).items() if name in after}
    changes: dict[str, Any] = {}
    if len(before) == 1 and len(after) > 1:
        ((name, kind),) = before.items()
        changes = _changes_of_single(model, name if after.get(name) == kind else "", encoders)
    elif len(before) == len(after) == 1 and list(before.values()) != list(after.values()):
        changes = _changes_to_kind(model, next(iter(after.values())), data.get("tasks") or ())
    for name, kind in after.items():
        if len(after) > 1 and not encoders.get(name):
            encoders[name] = default_encoder(kind)
    if encoders != (model.get("inputs") or {}):
        changes["model.inputs"] = {name: encoders[name] for name in after if name in encoders}
    return changes


def _changes_of_single(model: Mapping[str, Any], name: str, encoders: dict[str, Any]) -> dict[str, Any]:
    """Replaces shared layers that were made for the only input; those become the encoder of input ``name``, if any."""
    shared = list(model.get("shared") or ())
    if kind_of_layers(shared) == "table":
        return {}
    heads = {task: _without_pools(layers) for task, layers in (model.get("heads") or {}).items()}
    if name and not encoders.get(name):
        pooled = any(layer.get("kind") in ("flatten", "global_avg_pool", "global_max_pool") for layer in shared)
        encoders[name] = shared if pooled else [*shared, {"kind": "global_max_pool"}]
    return {"model.shared": _with_defaults(_SHARED), "model.heads": heads}


def _changes_to_kind(model: Mapping[str, Any], kind: str, tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Layers that read the only input, now of another kind, unless the model has them."""
    if kind_of_layers(model.get("shared") or []) == kind:
        return {}
    if kind == "text":
        return {f"model.{name}": layers for name, layers in text_layers(tasks).items()}
    heads = {task: _without_pools(layers) for task, layers in (model.get("heads") or {}).items()}
    return {"model.shared": _with_defaults([*_ENCODERS.get(kind, []), *_SHARED]), "model.heads": heads}


def pooled_image_layers(tasks: Sequence[str]) -> dict[str, Any]:
    """Layers for pictures of any size, alone: convolutions, and dense layers for each task."""
    head = _with_defaults([{"kind": "linear", "out_features": 64}, _RELU])
    return {"shared": _with_defaults(_CONVOLUTIONS), "heads": dict.fromkeys(tasks, head)}


def text_layers(tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Layers for a text alone: tagging predicts at each position, every other task from the maximum over all."""
    heads = {task["name"]: [] if task_kind(task).per_token else _TEXT_HEAD for task in tasks}
    return {"shared": _TEXT_TRUNK, "heads": heads}


def _without_pools(layers: Sequence[Mapping[str, Any]]) -> Layers:
    """A head without the layers that pool over positions, which a row of fused features has not."""
    return [dict(layer) for layer in layers if not str(layer.get("kind", "")).startswith("global_")]


def _with_defaults(layers: Layers) -> Layers:
    model = ModelSpec.model_validate_json(json.dumps({"shared": layers}))
    return list(spec_to_data(model)["shared"])
