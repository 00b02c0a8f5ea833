"""Plots; the only package that imports pyqtgraph."""

from app.plots.bars import BarPlot, Histogram
from app.plots.canvas import dash_pattern
from app.plots.card_grid import CardGrid, columns_for
from app.plots.count_matrix import CountMatrix, DifferenceMatrix
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
from app.plots.heat_map import LengthMatrix, MatrixPlot, cell_color
from app.plots.legend import RAW, TRAIN, VALIDATION, WEIGHTS_CHANGED, Legend, LineStyle
from app.plots.picture_heat import PictureHeat
from app.plots.plot_layout import PlotLayout
from app.plots.runs.parallel_plot import ParallelAxis, ParallelLine, ParallelPlot
from app.plots.runs.point_plot import PointPlot, RunPoint
from app.plots.runs.spread_bars import SpreadBar, SpreadBars
from app.plots.schedule_plot import SchedulePlot
from app.plots.signed_bars import SignedBar, SignedBars
from app.plots.ticker import ticker
from app.plots.tools.plot_tools import PlotButtons, PlotTools
from app.plots.value_map import ValueMap
from app.plots.xy_plot import XYPlot, XYSeries

__all__ = [
    "RAW",
    "TRAIN",
    "VALIDATION",
    "WEIGHTS_CHANGED",
    "AxisKind",
    "BarPlot",
    "CardGrid",
    "CountMatrix",
    "CurvePlot",
    "DifferenceMatrix",
    "Histogram",
    "Legend",
    "LengthMatrix",
    "Limits",
    "LineStyle",
    "MatrixPlot",
    "ParallelAxis",
    "ParallelLine",
    "ParallelPlot",
    "PictureHeat",
    "PlotButtons",
    "PlotLayout",
    "PlotOptions",
    "PlotTools",
    "PointPlot",
    "RunCurves",
    "RunPoint",
    "SchedulePlot",
    "SeriesBuffer",
    "SignedBar",
    "SignedBars",
    "SpreadBar",
    "SpreadBars",
    "TrainingClock",
    "ValueMap",
    "XAxis",
    "XYPlot",
    "XYSeries",
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
