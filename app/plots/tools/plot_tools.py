"""What a page offers for all of its plots: linked cursor, values, export, enlarging and layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QMessageBox, QWidget
from shiboken6 import isValid

from app.jobs import Background
from app.plots.card_grid import CardGrid
from app.plots.curves.curve_plot import CurvePlot
from app.plots.curves.plot_options import SettingsStore
from app.plots.curves.readout import format_position
from app.plots.plot_layout import HEIGHTS, MOST_COLUMNS, PlotLayout
from app.plots.tools.cursor_table import CursorTable, CursorValues
from app.plots.tools.export_dialog import ExportDialog
from app.plots.tools.plot_file import FileFormat, PlotContent, PrintSize, write_plot
from app.plots.tools.plot_stage import PlotStage
from app.widgets import Label, ToolButton

_CURSOR_MS = 33
"""Between two moves of the cursor on the other plots."""
_NO_NAME = re.compile(r"[^\w.-]+")


class PlotTools(QObject):
    """Links the plots of a page.

    Args:
        page: Name of the page; object names and settings begin with it.
        settings: Where layouts and choices are kept.
        parent: The page.

    Attributes:
        table: The table of values, for the page's layout.
        values_button: Shows and hides it, for the page's header.
        layout: The order and size of the plots.
    """

    menuExtended = Signal(object, QMenu)
    """A plot and its menu, to which others may add what can be done with its runs."""
    exported = Signal(str)
    failed = Signal(object)

    def __init__(self, page: str, settings: SettingsStore, parent: QWidget) -> None:
        super().__init__(parent)
        self._page, self._settings, self._widget = page, settings, parent
        self._plots: list[CurvePlot] = []
        self._stage: PlotStage | None = None
        self._position: tuple[str, float | None] = ("", None)
        self.layout = PlotLayout(page, settings, self)
        self.table = CursorTable(page, parent)
        self.values_button = ToolButton(
            "table",
            "Values of all curves at the cursor, which can be pinned and copied",
            self._show_table,
            text="Values",
            checkable=True,
            name=f"{page}-values-shown",
            parent=parent,
        )
        self._background = Background("plot file", self)
        self._timer = QTimer(self, singleShot=True, interval=_CURSOR_MS)
        self._timer.timeout.connect(self._move_cursor)

    def add(self, plot: CurvePlot, title: str) -> None:
        """Take a plot in; those that are deleted leave by themselves.

        Args:
            plot: The plot.
            title: What it shows, in a few words.
        """
        plot.title = title
        if plot in self._live_plots():
            return
        self._plots = [*self._live_plots(), plot]
        plot.cursorMoved.connect(self._on_cursor)
        plot.clicked.connect(self._pin)
        plot.menuOpened.connect(self._extend_menu)
        plot.enlargeRequested.connect(self.enlarge)

    def stage(self, content: QWidget, parent: QWidget | None = None) -> PlotStage:
        """Wrap the part of the page that an enlarged plot covers."""
        self._stage = PlotStage(content, self._page, parent)
        return self._stage

    def enlarge(self, plot: CurvePlot) -> None:
        """Show a plot alone, or all again if it is alone."""
        if self._stage is not None:
            self._stage.enlarge(plot)

    def clear(self) -> None:
        """Forget values and enlarged plot, as another run is shown."""
        self.table.clear()
        if self._stage is not None:
            self._stage.restore()

    # -- cursor --

    def _live_plots(self) -> list[CurvePlot]:
        return [plot for plot in self._plots if isValid(plot)]

    def _on_cursor(self, unit: str, x: float | None) -> None:
        self._position = unit, x
        if not self._timer.isActive():
            self._timer.start()

    def _move_cursor(self) -> None:
        unit, x = self._position
        for plot in self._live_plots():
            if plot.isVisible() and not plot.underMouse():
                plot.show_cursor(x if plot.x_unit == unit else None)
        if x is not None and self.table.isVisible():
            self.table.show_values(self._values_at(unit, x))

    def _values_at(self, unit: str, x: float) -> CursorValues:
        plots = [plot for plot in self._live_plots() if plot.x_unit == unit]
        rows = {(plot.title, row.label): row for plot in plots for row in plot.values_at(x)}
        return CursorValues(format_position(x, unit), rows)

    def _pin(self, unit: str, x: float) -> None:
        if self.table.isVisible():
            self.table.pin(self._values_at(unit, x))

    def _show_table(self) -> None:
        self.table.setVisible(self.values_button.isChecked())

    # -- menu --

    def _extend_menu(self, menu: QMenu) -> None:
        plot = menu.parent()
        if not isinstance(plot, CurvePlot):
            return
        is_large = self._stage is not None and self._stage.plot is plot
        menu.addSeparator()
        menu.addAction("Show all plots" if is_large else "Enlarge", partial(self.enlarge, plot))
        menu.addAction("Export…", partial(self._ask_export, plot))
        grid = None if is_large else _grid_of(plot)
        if grid is not None:
            menu.addSeparator()
            self._add_layout(menu, grid, grid.name_of(plot))
        self.menuExtended.emit(plot, menu)

    def _add_layout(self, menu: QMenu, grid: CardGrid, name: str) -> None:
        names = self.layout.sorted(grid.names())
        menu.addAction("Move earlier", partial(self.layout.move, name, names, -1)).setEnabled(name != names[0])
        menu.addAction("Move later", partial(self.layout.move, name, names, 1)).setEnabled(name != names[-1])
        columns = {0: "Automatic"} | {count: str(count) for count in range(1, MOST_COLUMNS + 1)}
        _add_choices(menu.addMenu("Columns"), columns, self.layout.columns, self.layout.set_columns)
        _add_choices(menu.addMenu("Height"), HEIGHTS, self.layout.height, self.layout.set_height)
        menu.addAction("Reset the layout", self.layout.reset)

    # -- export --

    def _ask_export(self, plot: CurvePlot) -> None:
        dialog = ExportDialog(self._settings, self._widget)
        dialog.accepted.connect(lambda: self._ask_file(plot, dialog.kind, dialog.size_in_print()))
        dialog.finished.connect(lambda _result: dialog.deleteLater())
        dialog.open()

    def _ask_file(self, plot: CurvePlot, kind: FileFormat, size: PrintSize) -> None:
        suffix = f".{kind.lower()}"
        name = (_NO_NAME.sub("-", plot.title).strip("-") or "plot") + suffix
        # The dialog asks before a file is overwritten.
        chosen, _ = QFileDialog.getSaveFileName(self._widget, "Export the plot", name, f"{kind} (*{suffix})")
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() != suffix:
            path = path.with_name(path.name + suffix)
            if path.exists() and not _may_replace(self._widget, path):
                return
        self.export(plot, path, kind, size)

    def export(self, plot: CurvePlot, path: Path, kind: FileFormat, size: PrintSize) -> None:
        """Write a plot to a file on a thread of its own; ``exported`` or ``failed`` says how that went."""
        snapshot, y_view = plot.view()
        content = PlotContent(plot.title, snapshot, y_view, plot.x_unit, self._widget.font().family())
        self._background.call(
            lambda: write_plot(path, kind, content, size),
            lambda _none: self.exported.emit(f"Wrote {path.name}"),
            self.failed.emit,
        )


class PlotButtons(QWidget):
    """The buttons of a plot for the header of its card: enlarge, and the menu.

    Args:
        plot: The plot.
        name: The object names begin with it.
        title: The title beside them, on which a double click enlarges.
    """

    def __init__(self, plot: CurvePlot, name: str, title: Label) -> None:
        super().__init__()
        self._plot, self._title = plot, title
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        enlarge = ToolButton("arrows-out-simple", "Enlarge the plot", self._enlarge, name=f"{name}-enlarge")
        self._menu = ToolButton("dots-three-vertical", "Menu of the plot", self._open_menu, name=f"{name}-menu")
        row.addWidget(enlarge)
        row.addWidget(self._menu)
        title.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enlarge on a double click on the title."""
        if watched is self._title and event.type() == QEvent.Type.MouseButtonDblClick:
            self._enlarge()
            return True
        return super().eventFilter(watched, event)

    def _enlarge(self) -> None:
        self._plot.enlargeRequested.emit(self._plot)

    def _open_menu(self) -> None:
        self._plot.open_menu(self._menu.mapToGlobal(self._menu.rect().bottomLeft()))


def _may_replace(parent: QWidget, path: Path) -> bool:
    answer = QMessageBox.question(parent, "Export the plot", f"{path.name} exists. Replace it?")
    return answer == QMessageBox.StandardButton.Yes


def _grid_of(plot: CurvePlot) -> CardGrid | None:
    """The grid in which a plot can be moved."""
    parent = plot.parentWidget()
    while parent is not None and not (isinstance(parent, CardGrid) and parent.has_layout):
        parent = parent.parentWidget()
    return parent


def _add_choices(menu: QMenu, choices: dict[int, str], current: int, choose: Callable[[int], object]) -> None:
    group = QActionGroup(menu)
    for value, text in choices.items():
        action = menu.addAction(text, partial(choose, value))
        action.setCheckable(True)
        action.setChecked(value == current)
        group.addAction(action)
