"""A plot of the learning rate schedule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from app.plots.curves.curve_plot import CurvePlot
from app.plots.decimation import XAxis


class SchedulePlot(CurvePlot):
    """The learning rate at every step, over epochs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_from_zero(True)  # a constant rate is a line at the top, and its axis has few digits
        self.set_empty_text("The learning rate over the training appears here.")

    def set_schedule(self, steps: Sequence[float], rates: Sequence[float], steps_per_epoch: int) -> None:
        """Draw a schedule over epochs.

        Args:
            steps: ``[N]`` steps.
            rates: ``[N]`` learning rate at these steps.
            steps_per_epoch: Steps of an epoch.
        """
        self.set_x_axis(XAxis("epoch", (0.0, float(steps_per_epoch)), (0.0, 1.0)))
        self.set_curve(
            "rate",
            np.asarray(steps, dtype=np.float64),
            np.asarray(rates, dtype=np.float64),
            color="accent",
            label="learning rate",
        )
