"""A combo box with a searchable popup, for long lists."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.forms.editors.value_editors import ChoiceEditor
from app.widgets import MenuEntry, SearchMenu


class SearchedChoice(ChoiceEditor):
    """A combo box whose popup has groups and a search field.

    Args:
        entries: What can be chosen, in the order of their groups.
        name: Beginning of the list's objectNames.
        what: What is chosen, in the plural.
        parent: Owner.
    """

    def __init__(self, entries: Sequence[MenuEntry], name: str, what: str, parent: QWidget | None = None) -> None:
        super().__init__(tuple(entry.kind for entry in entries), tuple(entry.title for entry in entries), parent)
        self._entries, self._names = entries, (name, what)
        self.menu: SearchMenu | None = None

    def showPopup(self) -> None:
        """Open the list, made when it is first wanted."""
        if self.menu is None:
            # Not this one's own child: its list and search would be styled as parts of a combo box.
            self.menu = SearchMenu(self._entries, *self._names, self.parentWidget())
            self.menu.chosen.connect(self._pick)
        self.menu.popup(self, str(self.value()))

    def _pick(self, kind: str) -> None:
        index = next(i for i, entry in enumerate(self._entries) if entry.kind == kind)
        self.setCurrentIndex(index)
        self.activated.emit(index)
