"""The plot of curves: data, zoom, smoothing, logarithmic axis and markers."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.plots import BarPlot, CurvePlot, Histogram, SchedulePlot, SeriesBuffer, XAxis, ticker
from app.plots.curves.readout import Row, nearest_rows
from app.theme import DARK, LIGHT, apply_theme, small_font

STEPS = np.arange(500.0)


@pytest.fixture
def plot(qtbot: QtBot) -> Iterator[CurvePlot]:
    made = CurvePlot()
    qtbot.addWidget(made)
    made.resize(600, 300)
    yield made
    qtbot.waitUntil(ticker().is_idle)


def _drawn(qtbot: QtBot, plot: CurvePlot) -> None:
    qtbot.waitUntil(lambda: ticker().is_idle() and plot.picture is not None)


def test_a_hidden_plot_is_not_drawn_until_it_is_shown(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curve("loss", STEPS, STEPS)
    qtbot.waitUntil(ticker().is_idle)
    assert plot.picture is None
    plot.show()
    _drawn(qtbot, plot)
    assert plot.picture is not None
    assert set(plot.picture.lines) == {"loss"}


def test_points_that_arrive_are_drawn(qtbot: QtBot, plot: CurvePlot) -> None:
    series = SeriesBuffer()
    plot.show()
    for start in range(0, 3000, 1000):
        steps = np.arange(start, start + 1000.0)
        series.extend(steps, steps)
        plot.set_curve("loss", series.steps, series.values)
    qtbot.waitUntil(lambda: plot.picture is not None and plot.picture.x_limits == (0.0, 2999.0))


def test_an_empty_plot_says_what_will_appear(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_empty_text("Losses appear here.")
    plot.show()
    _drawn(qtbot, plot)
    assert plot._empty.isVisible()
    plot.set_curve("loss", STEPS, STEPS)
    qtbot.waitUntil(lambda: not plot._empty.isVisible())


def test_the_value_under_the_cursor_is_read_out(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curve("loss", STEPS, np.full(500, 0.25), label="train")
    plot.show()
    _drawn(qtbot, plot)
    plot._hover(QPointF(300, 100))
    assert "train" in plot._readout.text
    assert "0.250" in plot._readout.text
    plot._hover(None)
    assert plot._readout.text == ""


def test_a_marker_stands_at_its_step_on_any_axis(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curve("loss", STEPS, STEPS)
    plot.set_x_axis(XAxis("epoch", (0.0, 100.0), (0.0, 1.0)))
    plot.set_markers([(200.0, "left 0.36")])
    plot.show()
    _drawn(qtbot, plot)
    assert plot._markers._lines[0].value() == pytest.approx(2.0)
    assert plot._markers.text_at(2.01, 0.1) == "left 0.36"
    assert plot._markers.text_at(3.0, 0.1) == ""


def test_the_text_of_a_marker_is_read_out_beside_it_and_never_drawn_over_the_curves(
    qtbot: QtBot, plot: CurvePlot
) -> None:
    plot.set_curve("loss", STEPS, STEPS)
    plot.set_markers([(250.0, "left 0.36")])
    plot.show()
    _drawn(qtbot, plot)
    plot._hover(QPointF(plot._canvas.mapFromScene(plot._canvas.box.mapViewToScene(QPointF(250, 100)))))
    assert "left 0.36" in plot._readout.text
    plot._hover(QPointF(plot._canvas.mapFromScene(plot._canvas.box.mapViewToScene(QPointF(400, 100)))))
    assert "left 0.36" not in plot._readout.text


@pytest.mark.parametrize("largest", [0.5, 99.0, 12_345.0, 100_000.0, 987_654.0, 5e7, 3e15])
@pytest.mark.parametrize("base", [0.0, 0.9999, -1.0])
def test_every_number_of_the_vertical_axis_fits_beside_it(
    qtbot: QtBot, plot: CurvePlot, largest: float, base: float
) -> None:
    plot.set_curve("loss", STEPS, np.linspace(base * largest, largest, 500))
    plot.show()
    _drawn(qtbot, plot)
    axis = plot._canvas._axes["left"]
    low, high = plot._canvas.box.viewRange()[1]
    assert axis.width() >= axis.width_of_texts(low, high, QFontMetrics(small_font()))


def test_the_read_out_of_many_curves_keeps_those_nearest_to_the_cursor() -> None:
    rows = [Row(f"run {index}", str(index), index, dash=False, height=float(index)) for index in range(30)]
    shown = nearest_rows(rows, 12.2, most=3)
    assert [row.label for row in shown] == ["run 11", "run 12", "run 13", "and 27 more"]
    assert nearest_rows(rows[:3], 12.2, most=3) == rows[:3]


def test_a_removed_curve_leaves_the_plot(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curve("loss", STEPS, STEPS)
    plot.remove_curve("loss")
    plot.remove_curve("never there")
    assert plot.curve_keys() == []


def test_curves_follow_the_theme(qtbot: QtBot, qapp: QApplication, plot: CurvePlot) -> None:
    apply_theme(qapp, "light")
    plot.set_curve("loss", STEPS, STEPS, color=1)
    main = plot._items.main["loss"]
    assert main.opts["pen"].color().name().upper() == LIGHT.series[1]
    apply_theme(qapp, "dark")
    plot.show()  # hidden plots follow when they are shown
    assert main.opts["pen"].color().name().upper() == DARK.series[1]
    apply_theme(qapp, "light")  # visible ones follow one after another
    qtbot.waitUntil(lambda: main.opts["pen"].color().name().upper() == LIGHT.series[1])
    assert plot._canvas.viewport().updatesEnabled()


def test_lines_are_one_pixel_wide_as_wider_ones_freeze(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curve("loss", STEPS, STEPS, dash=True)
    plot.set_smoothing(0.9)
    plot.show()
    qtbot.waitUntil(lambda: "loss" in plot._items.raw)
    assert all(item.opts["pen"].widthF() == 1 for item in (plot._items.main["loss"], plot._items.raw["loss"]))


def test_the_wheel_scrolls_the_page_unless_ctrl_is_held(plot: CurvePlot) -> None:
    nowhere = QPointF(10, 10)
    event = QWheelEvent(
        nowhere,
        nowhere,
        nowhere.toPoint(),
        nowhere.toPoint(),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    plot._canvas.wheelEvent(event)
    assert not event.isAccepted()


def test_zooming_stays_until_everything_is_asked_for(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_curve("loss", STEPS, STEPS)
    plot.show()
    _drawn(qtbot, plot)
    plot._canvas.box.setXRange(100, 200, padding=0)
    plot._zoom()
    _drawn(qtbot, plot)
    assert plot.is_zoomed
    assert plot._canvas.box.viewRange()[0] == pytest.approx([100, 200])
    plot.show_all()
    qtbot.waitUntil(lambda: plot._canvas.box.viewRange()[0] == pytest.approx([0, 499]))


def test_a_plot_deleted_while_it_is_drawn_does_no_harm(qtbot: QtBot) -> None:
    plot = CurvePlot()
    plot.show()
    plot.set_curve("loss", STEPS, STEPS)
    ticker()._tick()
    plot.deleteLater()
    del plot
    qtbot.waitUntil(ticker().is_idle)


def test_bars_are_as_high_as_their_counts_and_told_to_screen_readers(qtbot: QtBot) -> None:
    bars = BarPlot()
    qtbot.addWidget(bars)
    bars.resize(300, 120)
    bars.set_bars(["no", "yes"], [50, 100])
    assert bars.bar_rect(1).height() == pytest.approx(2 * bars.bar_rect(0).height())
    assert bars.accessibleDescription() == "no: 50, yes: 100"
    assert not bars.grab().isNull()


def test_a_histogram_names_its_stretches(qtbot: QtBot) -> None:
    histogram = Histogram()
    qtbot.addWidget(histogram)
    histogram.set_counts([0.0, 0.5, 1.0], [3, 4])
    assert histogram.accessibleDescription().startswith("0.000 … 0.500: 3")
    assert not histogram.grab().isNull()


def test_a_schedule_is_drawn_over_epochs(qtbot: QtBot) -> None:
    plot = SchedulePlot()
    qtbot.addWidget(plot)
    plot.set_schedule(range(201), np.linspace(1e-3, 0.0, 201).tolist(), 50)
    plot.show()
    qtbot.waitUntil(lambda: plot.picture is not None and plot.picture.x_limits == (0.0, 4.0))
    qtbot.waitUntil(ticker().is_idle)


def test_the_menu_knows_the_step_and_the_nearest_curve_under_the_cursor(qtbot: QtBot, plot: CurvePlot) -> None:
    axis = XAxis("epoch", (0.0, 500.0), (0.0, 5.0))
    plot.set_x_axis(axis)
    for key, height in (("low", 1.0), ("high", 3.0)):
        plot.set_curve(key, STEPS, np.full(500, height), smoothed=False)
    plot.show()
    _drawn(qtbot, plot)
    box = plot._canvas.box
    scene = box.mapViewToScene(QPointF(2.5, 2.9))
    place = plot._canvas.mapTo(plot, plot._canvas.mapFromScene(scene))
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        points = []
        plot.menuOpened.connect(lambda menu, points=points: points.append((plot.menu_point, menu)))
        plot.contextMenuEvent(QContextMenuEvent(reason, place, plot.mapToGlobal(place)))
        point, menu = points[-1]
        menu.close()
        if reason is QContextMenuEvent.Reason.Mouse:
            assert point is not None
            assert abs(point.step - 250) < 3
            assert point.key == "high"
        else:
            assert point is None
