"""The part of a page that shows its plots, or one of them alone."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLayout, QStackedWidget, QWidget
from shiboken6 import isValid

from app.plots.curves.curve_plot import CurvePlot
from app.widgets import Card, ToolButton


class PlotStage(QStackedWidget):
    """Shows a page's content, or one plot over all of its room until Escape, the button or a double click.

    The plot itself moves, so that zoom and curves stay; a placeholder keeps its room. If the card of an enlarged
    plot is deleted, the plot is deleted too and the content is shown.

    Args:
        content: The content.
        page: Name of the page; the object names begin with it.
        parent: Owner.
    """

    changed = Signal()

    def __init__(self, content: QWidget, page: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: CurvePlot | None = None
        self._placeholder: QWidget | None = None
        self._card = _EnlargedCard(page)
        self._card.closed.connect(self.restore)
        self.addWidget(content)
        self.addWidget(self._card)

    @property
    def plot(self) -> CurvePlot | None:
        """The enlarged plot; None while all are shown."""
        return self._plot

    def enlarge(self, plot: CurvePlot) -> None:
        """Show one plot alone; if it is shown alone already, show all."""
        previous = self._plot
        self.restore()
        layout = _layout_of(plot)
        if plot is previous or layout is None:
            return
        self._placeholder = QWidget()
        layout.replaceWidget(plot, self._placeholder)
        self._placeholder.destroyed.connect(self._forget)
        self._plot = plot
        self._card.set_title(plot.title)
        self._card.body.addWidget(plot, 1)
        plot.set_wheel_zoom(True)
        plot.show()
        self.setCurrentWidget(self._card)
        self._card.setFocus()
        self.changed.emit()

    def restore(self) -> None:
        """Put the enlarged plot back and show all."""
        plot, placeholder, self._plot, self._placeholder = self._plot, self._placeholder, None, None
        self.setCurrentIndex(0)
        if plot is None or placeholder is None:
            return
        placeholder.destroyed.disconnect(self._forget)
        layout = _layout_of(placeholder)
        self._card.body.removeWidget(plot)
        plot.set_wheel_zoom(False)
        if layout is not None:
            layout.replaceWidget(placeholder, plot)
            plot.show()
        placeholder.deleteLater()
        self.changed.emit()

    def open_menu(self) -> None:
        """Open the menu of the enlarged plot."""
        self._card.open_menu()

    def _forget(self) -> None:
        """Show all when the card of the enlarged plot is gone."""
        plot, self._plot, self._placeholder = self._plot, None, None
        if isValid(self):
            self.setCurrentIndex(0)
        if plot is not None and isValid(plot):
            plot.hide()
            plot.deleteLater()


class _EnlargedCard(Card):
    """The card of an enlarged plot."""

    closed = Signal()

    def __init__(self, page: str) -> None:
        super().__init__(" ")
        self.setObjectName(f"{page}-enlarged")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.menu_button = ToolButton(
            "dots-three-vertical", "Menu of the plot", self.open_menu, name=f"{page}-plot-menu"
        )
        self.back = ToolButton(
            "arrows-in-simple", "Show all plots again (Esc)", self.closed.emit, text="Back", name=f"{page}-plot-back"
        )
        self.header.addWidget(self.menu_button)
        self.header.addWidget(self.back)

    def open_menu(self) -> None:
        """Open the menu of the plot below its button."""
        plot = self.findChild(CurvePlot)
        if plot is not None:
            plot.open_menu(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back on a double click on the title; one on the plot resets its zoom."""
        event.accept()
        self.closed.emit()


def _layout_of(widget: QWidget) -> QLayout | None:
    """The layout that holds a widget, which may be nested in that of its parent."""
    parent = widget.parentWidget()
    outer = None if parent is None else parent.layout()
    layouts = [] if outer is None else [outer]
    while layouts:
        layout = layouts.pop()
        if layout.indexOf(widget) >= 0:
            return layout
        items = (layout.itemAt(index) for index in range(layout.count()))
        layouts += [inner for item in items if item is not None and (inner := item.layout()) is not None]
    return None
