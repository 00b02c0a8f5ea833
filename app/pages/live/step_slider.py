"""A slider over the steps at which something was recorded."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.plots.decimation import Floats
from app.theme import GAP
from app.widgets import ColorSlider, Muted, ToolButton, plain_tooltip
from mtl_core.text import group_digits


class StepSlider(QWidget):
    """Selects one of the recorded steps, or follows the newest; the arrow keys, Page Up, Home and End move it.

    Args:
        what: What was recorded, for a screen reader.
        name: The object names begin with it.
    """

    stepChanged = Signal()

    def __init__(self, what: str, name: str) -> None:
        super().__init__()
        self._steps = np.zeros(0)
        self.slider = ColorSlider("accent", marks_one=False)
        self.slider.setObjectName(f"{name}-step")
        self.slider.setAccessibleName(f"Step of {what}")
        self.slider.setToolTip(plain_tooltip(f"Step of {what}"))
        self.slider.setSingleStep(1)
        self.label = Muted()
        self.latest = ToolButton(
            "arrow-line-right",
            "Follow the newest step",
            self.follow,
            text="Latest",
            checkable=True,
            name=f"{name}-latest",
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.slider, 1)
        row.addWidget(self.label)
        row.addWidget(self.latest)
        self.slider.valueChanged.connect(self._move)
        self.clear()

    @property
    def follows(self) -> bool:
        """Whether the newest step is selected, also once there are newer ones."""
        return self.latest.isChecked()

    @property
    def step(self) -> float:
        """The selected step; infinite while the newest is followed."""
        return math.inf if self.follows or not len(self._steps) else float(self._steps[self.slider.value()])

    def clear(self) -> None:
        """Forget the steps, and follow the newest."""
        self.latest.setChecked(True)
        self.set_steps(np.zeros(0))

    def set_steps(self, steps: Floats) -> None:
        """Replace the steps, ``[N]`` ascending, without a signal; the selected one stays, if there is it or a later."""
        if not self.follows and (not len(steps) or self.step > steps[-1]):
            self.latest.setChecked(True)
        index = len(steps) - 1 if self.follows else int(steps.searchsorted(self.step))
        self._steps = steps
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, max(len(steps) - 1, 0))
        self.slider.setPageStep(max(len(steps) // 10, 1))
        self.slider.setValue(index)
        self.slider.blockSignals(blocked)
        self.slider.setEnabled(len(steps) > 1)
        if len(steps):  # the room of the longest, so that the slider keeps its length while it is dragged
            self.label.setMinimumWidth(self.label.fontMetrics().horizontalAdvance(_step_text(steps[-1])))
        self._show()

    def follow(self) -> None:
        """Select the newest step from now on."""
        self.latest.setChecked(True)
        self.set_steps(self._steps)
        self.stepChanged.emit()

    def _move(self, index: int) -> None:
        self.latest.setChecked(index == self.slider.maximum())
        self._show()
        self.stepChanged.emit()

    def _show(self) -> None:
        text = _step_text(self._steps[self.slider.value()]) if len(self._steps) else ""
        self.label.setText(text)
        self.slider.setAccessibleDescription(text)


def _step_text(step: float) -> str:
    return f"step {group_digits(step)}"
