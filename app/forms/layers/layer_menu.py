"""The searchable menu of the kinds of layers."""

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtWidgets import QWidget

from app.widgets import MenuEntry, SearchMenu
from mtl_core.spec import LAYER_GROUPS, kind_of

SAVED = "saved block:"
"""Prefix of the kind of a saved block's entry, before its name."""


class LayerMenu(SearchMenu):
    """A menu of the saved blocks, and of the kinds of layers in their groups.

    Args:
        blocks: The saved blocks: their names, and what they hold in words.
        parent: Owner.
    """

    def __init__(self, blocks: Mapping[str, str] = MappingProxyType({}), parent: QWidget | None = None) -> None:
        entries = [MenuEntry(f"{SAVED}{name}", name, text, "Saved blocks") for name, text in blocks.items()]
        entries += [
            MenuEntry(kind_of(spec), spec.title, spec.help(), group)
            for group, kinds in LAYER_GROUPS.items()
            for spec in kinds
        ]
        super().__init__(entries, "layer", "layers", parent)
