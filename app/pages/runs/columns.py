"""Visibility, order and widths of the columns of the runs table, saved in the settings."""

import json
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from app.settings import Settings
from app.tables import DELTA_M, SETTING_PREFIX, SIZE, RunColumn, RunExtras, RunsModel
from app.widgets import CheckMenu, escape_mnemonic, plain_tooltip

_KEY = "page/runs/columns"
_METRICS_BEFORE_KEY = "epochs"
_PADDING = 16
_STRETCHED_KEY, _MIN_NAME, _COMFORTABLE_NAME = "name", 16, 36
_SCORES_KEY, _MAX_EXTRA_SCORES = "scores", 20
"""In average digits: minimum and comfortable width of the names, and extra width of the scores."""
_DIFFERENCE = 17
"""In average digits: width of a value and its difference."""
_DEFAULT_SORT = ("id", True)


class ColumnChoice(QObject):
    """Arranges the columns of a model in a header as they are added, and saves the user's changes.

    ``shownChanged()``: other columns are shown; ``settingRequested()``: a column of a setting is to be chosen.
    """

    shownChanged = Signal()
    settingRequested = Signal()

    def __init__(self, header: QHeaderView, model: RunsModel, settings: Settings) -> None:
        super().__init__(header)
        self._header, self._model, self._settings = header, model, settings
        self._saved: dict[str, Any] = _read(settings)
        self._arranged_count = 0
        self._is_arranging = False
        self._save_timer = QTimer(self, singleShot=True, interval=300)
        self._save_timer.timeout.connect(self.save)
        self._add_saved_settings()
        self._arrange()
        self._sort()
        model.columnsInserted.connect(self._arrange)
        for signal in (header.sectionMoved, header.sortIndicatorChanged):
            signal.connect(self._save_later)
        header.sectionResized.connect(self._on_section_resized)
        header.installEventFilter(self)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open_menu_at)

    def menu(self, parent: QWidget) -> QMenu:
        """A menu that stays open while columns are checked, with a submenu of metrics per task."""
        menu = CheckMenu("Columns", parent)
        menu.setObjectName("columns-menu")
        submenus: dict[tuple[str, str], QMenu] = {}
        for section, column in enumerate(self._model.columns()):
            home: QMenu = menu
            if column.menu:
                for split, title in (("", f"Metrics of {column.menu}"), (column.split, column.split.capitalize())):
                    key = (column.menu, split)
                    if key not in submenus:
                        submenus[key] = CheckMenu(escape_mnemonic(title), home)
                        home.addMenu(submenus[key])
                    home = submenus[key]
            self._add_action(home, section, column)
        menu.addSeparator()
        menu.addAction("Column of a setting…").triggered.connect(self.settingRequested)
        menu.addAction("Back to the default columns").triggered.connect(self.reset)
        return menu

    def show(self, section: int, shown: bool) -> None:
        """Show or hide a column."""
        self._header.setSectionHidden(section, not shown)
        self.shownChanged.emit()
        self._fit_stretched_columns()
        self._save_later()

    def show_setting(self, path: str) -> None:
        """Show the column of a setting, which is added if there is none."""
        self._model.add_setting_columns([path])
        self.show(self._model.column(SETTING_PREFIX + path), True)

    def extras(self) -> RunExtras:
        """What has to be read of the runs for the columns that are shown, and for groups."""
        keys = {c.key for i, c in enumerate(self._model.columns()) if not self._header.isSectionHidden(i)}
        keys.update(self._model.group_keys)
        settings = (key.removeprefix(SETTING_PREFIX) for key in keys if key.startswith(SETTING_PREFIX))
        return RunExtras(frozenset(settings), DELTA_M in keys, SIZE in keys)

    def state(self) -> dict[str, Any]:
        """Visibility, order, widths and sorting of the columns, for :meth:`restore`."""
        self.save()
        return self._saved

    def restore(self, state: dict[str, Any]) -> None:
        """Arrange the columns as they were when their state was taken."""
        self.reset()
        self._saved, self._arranged_count = state, 0
        self._add_saved_settings()
        self._arrange()
        self._sort()
        self._save_later()
        self.shownChanged.emit()

    def widen_for_differences(self) -> None:
        """Make room in the shown columns of numbers for the difference behind the value, where no width is saved."""
        was, self._is_arranging = self._is_arranging, True
        digit, widths = self._header.fontMetrics().horizontalAdvance("0"), self._saved.get("widths", {})
        for section, column in enumerate(self._model.columns()):
            if column.format is not None and column.key not in widths and not self._header.isSectionHidden(section):
                width = max(self._header.sectionSize(section), digit * _DIFFERENCE + _PADDING)
                self._header.resizeSection(section, width)
        self._is_arranging = was
        self._fit_stretched_columns()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the column of names when the table is resized."""
        if event.type() == QEvent.Type.Resize:
            self._fit_stretched_columns()
        return False

    def reset(self) -> None:
        """Restore the default columns."""
        self._saved, self._arranged_count = {}, 0
        self._is_arranging = True
        for section in range(self._header.count()):
            self._header.moveSection(self._header.visualIndex(section), section)
        self._is_arranging = False
        self._arrange()
        self._save_later()
        self.shownChanged.emit()

    def save(self) -> None:
        """Save the columns now."""
        self._save_timer.stop()
        header, columns = self._header, self._model.columns()
        order = [columns[header.logicalIndex(v)].key for v in range(header.count())]
        # Columns of tasks that no run has now keep their place.
        order += [key for key in self._saved.get("order", ()) if key not in order]
        shown = {c.key: not header.isSectionHidden(i) for i, c in enumerate(columns)}
        section = min(max(header.sortIndicatorSection(), 0), len(columns) - 1)
        descending = header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        self._saved = {
            "order": order,
            "shown": {**self._saved.get("shown", {}), **shown},
            "widths": self._saved.get("widths", {}),
            "sort": [columns[section].key, descending],
            "settings": [c.key.removeprefix(SETTING_PREFIX) for c in columns if shown[c.key] and _is_setting(c.key)],
        }
        self._settings.put(_KEY, json.dumps(self._saved))

    def _add_saved_settings(self) -> None:
        paths = self._saved.get("settings", ())
        if isinstance(paths, list):
            self._model.add_setting_columns([path for path in paths if isinstance(path, str)])

    def _sort(self) -> None:
        key, descending = self._saved.get("sort", _DEFAULT_SORT)
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._header.setSortIndicator(max(self._model.column(key), 0), order)
        self._model.sort(max(self._model.column(key), 0), order)

    def _add_action(self, menu: QMenu, section: int, column: RunColumn) -> None:
        action = QAction(escape_mnemonic("Star" if column.key == "star" else column.title), menu, checkable=True)
        action.setChecked(not self._header.isSectionHidden(section))
        action.setToolTip(plain_tooltip(column.help))
        action.toggled.connect(lambda shown, section=section: self.show(section, shown))
        menu.addAction(action)

    def _arrange(self) -> None:
        """Set width, visibility and place of new columns."""
        self._is_arranging = True
        columns = self._model.columns()
        shown, widths = self._saved.get("shown", {}), self._saved.get("widths", {})
        character = self._header.fontMetrics().horizontalAdvance("0")
        for section in range(self._arranged_count, len(columns)):
            column = columns[section]
            self._header.resizeSection(section, int(widths.get(column.key, character * column.width + _PADDING)))
            self._header.setSectionHidden(section, not shown.get(column.key, column.shown))
        first, self._arranged_count = self._arranged_count, len(columns)
        self._restore_order(first)
        self._is_arranging = False
        self._fit_stretched_columns()

    def _fit_stretched_columns(self) -> None:
        """Give the remaining width to the names, and part of it to the scores, unless they have saved widths."""
        name, widths = self._model.column(_STRETCHED_KEY), self._saved.get("widths", {})
        if _STRETCHED_KEY in widths or self._header.isSectionHidden(name):
            return
        digit = self._header.fontMetrics().horizontalAdvance("0")
        was, self._is_arranging = self._is_arranging, True
        scores = self._model.column(_SCORES_KEY)
        if _SCORES_KEY not in widths and not self._header.isSectionHidden(scores):
            least = int(digit * self._model.columns()[scores].width + _PADDING)
            room = self._header.width() - (self._header.length() - self._header.sectionSize(scores))
            spare = room + self._header.sectionSize(name) - least - digit * _COMFORTABLE_NAME
            self._header.resizeSection(scores, least + max(min(spare // 2, digit * _MAX_EXTRA_SCORES), 0))
        others = self._header.length() - self._header.sectionSize(name)
        self._header.resizeSection(name, max(self._header.width() - others, digit * _MIN_NAME))
        self._is_arranging = was

    def _on_section_resized(self, section: int, _old: int, new: int) -> None:
        """Save the width that the user gave a column."""
        if not self._is_arranging and new > 0:
            key = self._model.columns()[section].key
            self._saved["widths"] = {**self._saved.get("widths", {}), key: new}
            self._fit_stretched_columns()
            self._save_later()

    def _restore_order(self, first: int) -> None:
        """Move the sections from ``first`` on to their saved places, new metrics before the epochs."""
        header, columns = self._header, self._model.columns()
        order: list[str] = self._saved.get("order", [])
        if order:
            rank = {key: i for i, key in enumerate(order)}
            ordered = sorted(range(len(columns)), key=lambda i: rank.get(columns[i].key, len(order)))
            for visual, section in enumerate(ordered):
                header.moveSection(header.visualIndex(section), visual)
            return
        for section in range(first, len(columns)):
            if columns[section].menu:
                epochs = header.visualIndex(self._model.column(_METRICS_BEFORE_KEY))
                header.moveSection(header.visualIndex(section), epochs)

    def _save_later(self) -> None:
        if not self._is_arranging:
            self._save_timer.start()

    def _open_menu_at(self, position: QPoint) -> None:
        self.menu(self._header).popup(self._header.mapToGlobal(position))


def _is_setting(key: str) -> bool:
    return key.startswith(SETTING_PREFIX)


def _read(settings: Settings) -> dict[str, Any]:
    try:
        stored = json.loads(settings.get(_KEY, "{}"))
    except ValueError:
        return {}
    return stored if isinstance(stored, dict) else {}
