"""A plot of the learning rate schedule."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from app.plots.curves.curve_plot import CurvePlot
from app.plots.decimation import Floats, XAxis


class SchedulePlot(CurvePlot):
    """The learning rate at every step, over epochs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_from_zero(True)  # a constant rate is a line at the top, and its axis has few digits
        self.set_empty_text("The learning rate over the training appears here.")

    def set_schedule(self, rates: Floats, *, steps_per_epoch: float = 0.0) -> None:
        """Draws a schedule.

        Args:
            rates: ``[N]`` learning rate at steps 0 … N-1.
            steps_per_epoch: Puts epochs on the axis when above zero.
        """
        axis = XAxis("epoch", (0.0, steps_per_epoch), (0.0, 1.0)) if steps_per_epoch > 0 else XAxis()
        self.set_x_axis(axis)
        rates = np.asarray(rates, dtype=np.float64)
        self.set_curve("rate", np.arange(rates.size, dtype=np.float64), rates, color="accent", label="learning rate")
