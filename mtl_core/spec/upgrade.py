"""Upgrades spec data of older versions, one version at a time."""

from collections.abc import Callable
from typing import Any, Final, Literal

from mtl_core.errors import InputError

CURRENT_VERSION: Final[Literal[2]] = 2

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


def _allow_named_inputs(data: dict[str, Any]) -> dict[str, Any]:
    """Version 2 adds inputs by name, their encoders and a fusion; an embedding's ``dim`` is called ``dimensions``."""
    model = data.get("model")
    if not isinstance(model, dict):
        return data
    heads = model.get("heads")
    changes: dict[str, Any] = {}
    if "shared" in model:
        changes["shared"] = _rename_dim(model["shared"])
    if isinstance(heads, dict):
        changes["heads"] = {task: _rename_dim(layers) for task, layers in heads.items()}
    return {**data, "model": {**model, **changes}}


def _rename_dim(layers: Any) -> Any:
    """A list of layers whose embeddings have ``dimensions``; what is no such list stays, to be refused later."""
    return [_rename_dim_of(layer) for layer in layers] if isinstance(layers, list | tuple) else layers


def _rename_dim_of(layer: Any) -> Any:
    if not isinstance(layer, dict) or layer.get("kind") != "embedding" or "dim" not in layer:
        return layer
    return {"dimensions" if name == "dim" else name: value for name, value in layer.items()}


UPGRADES: dict[int, Upgrade] = {1: _allow_named_inputs}
"""Functions that convert the data of a version to the next one. A new version adds an entry here, and a file of the old
version to the tests."""


def upgrade_data(
    data: dict[str, Any], upgrades: dict[int, Upgrade] = UPGRADES, current: int = CURRENT_VERSION
) -> dict[str, Any]:
    """Converts spec data of any released version to the current one.

    Raises:
        InputError: The version is missing, not a whole number, or newer than this application.
    """
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InputError("version", "must be given as a whole number", found=version, fix=f"Write version: {current}.")
    if version > current:
        raise InputError(
            "version",
            f"this application reads versions up to {current}",
            found=version,
            fix="Update the application.",
        )
    while version < current:
        data = {**upgrades[version](data), "version": version + 1}
        version += 1
    return data
