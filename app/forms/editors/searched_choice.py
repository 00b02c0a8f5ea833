"""A combo box with a searchable popup, for long lists."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.forms.editors.choice import ChoiceEditor
from app.widgets import MenuEntry, SearchMenu


class SearchedChoice(ChoiceEditor):
    """A combo box whose popup has groups and a search field.

    Args:
        entries: The entries to choose from, in the order of their groups.
        name: Prefix of the objectNames of the popup.
        what: A noun for the entries, in the plural.
        parent: Owner.
    """

    def __init__(self, entries: Sequence[MenuEntry], name: str, what: str, parent: QWidget | None = None) -> None:
        super().__init__(tuple(entry.kind for entry in entries), tuple(entry.title for entry in entries), parent)
        self._entries, self._names = entries, (name, what)
        self.menu: SearchMenu | None = None

    def showPopup(self) -> None:
        """Open the popup, which is created when it is first opened."""
        if self.menu is None:
            # Not a child of the combo box, whose style its list and search field would inherit.
            self.menu = SearchMenu(self._entries, *self._names, self.parentWidget())
            self.menu.chosen.connect(self._on_chosen)
        self.menu.popup(self, str(self.value()))

    def _on_chosen(self, kind: str) -> None:
        index = next(i for i, entry in enumerate(self._entries) if entry.kind == kind)
        self.setCurrentIndex(index)
        self.activated.emit(index)
