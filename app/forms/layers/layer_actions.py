"""The context menu of a layer, and the saved blocks of layers that it offers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from app.forms.layers.layer_row import layer_title
from app.widgets import escape_mnemonic
from mtl_core.errors import WorkbenchError
from mtl_core.spec.io.saved_blocks import Blocks, load_blocks, remove_block

_ACTIONS = (
    ("up", "Move up", "Alt+Up"),
    ("down", "Move down", "Alt+Down"),
    ("duplicate", "Duplicate", "Ctrl+D"),
    ("save", "Save for other experiments…", ""),
    ("remove", "Remove", "Del"),
)


def open_layer_menu(
    parent: QWidget, at: QPoint, apply: Callable[[str], object], save_all: Callable[[], object]
) -> None:
    """Open the context menu of a layer.

    Args:
        parent: The list of layers.
        at: Place on the screen.
        apply: Called with ``up``, ``down``, ``duplicate``, ``save`` or ``remove``.
        save_all: Saves all layers of the list.
    """
    menu = QMenu(parent)
    for action, text, keys in _ACTIONS:
        _add(menu, f"{text}\t{keys}".rstrip(), partial(apply, action)).setObjectName(f"layer-{action}")
    menu.addSeparator()
    _add(menu, "Save all layers of this list…", save_all).setObjectName("save-all-layers")
    if names := list(saved_blocks()):
        saved = menu.addMenu("Remove a saved block")
        for name in names:
            _add(saved, escape_mnemonic(name), partial(remove_block, name))
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(at)


def saved_blocks() -> Blocks:
    """The saved blocks; none where they cannot be read, which the next attempt to save one says."""
    try:
        return load_blocks()
    except WorkbenchError:
        return {}


def block_words() -> dict[str, str]:
    """The titles of the layers of each saved block, in one line."""
    return {name: _words(layers) for name, layers in saved_blocks().items()}


def _words(layers: Sequence[dict[str, Any]]) -> str:
    return " · ".join(map(layer_title, layers))


def _add(menu: QMenu, text: str, do: Callable[[], object]) -> Any:
    action = menu.addAction(text)
    action.triggered.connect(lambda _checked=False: do())
    return action
