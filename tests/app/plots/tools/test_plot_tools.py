"""What a page offers for its plots: linked cursor, values, menu, enlarged view, layout, files."""

import struct
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QMenu, QMessageBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.plots import CardGrid, CurvePlot, PlotButtons, PlotLayout, PlotTools, ticker
from app.plots.tools.export_dialog import ExportDialog
from app.plots.tools.plot_file import PrintSize
from app.widgets import Card
from mtl_core.errors import WorkbenchError

STEPS = np.arange(101.0)


class Memory(dict[str, str]):
    def put(self, key: str, value: str) -> None:
        self[key] = value

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(key, default)


class ExamplePage(QWidget):
    """A page with two plots in cards."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = Memory()
        self.tools = PlotTools("page", self.settings, self)
        self.grid = CardGrid(self.tools.layout)
        self.plots: list[CurvePlot] = []
        cards = []
        for index, name in enumerate(("left", "right")):
            card, plot = Card(name), CurvePlot()
            card.setObjectName(name)
            card.body.addWidget(plot)
            card.header.addWidget(PlotButtons(plot, name, card.title))
            plot.set_curve("train", STEPS, STEPS * (index + 1) + 1, color=index)
            self.tools.add(plot, f"loss of {name}")
            self.plots.append(plot)
            cards.append(card)
        self.grid.set_cards(cards)
        column = QVBoxLayout(self)
        self.stage = self.tools.stage(self.grid)
        column.addWidget(self.stage, 1)
        column.addWidget(self.tools.table)
        column.addWidget(self.tools.values_button)


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[ExamplePage]:
    made = ExamplePage()
    qtbot.addWidget(made)
    made.resize(1400, 600)
    made.show()
    qtbot.waitUntil(lambda: ticker().is_idle() and all(plot.picture for plot in made.plots))
    yield made
    qtbot.waitUntil(ticker().is_idle)


def _menu(plot: CurvePlot) -> QMenu:
    plot.open_menu(QPoint(0, 0))
    menu = plot.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)[-1]
    menu.hide()
    return menu


def _choose(plot: CurvePlot, text: str) -> None:
    next(action for action in _menu(plot).actions() if action.text() == text).trigger()


def _hover(plot: CurvePlot, step: float) -> QPointF:
    place = QPointF(plot._canvas.mapFromScene(plot._canvas.box.mapViewToScene(QPointF(step, 10))))
    plot._hover(place)
    return place


def test_the_cursor_of_one_plot_stands_on_all_and_fills_the_table(qtbot: QtBot, page: ExamplePage) -> None:
    page.tools.values_button.click()
    _hover(page.plots[0], 50)
    qtbot.waitUntil(lambda: bool(page.plots[1]._readout._hair.isVisible()))
    assert page.plots[1]._readout._hair.value() == pytest.approx(50, abs=1)
    assert page.tools.table.as_text() == "plot\tcurve\tstep 50\nloss of left\ttrain\t51.00\nloss of right\ttrain\t101.0"
    page.plots[0]._hover(None)
    qtbot.waitUntil(lambda: not page.plots[1]._readout._hair.isVisible())


def test_a_click_pins_a_position_and_the_table_is_copied_with_all_digits(qtbot: QtBot, page: ExamplePage) -> None:
    page.tools.values_button.click()
    page.plots[0]._click(_hover(page.plots[0], 20))
    _hover(page.plots[0], 50)
    qtbot.waitUntil(lambda: "step 50" in page.tools.table.as_text())
    assert [pin.head for pin in page.tools.table.pins] == ["step 20"]
    page.tools.table.copy_csv.click()
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied[0] == "plot,curve,step 50,step 20 · pinned"
    assert copied[1].startswith("loss of left,train,51,")
    page.tools.table.unpin.click()
    assert page.tools.table.pins == []


def test_a_plot_is_enlarged_by_its_title_and_goes_back_on_escape(qtbot: QtBot, page: ExamplePage) -> None:
    plot = page.plots[0]
    title = plot.parentWidget().title  # type: ignore[union-attr]
    qtbot.mouseDClick(title, Qt.MouseButton.LeftButton)
    assert page.stage.plot is plot
    assert plot.isVisible()
    assert not page.plots[1].isVisible()
    assert plot._canvas.wheel_zooms
    qtbot.keyClick(page.stage.currentWidget(), Qt.Key.Key_Escape)
    assert page.stage.plot is None
    assert page.grid.isAncestorOf(plot)
    assert all(other.isVisible() for other in page.plots)
    assert not plot._canvas.wheel_zooms


def test_an_enlarged_plot_whose_card_is_deleted_goes_with_it(qtbot: QtBot, page: ExamplePage) -> None:
    page.tools.enlarge(page.plots[0])
    page.grid.set_cards([QLabel("other")])
    qtbot.waitUntil(lambda: page.stage.plot is None)
    assert page.grid.isVisible()


def test_the_order_and_size_of_the_plots_are_kept(qtbot: QtBot, page: ExamplePage) -> None:
    left, right = page.grid._cards
    page.tools.layout.set_columns(2)
    qtbot.waitUntil(lambda: left.geometry().right() < right.geometry().left())
    _choose(page.plots[0], "Move later")
    page.tools.layout.set_columns(1)
    page.tools.layout.set_height(260)
    qtbot.waitUntil(lambda: right.geometry().bottom() < left.geometry().top())
    assert left.height() >= 260
    again = PlotLayout("page", page.settings, page)
    assert (again.order, again.columns, again.height) == (["right", "left"], 1, 260)
    _choose(page.plots[0], "Reset the layout")
    qtbot.waitUntil(lambda: (left.y(), left.x()) < (right.y(), right.x()))


@pytest.mark.parametrize("text", ["{", "[]", '{"columns": 9, "order": "left", "height": -1}'])
def test_a_layout_that_cannot_be_read_is_that_of_the_page(page: ExamplePage, text: str) -> None:
    layout = PlotLayout("page", Memory({"page/page/layout": text}), page)
    assert (layout.order, layout.columns, layout.height) == ([], 0, 0)


def test_a_picture_has_the_size_of_the_print_and_an_svg_keeps_its_fonts(
    qtbot: QtBot, page: ExamplePage, tmp_path: Path
) -> None:
    size = PrintSize(width=100, height=50, dpi=254)
    for kind in ("PNG", "SVG"):
        with qtbot.waitSignal(page.tools.exported):
            page.tools.export(page.plots[0], tmp_path / f"plot.{kind.lower()}", kind, size)  # type: ignore[arg-type]
    head = (tmp_path / "plot.png").read_bytes()[:24]
    assert struct.unpack(">II", head[16:24]) == (1000, 500)
    root = ElementTree.fromstring((tmp_path / "plot.svg").read_text("utf-8"))
    texts = {"".join(element.itertext()).strip(): element for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"loss of left", "step", "train", "100"} <= set(texts)
    assert texts["step"].get("font-family") == page.font().family()
    assert root.get("width", "").startswith("100.01")


def test_the_points_of_a_plot_are_written_as_csv(qtbot: QtBot, page: ExamplePage, tmp_path: Path) -> None:
    page.plots[0].set_smoothing(0.5)
    with qtbot.waitSignal(page.tools.exported):
        page.tools.export(page.plots[0], tmp_path / "plot.csv", "CSV", PrintSize())
    lines = (tmp_path / "plot.csv").read_text("utf-8").splitlines()
    assert lines[:3] == ["curve,step,step,value,smoothed", "train,0,0,1,1", "train,1,1,2,1.666666667"]
    assert len(lines) == 102


def test_a_file_that_cannot_be_written_says_so_and_leaves_nothing(
    qtbot: QtBot, page: ExamplePage, tmp_path: Path
) -> None:
    with qtbot.waitSignal(page.tools.failed) as signal:
        page.tools.export(page.plots[0], tmp_path / "missing" / "plot.png", "PNG", PrintSize())
    assert isinstance(signal.args[0], WorkbenchError)
    assert list(tmp_path.iterdir()) == []


def test_a_name_without_its_ending_asks_before_it_replaces(
    qtbot: QtBot, page: ExamplePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plot.csv").write_text("kept")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "plot"), ""))
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    page.tools._ask_file(page.plots[0], "CSV", PrintSize())
    assert (tmp_path / "plot.csv").read_text() == "kept"
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    with qtbot.waitSignal(page.tools.exported):
        page.tools._ask_file(page.plots[0], "CSV", PrintSize())
    assert (tmp_path / "plot.csv").read_text() != "kept"


def test_the_form_of_a_file_remembers_format_and_size(qtbot: QtBot) -> None:
    settings = Memory({"plots/export/width": "many"})
    for _ in range(2):
        dialog = ExportDialog(settings)
        qtbot.addWidget(dialog)
        dialog.format.setCurrentText("SVG")
        dialog.fields["width"].setValue(80)
        dialog.accept()
    assert settings["plots/export/format"] == "SVG"
    assert dialog.size_in_print() == PrintSize(80, 90, 300)
    QGuiApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
