"""Plots; the only place that knows pyqtgraph."""

from app.plots.arrays import XAxis, decimate, smooth
from app.plots.bars import BarPlot, Histogram
from app.plots.canvas import dash_pattern
from app.plots.clock import Clock, epoch_axis, time_axis, unit_of, x_axis
from app.plots.curve_plot import CurvePlot
from app.plots.grid import CardGrid, columns_for
from app.plots.legend import MOVED, RAW, TRAIN, VALIDATION, Kind, Legend
from app.plots.matrix import MatrixPlot, cell_color
from app.plots.options import AxisKind, PlotOptions
from app.plots.run_curves import RunCurves
from app.plots.schedule import SchedulePlot
from app.plots.series import Series
from app.plots.texts import grouped, number
from app.plots.ticker import ticker

__all__ = [
    "MOVED",
    "RAW",
    "TRAIN",
    "VALIDATION",
    "AxisKind",
    "BarPlot",
    "CardGrid",
    "Clock",
    "CurvePlot",
    "Histogram",
    "Kind",
    "Legend",
    "MatrixPlot",
    "PlotOptions",
    "RunCurves",
    "SchedulePlot",
    "Series",
    "XAxis",
    "cell_color",
    "columns_for",
    "dash_pattern",
    "decimate",
    "epoch_axis",
    "grouped",
    "number",
    "smooth",
    "ticker",
    "time_axis",
    "unit_of",
    "x_axis",
]
