"""The searchable menu of the kinds of layers."""

from PySide6.QtWidgets import QWidget

from app.widgets import MenuEntry, SearchMenu
from mtl_core.spec import LAYER_GROUPS, kind_of


class LayerMenu(SearchMenu):
    """A menu of the kinds of layers in their groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        entries = [
            MenuEntry(kind_of(spec), spec.title, spec.help(), group)
            for group, kinds in LAYER_GROUPS.items()
            for spec in kinds
        ]
        super().__init__(entries, "layer", "layers", parent)
