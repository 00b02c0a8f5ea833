"""Drawing options of curves: smoothing, vertical scale and unit of the horizontal axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar, get_args

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from app.plots.curve_image import ValueKind
from app.plots.curves.curve_plot import CurvePlot
from app.plots.curves.step_times import AxisKind
from app.widgets import ToolButton

SMOOTHING = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99)
AXES: tuple[AxisKind, ...] = get_args(AxisKind)
VALUES: tuple[ValueKind, ...] = get_args(ValueKind)
T = TypeVar("T")
_AXIS_TIP = (
    "Horizontal axis: steps, epochs, examples (steps times batch size), or the time trained so far, in which pauses "
    "do not count"
)
_VALUES_TIP = (
    "What the loss plots show: the losses, the losses times the weight in use at their step, or the losses over "
    "their mean in the first epoch"
)


class SettingsStore(Protocol):
    """Protocol of persistent key-value settings."""

    def get(self, key: str, default: str = "") -> str:
        """The stored value of a key."""

    def put(self, key: str, value: str) -> None:
        """Stores a value."""


class PlotOptions(QObject):
    """Menu buttons for the header of a page; their state is saved.

    Args:
        page: Name of the page; the buttons' object names begin with it.
        settings: Where the options are saved.
        parent: Parent object.
        axes: Units offered for the horizontal axis.
        smoothing: Initial smoothing.
    """

    changed = Signal()

    def __init__(
        self,
        page: str,
        settings: SettingsStore,
        parent: QObject,
        *,
        axes: Sequence[AxisKind] = AXES,
        smoothing: float = 0.6,
    ) -> None:
        super().__init__(parent)
        self._settings, self._page, self._axes = settings, page, tuple(axes)
        self.smoothing = _parse_choice(settings.get(f"page/{page}/smoothing"), SMOOTHING, float, smoothing)
        saved_axis = settings.get(f"page/{page}/axis", "step")
        self.axis: AxisKind = next((kind for kind in axes if kind == saved_axis), "step")
        self.log_y = settings.get(f"page/{page}/log") == "on"
        self.log_x = settings.get(f"page/{page}/log-x") == "on"
        self.values: ValueKind = _parse_choice(settings.get(f"page/{page}/values"), VALUES, _value_kind, "raw")
        self._unit = ""
        self.values_button = _menu_button("math-operations", _VALUES_TIP, f"{page}-values", VALUES, self._set_values)
        self.smoothing_button = _menu_button(
            "waves",
            "Smoothing of the training curves",
            f"{page}-smoothing",
            map(_smoothing_text, SMOOTHING),
            self._set_smoothing,
        )
        self.log_button = ToolButton(
            "chart-line-up", "Logarithmic losses", self._set_log_y, text="Log y", checkable=True, name=f"{page}-log-y"
        )
        self.axis_button = _menu_button("ruler", _AXIS_TIP, f"{page}-x", axes, self._set_axis)
        self.axis_button.menu().addSeparator()
        self._log_x_action = QAction("Logarithmic", self.axis_button.menu(), checkable=True)
        self._log_x_action.triggered.connect(self._set_log_x)
        self.axis_button.menu().addAction(self._log_x_action)
        self._show()

    def buttons(self) -> tuple[QToolButton, ...]:
        """The buttons, from left to right."""
        return self.smoothing_button, self.values_button, self.log_button, self.axis_button

    def apply(self, losses: Iterable[CurvePlot], *, values: bool = True) -> None:
        """Apply the options to loss plots.

        Args:
            losses: The plots.
            values: Whether what they show are losses, which can be weighted and normalized.
        """
        for plot in losses:
            plot.set_smoothing(self.smoothing)
            plot.set_log_y(self.log_y)
            plot.set_log_x(self.log_x)
            plot.set_values(self.values if values else "raw")

    def show_unit(self, unit: str) -> None:
        """Show the unit of the axis, e.g. ``minutes``."""
        if unit != self._unit:
            self._unit = unit
            self._show()

    def _set_smoothing(self, index: int) -> None:
        self.smoothing = SMOOTHING[index]
        self._save("smoothing", str(self.smoothing))

    def _set_axis(self, index: int) -> None:
        self.axis, self._unit = self._axes[index], ""
        self._save("axis", self.axis)

    def _set_values(self, index: int) -> None:
        self.values = VALUES[index]
        self._save("values", self.values)

    def _set_log_x(self, on: bool) -> None:
        self.log_x = on
        self._save("log-x", "on" if on else "off")

    def _set_log_y(self) -> None:
        self.log_y = self.log_button.isChecked()
        self._save("log", "on" if self.log_y else "off")

    def _save(self, name: str, value: str) -> None:
        self._settings.put(f"page/{self._page}/{name}", value)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.smoothing_button.setText(f"Smooth {_smoothing_text(self.smoothing)}")
        self.values_button.setText(f"y: {self.values}")
        self.axis_button.setText(f"x: {self._unit or self.axis}" + (", log" if self.log_x else ""))
        self._log_x_action.setChecked(self.log_x)
        self.log_button.setChecked(self.log_y)
        _check(self.smoothing_button, SMOOTHING.index(self.smoothing))
        _check(self.values_button, VALUES.index(self.values))
        _check(self.axis_button, self._axes.index(self.axis))


def _smoothing_text(weight: float) -> str:
    return f"{weight:g}" if weight else "off"


def _value_kind(text: str) -> ValueKind:
    return next((kind for kind in VALUES if kind == text), "raw")


def _parse_choice(text: str, choices: Sequence[T], read: Callable[[str], T], default: T) -> T:
    try:
        value = read(text)
    except ValueError:
        return default
    return value if value in choices else default


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
