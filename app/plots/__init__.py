"""Plots; the only package that imports pyqtgraph."""

from app.plots.bars import BarPlot, Histogram
from app.plots.canvas import dash_pattern
from app.plots.card_grid import CardGrid, columns_for
from app.plots.curve_image import Limits
from app.plots.curves.curve_plot import CurvePlot
from app.plots.curves.plot_options import PlotOptions
from app.plots.curves.run_curves import RunCurves
from app.plots.curves.series_buffer import SeriesBuffer
from app.plots.curves.step_times import (
    AxisKind,
    TrainingClock,
    epoch_axis,
    epoch_steps,
    examples_axis,
    time_axis,
    unit_of,
    x_axis,
)
from app.plots.decimation import XAxis, decimate, smooth
from app.plots.heat_map import MatrixPlot, cell_color
from app.plots.legend import RAW, TRAIN, VALIDATION, WEIGHTS_CHANGED, Legend, LineStyle
from app.plots.plot_layout import PlotLayout
from app.plots.schedule_plot import SchedulePlot
from app.plots.ticker import ticker
from app.plots.tools.plot_tools import PlotButtons, PlotTools

__all__ = [
    "RAW",
    "TRAIN",
    "VALIDATION",
    "WEIGHTS_CHANGED",
    "AxisKind",
    "BarPlot",
    "CardGrid",
    "CurvePlot",
    "Histogram",
    "Legend",
    "Limits",
    "LineStyle",
    "MatrixPlot",
    "PlotButtons",
    "PlotLayout",
    "PlotOptions",
    "PlotTools",
    "RunCurves",
    "SchedulePlot",
    "SeriesBuffer",
    "TrainingClock",
    "XAxis",
    "cell_color",
    "columns_for",
    "dash_pattern",
    "decimate",
    "epoch_axis",
    "epoch_steps",
    "examples_axis",
    "smooth",
    "ticker",
    "time_axis",
    "unit_of",
    "x_axis",
]
