"""Blocks of layers that a person has named, to be used again; kept in the application's folder for all experiments."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mtl_core.errors import InputError, StoreError, file_error
from mtl_core.files import write_error, write_text
from mtl_core.locations import home
from mtl_core.spec.upgrade import CURRENT_VERSION

LONGEST_NAME = 100
Blocks = dict[str, list[dict[str, Any]]]
"""The layers of each block as plain data, by name."""


def blocks_file() -> Path:
    """The file of the saved blocks."""
    return home() / "blocks.json"


def load_blocks() -> Blocks:
    """Loads the saved blocks; none if nothing was saved yet.

    Raises:
        StoreError: The file is damaged, or of a newer version.
    """
    path = blocks_file()
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise file_error(path, "cannot be read", error) from None
    except ValueError:
        raise _damaged(path) from None
    if not isinstance(data, dict) or not isinstance(data.get("version"), int) or not _are_blocks(data.get("blocks")):
        raise _damaged(path)
    if data["version"] > CURRENT_VERSION:
        raise StoreError(str(path), "was written by a newer version", fix="Update the application.")
    blocks: Blocks = data["blocks"]
    return blocks


def save_block(name: str, layers: Sequence[Mapping[str, Any]]) -> None:
    """Saves layers under a name; a block of that name is replaced.

    Raises:
        InputError: The name is empty or too long, or there are no layers.
        StoreError: The saved blocks cannot be read.
        EnvironmentFault: The file cannot be written.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise InputError("name", f"must have 1 to {LONGEST_NAME} characters", found=name)
    if not layers:
        raise InputError("layers", "there is none to save")
    _write({**load_blocks(), name: [dict(layer) for layer in layers]})


def remove_block(name: str) -> None:
    """Removes a saved block, if there is one of that name.

    Raises:
        StoreError: The saved blocks cannot be read.
        EnvironmentFault: The file cannot be written.
    """
    _write({other: layers for other, layers in load_blocks().items() if other != name})


def _write(blocks: Blocks) -> None:
    path = blocks_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from None
    write_text(path, json.dumps({"version": CURRENT_VERSION, "blocks": blocks}, ensure_ascii=False, indent=1))


def _are_blocks(data: Any) -> bool:
    return isinstance(data, dict) and all(
        isinstance(layers, list) and all(isinstance(layer, dict) for layer in layers) for layers in data.values()
    )


def _damaged(path: Path) -> StoreError:
    return StoreError(str(path), "is damaged", fix="Move it away; blocks are then saved anew.")
