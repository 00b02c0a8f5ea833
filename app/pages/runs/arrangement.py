"""How the table of runs is arranged: its columns, its groups, and the views saved of both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from app.pages.runs.columns import ColumnChoice
from app.pages.runs.run_list_card import RunListCard
from app.pages.runs.saved_views import SavedViews
from app.settings import Settings
from app.tables import SETTING_PREFIX, RunsModel
from app.widgets import CheckMenu, MenuEntry, SearchMenu, escape_mnemonic, plain_tooltip
from mtl_core.text import format_names

if TYPE_CHECKING:
    from mtl_core.store import FilterNames

_GROUP_KEYS = ("weighting", "dataset", "state", "study", "name", "tasks", "device", "seed", "tags")
_CURRENT_KEY = "page/runs/group"
_MAX_TITLES = 2


class Arrangement(QObject):
    """Opens the menus of columns, groups and views; ``changed()`` is emitted if runs must be read anew."""

    changed = Signal()

    def __init__(self, card: RunListCard, model: RunsModel, columns: ColumnChoice, settings: Settings) -> None:
        super().__init__(card)
        self._card, self._model, self._columns, self._settings = card, model, columns, settings
        self.views = SavedViews(settings)
        self._names: FilterNames | None = None
        card.columnsRequested.connect(lambda: _popup(columns.menu(card), card.columns))
        card.groupsRequested.connect(lambda: _popup(self.group_menu(), card.groups))
        card.viewsRequested.connect(lambda: _popup(self.view_menu(), card.views))
        columns.settingRequested.connect(lambda: self._choose_setting(card.columns, columns.show_setting))
        columns.shownChanged.connect(self.changed)
        self.group(*settings.get(_CURRENT_KEY).split("\n"))

    def set_names(self, names: FilterNames) -> None:
        """Set the settings and metrics that the runs of the store have."""
        self._names = names
        self._card.filter.set_names(names)

    def group(self, *keys: str) -> None:
        """Group by the columns of some keys, runs with the same values of all of them together; without any not."""
        settings = [key.removeprefix(SETTING_PREFIX) for key in keys if key.startswith(SETTING_PREFIX)]
        self._model.add_setting_columns(settings)
        self._model.set_groups([key for key in dict.fromkeys(keys) if self._model.column(key) >= 0])
        self._settings.put(_CURRENT_KEY, "\n".join(self._model.group_keys))
        titles = [self._model.columns()[self._model.column(key)].title for key in self._model.group_keys]
        self._card.groups.setText(f"Group: {format_names(titles, _MAX_TITLES)}" if titles else "Group")
        self._card.groups.setToolTip(plain_tooltip(f"Grouped by {', '.join(titles)}" if titles else ""))
        self.changed.emit()

    def group_menu(self) -> QMenu:
        """A menu of what runs can be grouped by, of which several can be ticked."""
        menu = CheckMenu(self._card)
        menu.setObjectName("groups-menu")
        titles = {column.key: column.title for column in self._model.columns()}
        menu.addAction("No groups", self.group)
        menu.addSeparator()
        for key in dict.fromkeys((*_GROUP_KEYS, *self._model.group_keys)):
            action = menu.addAction(escape_mnemonic(titles[key]), partial(self._toggle_group, key))
            action.setCheckable(True)
            action.setChecked(key in self._model.group_keys)
        menu.addSeparator()
        menu.addAction("A setting…", partial(self._choose_setting, self._card.groups, self._group_by_setting))
        return menu

    def _toggle_group(self, key: str) -> None:
        keys = self._model.group_keys
        self.group(*(other for other in keys if other != key), *(() if key in keys else (key,)))

    def _group_by_setting(self, path: str) -> None:
        self.group(*self._model.group_keys, SETTING_PREFIX + path)

    def view_menu(self) -> QMenu:
        """A menu of the saved views."""
        menu = QMenu(self._card)
        menu.setObjectName("views-menu")
        for name in self.views.names:
            menu.addAction(escape_mnemonic(name), partial(self.show_view, name))
        if not self.views.names:
            menu.addAction("No view is saved yet").setEnabled(False)
        menu.addSeparator()
        menu.addAction("Save as view…", self._ask_name)
        if self.views.names:
            for title, act in (("Replace by what is shown", self.save_view), ("Delete", self.views.delete)):
                submenu = menu.addMenu(title)
                for name in self.views.names:
                    submenu.addAction(escape_mnemonic(name), partial(act, name))
        return menu

    def save_view(self, name: str) -> None:
        """Save columns, order, sort, filter and groups under a name."""
        view = {
            "columns": self._columns.state(),
            "filter": self._card.query,
            "archived": self._card.archived.isChecked(),
            "group": list(self._model.group_keys),
        }
        self.views.save(name, view)

    def show_view(self, name: str) -> None:
        """Arrange the table as it was when a view was saved."""
        view: dict[str, Any] = self.views.view(name)
        columns = view.get("columns")
        self._columns.restore(dict(columns) if isinstance(columns, dict) else {})
        self._card.filter.setText(str(view.get("filter", "")))
        self._card.archived.setChecked(bool(view.get("archived")))
        group = view.get("group", ())
        self.group(*map(str, group if isinstance(group, list) else (group,)))

    def _ask_name(self) -> None:
        dialog = QInputDialog(self._card)
        dialog.setObjectName("view-name")
        dialog.setWindowTitle("Save as view")
        dialog.setLabelText("Name of the view: columns, order, sort, filter and groups")
        dialog.setOkButtonText("Save")
        dialog.textValueSelected.connect(self._on_name)
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    def _on_name(self, text: str) -> None:
        if name := text.strip():
            self.save_view(name)

    def _choose_setting(self, below: QWidget, choose: Callable[[str], object]) -> None:
        """Open a searched list of the settings that runs have."""
        paths = self._names.settings if self._names is not None else ()
        entries = [MenuEntry(path, path, "", path.partition(".")[0].partition("[")[0]) for path in paths]
        menu = SearchMenu(entries, "run-settings", "settings", self._card)
        menu.chosen.connect(choose)
        menu.chosen.connect(menu.deleteLater)
        menu.popup(below)


def _popup(menu: QMenu, below: QWidget) -> None:
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(below.mapToGlobal(QPoint(0, below.height())))
