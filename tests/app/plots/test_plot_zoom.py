"""Zoom, pan, reset, logarithmic axes and the range of a plot of curves."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.plots import CurvePlot, Limits, PlotOptions, ticker
from app.plots.curves.range_dialog import RangeDialog

STEPS = np.arange(501.0)


@pytest.fixture
def plot(qtbot: QtBot) -> Iterator[CurvePlot]:
    made = CurvePlot()
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.set_curve("loss", STEPS, STEPS + 1)
    made.show()
    qtbot.waitUntil(lambda: made.picture is not None and ticker().is_idle())
    yield made
    qtbot.waitUntil(ticker().is_idle)


def _range(plot: CurvePlot) -> tuple[float, float]:
    low, high = plot._canvas.box.viewRange()[0]
    return low, high


def _drag(plot: CurvePlot, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
    viewport = plot._canvas.viewport()
    start, end = QPointF(250, 100), QPointF(350, 160)
    kinds = QMouseEvent.Type
    for kind, place, changed, held in (
        (kinds.MouseButtonPress, start, button, button),
        (kinds.MouseMove, (start + end) / 2, Qt.MouseButton.NoButton, button),
        (kinds.MouseMove, end, Qt.MouseButton.NoButton, button),
        (kinds.MouseButtonRelease, end, button, Qt.MouseButton.NoButton),
    ):
        event = QMouseEvent(kind, place, viewport.mapToGlobal(place), changed, held, modifiers)
        QApplication.sendEvent(viewport, event)


def _turn_wheel(plot: CurvePlot) -> bool:
    event = QWheelEvent(
        QPointF(300, 150),
        QPointF(300, 150),
        QPoint(0, 120),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot._canvas.viewport(), event)
    return plot.is_zoomed


def test_a_rectangle_zooms_to_what_it_covers_and_a_double_click_resets(qtbot: QtBot, plot: CurvePlot) -> None:
    left, right = plot._canvas.place(QPointF(250, 100)).x(), plot._canvas.place(QPointF(350, 100)).x()
    _drag(plot, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    assert _range(plot) == pytest.approx((left, right), abs=2)
    qtbot.mouseDClick(plot._canvas.viewport(), Qt.MouseButton.LeftButton)
    assert not plot.is_zoomed
    qtbot.waitUntil(lambda: _range(plot) == pytest.approx((0, 500)))


@pytest.mark.parametrize(
    ("button", "modifiers"),
    [
        (Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier),
        (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_the_middle_button_or_shift_moves_the_view_and_keeps_its_width(
    plot: CurvePlot, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier
) -> None:
    _drag(plot, button, modifiers)
    low, high = _range(plot)
    assert plot.is_zoomed
    assert low < -20
    assert high - low == pytest.approx(500)


def test_the_wheel_alone_zooms_only_where_nothing_scrolls(plot: CurvePlot) -> None:
    assert not _turn_wheel(plot)
    plot.set_wheel_zoom(True)
    assert _turn_wheel(plot)


def test_both_axes_can_be_logarithmic_and_the_read_out_stays_in_steps(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.set_log_x(True)
    plot.set_log_y(True)
    qtbot.waitUntil(lambda: _range(plot) == pytest.approx((0, np.log10(500))))
    seen: list[float] = []
    plot.cursorMoved.connect(lambda _unit, x: seen.append(x))
    plot._hover(QPointF(plot._canvas.mapFromScene(plot._canvas.box.mapViewToScene(QPointF(2, 1)))))
    assert seen == pytest.approx([100], rel=0.02)
    assert "step 1" in plot._readout.text
    assert plot.values_at(100)[0].number == pytest.approx(101)
    assert plot.values_at(0) == []


def test_a_range_that_a_person_set_stays_until_another_unit_makes_it_meaningless(qtbot: QtBot, plot: CurvePlot) -> None:
    from app.plots import XAxis

    plot.set_limits(Limits(left=100, right=200))
    qtbot.waitUntil(lambda: _range(plot) == pytest.approx((100, 200)))
    plot.set_curve("loss", STEPS, STEPS + 2)
    qtbot.waitUntil(ticker().is_idle)
    assert _range(plot) == pytest.approx((100, 200))
    plot.set_x_axis(XAxis("epoch", (0.0, 100.0), (0.0, 1.0)))
    qtbot.waitUntil(lambda: _range(plot) == pytest.approx((0, 5)))


def test_the_form_of_the_range_says_what_is_wrong(qtbot: QtBot) -> None:
    dialog = RangeDialog(Limits(left=1.5), "epoch", log_x=False, log_y=True)
    qtbot.addWidget(dialog)
    assert dialog.fields["left"].text() == "1.5"
    dialog.fields["right"].setText("1")
    assert "must end above 1.5" in dialog.problem()
    dialog.fields["right"].setText("one")
    assert "“one” is not a number" in dialog.problem()
    dialog.fields["right"].setText("2,5")
    dialog.fields["bottom"].setText("0")
    assert "logarithmic" in dialog.problem()
    dialog.fields["bottom"].setText("")
    assert dialog.problem() == ""
    assert dialog.limits() == Limits(1.5, 2.5, None, None)


def test_the_menu_of_a_plot_has_its_actions_and_those_of_others(qtbot: QtBot, plot: CurvePlot) -> None:
    menus: list[QMenu] = []
    plot.menuOpened.connect(menus.append)
    plot.open_menu(QPoint(0, 0))
    assert [action.text() for action in menus[0].actions()] == ["Show everything", "Set the range…", "Automatic range"]
    menus[0].close()


class _Memory(dict[str, str]):
    def put(self, key: str, value: str) -> None:
        self[key] = value

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(key, default)


def test_what_plots_show_is_remembered(qtbot: QtBot, plot: CurvePlot) -> None:
    settings = _Memory()
    options = PlotOptions("live", settings, plot)
    options.values_button.menu().actions()[2].trigger()
    options._log_x_action.trigger()
    options.axis_button.menu().actions()[2].trigger()
    again = PlotOptions("live", settings, plot)
    for button in (*options.buttons(), *again.buttons()):
        qtbot.addWidget(button)
    assert (again.values, again.log_x, again.axis) == ("normalized", True, "examples")
    assert [button.text() for button in again.buttons()][1:] == ["y: normalized", "Log y", "x: examples, log"]
