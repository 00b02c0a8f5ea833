"""Drawing options of curves: smoothing, vertical scale and unit of the horizontal axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from app.plots.curves.curve_plot import CurvePlot
from app.widgets import ToolButton

SMOOTHING = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99)
AxisKind = Literal["step", "epoch", "time"]
AXES: tuple[AxisKind, ...] = ("step", "epoch", "time")
T = TypeVar("T")
_AXIS_TIP = "Horizontal axis: steps, epochs, or the time trained so far, in which pauses do not count"


class SettingsStore(Protocol):
    """Protocol of a store that keeps options between starts."""

    def get(self, key: str, default: str = "") -> str:
        """A remembered text."""

    def put(self, key: str, value: str) -> None:
        """Remembers a text."""


class PlotOptions(QObject):
    """Three menu buttons for the header of a page; their state is saved.

    Args:
        page: Name of the page; the buttons' object names begin with it.
        memory: Where the choices are remembered.
        parent: Owner.
        axes: What the horizontal axis may count.
        smoothing: Smoothing until another is chosen.
    """

    changed = Signal()

    def __init__(
        self,
        page: str,
        memory: SettingsStore,
        parent: QObject,
        *,
        axes: Sequence[AxisKind] = AXES,
        smoothing: float = 0.6,
    ) -> None:
        super().__init__(parent)
        self._memory, self._page, self._axes = memory, page, tuple(axes)
        self.smoothing = _one_of(memory.get(f"page/{page}/smoothing"), SMOOTHING, float, smoothing)
        remembered = memory.get(f"page/{page}/axis", "step")
        self.axis: AxisKind = next((kind for kind in axes if kind == remembered), "step")
        self.log_y = memory.get(f"page/{page}/log") == "on"
        self._unit = ""
        self.smoothing_button = _menu_button(
            "waves", "Smoothing of the training curves", f"{page}-smoothing", map(_percent, SMOOTHING), self._smooth
        )
        self.log_button = ToolButton(
            "chart-line-up", "Logarithmic losses", self._log, text="Log y", checkable=True, name=f"{page}-log-y"
        )
        self.axis_button = _menu_button("ruler", _AXIS_TIP, f"{page}-x", axes, self._place)
        self._show()

    def buttons(self) -> tuple[QToolButton, QToolButton, QToolButton]:
        """The buttons, from left to right."""
        return self.smoothing_button, self.log_button, self.axis_button

    def apply(self, losses: Iterable[CurvePlot]) -> None:
        """Draws loss curves as chosen."""
        for plot in losses:
            plot.set_smoothing(self.smoothing)
            plot.set_log_y(self.log_y)

    def show_unit(self, unit: str) -> None:
        """Say in what the axis counts time, e.g. ``minutes``."""
        if unit != self._unit:
            self._unit = unit
            self._show()

    def _smooth(self, index: int) -> None:
        self.smoothing = SMOOTHING[index]
        self._keep("smoothing", str(self.smoothing))

    def _place(self, index: int) -> None:
        self.axis, self._unit = self._axes[index], ""
        self._keep("axis", self.axis)

    def _log(self) -> None:
        self.log_y = self.log_button.isChecked()
        self._keep("log", "on" if self.log_y else "off")

    def _keep(self, name: str, value: str) -> None:
        self._memory.put(f"page/{self._page}/{name}", value)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.smoothing_button.setText(f"Smoothing {_percent(self.smoothing)}")
        self.axis_button.setText(f"x: {self._unit or self.axis}")
        self.log_button.setChecked(self.log_y)
        _check(self.smoothing_button, SMOOTHING.index(self.smoothing))
        _check(self.axis_button, self._axes.index(self.axis))


def _percent(weight: float) -> str:
    return f"{weight:g}" if weight else "off"


def _one_of(text: str, choices: Sequence[T], read: Callable[[str], T], otherwise: T) -> T:
    try:
        value = read(text)
    except ValueError:
        return otherwise
    return value if value in choices else otherwise


def _menu_button(
    icon_name: str, tip: str, name: str, labels: Iterable[str], on_chosen: Callable[[int], None]
) -> ToolButton:
    button = ToolButton(icon_name, tip, text="…", name=name)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu, group = QMenu(button), QActionGroup(button)
    for index, label in enumerate(labels):
        action = QAction(label, menu, checkable=True)
        action.triggered.connect(lambda _checked=False, index=index: on_chosen(index))
        group.addAction(action)
        menu.addAction(action)
    button.setMenu(menu)
    return button


def _check(button: QToolButton, index: int) -> None:
    button.menu().actions()[index].setChecked(True)
