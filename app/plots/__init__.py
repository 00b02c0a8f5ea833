"""Plots; the only place that knows pyqtgraph."""

from app.plots.arrays import XAxis, decimate, smooth
from app.plots.bars import BarPlot, Histogram
from app.plots.curve_plot import CurvePlot
from app.plots.schedule import SchedulePlot
from app.plots.series import Series
from app.plots.texts import grouped, number
from app.plots.ticker import ticker

__all__ = [
    "BarPlot",
    "CurvePlot",
    "Histogram",
    "SchedulePlot",
    "Series",
    "XAxis",
    "decimate",
    "grouped",
    "number",
    "smooth",
    "ticker",
]
