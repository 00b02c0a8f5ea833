"""Processor time that the plots take from the GUI thread: live frames, an overlay of fifty runs, and the cursor."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from app.plots import CurvePlot, PlotTools, SeriesBuffer, ticker

LIVE_GOAL, OVERLAY_GOAL, ADD_GOAL = 16.0, 33.0, 100.0
_TASKS, _SERIES, _RUNS, _POINTS = 10, 8, 50, 10_000


@dataclass(frozen=True)
class PlotTimes:
    """Milliseconds of processor time, medians.

    Attributes:
        live: A frame of ten tasks, each with two series of ten thousand points, of which each got a point.
        overlay: A frame of one of eight plots, each with a series of fifty runs; the ticker draws one a frame.
        overlay_all: A frame of all eight plots.
        add: Adding one run to all eight plots until they are painted, with the drawing thread's part.
        rendering: The background thread's part of the overlay of one plot.
        cursor: A move of the linked cursor over the ten live plots.
    """

    live: float
    overlay: float
    overlay_all: float
    add: float
    rendering: float
    cursor: float


class _Settings(dict[str, str]):
    def put(self, key: str, value: str) -> None:
        self[key] = value

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(key, default)


def time_plots(rounds: int) -> PlotTimes:
    """Measure with plots as large as in a window of 1920×1080."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    generator = np.random.default_rng(0)
    page, plots = _page(_TASKS, columns=4)
    series = {(task, split): _series(generator) for task in range(_TASKS) for split in range(2)}
    for plot in plots:
        plot.set_smoothing(0.6)
        plot.set_until(1.5 * _POINTS)  # as on Live, where the axis ends at the planned step

    def add_points() -> None:
        for (task, split), buffer in series.items():
            buffer.extend(np.array([float(len(buffer))]), np.array([0.1]))
            plots[task].set_curve(split, buffer.steps, buffer.values, color=task, dash=bool(split), smoothed=not split)

    live = median(_frame(plots, add_points)[0] for _ in range(rounds))
    tools = PlotTools("bench", _Settings(), page)
    for plot in plots:
        tools.add(plot, "loss")
    moves = []
    for step in range(rounds):
        tools._on_cursor("step", 1000.0 + 37 * step)
        moves.append(_cpu(lambda: (tools._move_cursor(), _paint(plots))))
    _close(page)

    page, plots = _page(_SERIES, columns=4)
    curves = [[_series(generator) for _ in range(_RUNS)] for _ in range(_SERIES)]
    for plot in plots:
        plot.set_smoothing(0.9)
        plot.set_show_raw(False)

    def draw_run(run: int) -> None:
        for plot, runs in zip(plots, curves, strict=True):
            plot.set_curve(run, runs[run].steps, runs[run].values, color=run, label=f"run {run}")

    for run in range(_RUNS):
        draw_run(run)
    frames = [_frame(plots, lambda: None) for _ in range(rounds)]
    alone = [_frame(plots[:1], lambda: None) for _ in range(rounds)]
    adding = []
    for run in range(min(rounds, _RUNS)):
        for plot in plots:
            plot.remove_curve(run)
        adding.append(sum(_frame(plots, lambda run=run: draw_run(run))))  # type: ignore[misc]
    _close(page)
    return PlotTimes(
        live,
        median(gui for gui, _ in alone),
        median(gui for gui, _ in frames),
        median(adding),
        median(background for _, background in alone),
        median(moves),
    )


def _page(count: int, columns: int) -> tuple[QWidget, list[CurvePlot]]:
    page, plots = QWidget(), [CurvePlot() for _ in range(count)]
    grid = QGridLayout(page)
    for index, plot in enumerate(plots):
        grid.addWidget(plot, index // columns, index % columns)
    page.resize(1800, 900)
    page.show()
    _settle()
    return page, plots


def _series(generator: np.random.Generator) -> SeriesBuffer:
    buffer, steps = SeriesBuffer(), np.arange(float(_POINTS))
    buffer.extend(steps, np.exp(-steps / 3000) + 0.1 * generator.standard_normal(_POINTS))
    return buffer


def _frame(plots: Sequence[CurvePlot], change: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the GUI thread to change, show and paint plots, and of the drawing between."""
    from app.plots.curve_image import paint

    snapshots, pictures = [], []
    first = _cpu(lambda: (change(), snapshots.extend(plot.snapshot() for plot in plots)))
    background = _cpu(lambda: pictures.extend(map(paint, snapshots)))

    def show() -> None:
        for plot, picture in zip(plots, pictures, strict=True):
            plot.show_picture(picture)
        _paint(plots)

    return first + _cpu(show), background


def _paint(plots: Sequence[CurvePlot]) -> None:
    """Paint what has changed now, as the event loop would."""
    for plot in plots:
        viewport = plot._canvas.viewport()
        viewport.repaint()


def _cpu(work: Callable[[], object]) -> float:
    before = time.thread_time()
    work()
    return 1000 * (time.thread_time() - before)


def _settle() -> None:
    """Let the event loop run until everything that was asked for is drawn."""
    app = QApplication.instance()
    assert app is not None
    end = time.monotonic() + 20
    app.processEvents()
    while not ticker().is_idle() and time.monotonic() < end:
        app.processEvents()


def _close(page: QWidget) -> None:
    _settle()
    page.close()
    page.deleteLater()
    _settle()
