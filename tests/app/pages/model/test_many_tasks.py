"""The Model page with twelve tasks and thirty layers: every task can be reached, and the diagram fits."""

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.document import Document
from app.pages.model.cards import TasksCard
from app.pages.model.diagram import Diagram
from app.pages.model.page import card_widths
from app.widgets import TaskTabs
from mtl_core.spec import HardSharing, LayerInfo, ModelInfo, spec_to_data

NAMES = tuple(f"a task with a name of some length, number {i}" for i in range(12))


def model(tasks: int = 12, layers: int = 30) -> ModelInfo:
    def linear(path: str) -> LayerInfo:
        return LayerInfo(path=path, kind="linear", title="Linear", output_shape=(64,), parameters=4160)

    return ModelInfo(
        input_shapes={"table": (20,)},
        encoders={},
        fusion=None,
        fused_shape=(20,),
        shared=tuple(linear(f"model.shared[{i}]") for i in range(layers)),
        heads=dict.fromkeys(NAMES[:tasks], ()),
        outputs={name: linear(f"model.heads.{name}") for name in NAMES[:tasks]},
        sharing=spec_to_data(HardSharing()),
        parameters=1000,
        shared_parameters=500,
    )


@pytest.fixture
def tabs(qtbot: QtBot) -> TaskTabs:
    tabs = TaskTabs("tabs")
    qtbot.addWidget(tabs)
    tabs.resize(360, 40)
    tabs.show()
    return tabs


def test_a_few_tasks_are_tabs(tabs: TaskTabs) -> None:
    tabs.set_names(["left", "right"])
    assert not tabs.is_list
    assert tabs.bar.isVisible()


def test_more_tasks_than_have_room_are_a_list_of_all(tabs: TaskTabs) -> None:
    tabs.set_names(NAMES)
    assert tabs.is_list
    assert [tabs.list.itemText(i) for i in range(tabs.list.count())] == list(NAMES)
    assert tabs.position.text() == "1 of 12"
    tabs.resize(8000, 40)
    assert not tabs.is_list


def test_every_task_of_the_list_can_be_reached(tabs: TaskTabs, qtbot: QtBot) -> None:
    seen: list[int] = []
    tabs.currentChanged.connect(seen.append)
    tabs.set_names(NAMES)
    assert not tabs.previous.isEnabled()
    for _ in range(11):
        qtbot.mouseClick(tabs.next, Qt.MouseButton.LeftButton)
    assert seen == list(range(1, 12))
    assert (tabs.list.currentText(), tabs.position.text()) == (NAMES[11], "12 of 12")
    assert not tabs.next.isEnabled()
    qtbot.keyClick(tabs.list, Qt.Key.Key_Home)
    assert tabs.currentIndex() == 0


def test_new_names_leave_the_place_and_say_nothing(tabs: TaskTabs) -> None:
    tabs.set_names(NAMES)
    tabs.setCurrentIndex(5)
    seen: list[int] = []
    tabs.currentChanged.connect(seen.append)
    tabs.set_names([*NAMES[:5], "another & one", *NAMES[6:]])
    assert (tabs.currentIndex(), tabs.list.currentText(), seen) == (5, "another & one", [])
    tabs.set_names(NAMES[:3])
    assert tabs.currentIndex() == 2


def test_the_card_shows_the_layers_of_the_task_of_the_list(qtbot: QtBot, qapp: QApplication) -> None:
    document = Document()
    document.set("tasks", [{"kind": "regression", "name": name, "target": name} for name in NAMES])
    card = TasksCard(document)
    qtbot.addWidget(card)
    card.resize(380, 500)
    card.show()
    assert card.tabs.is_list
    card.tabs.list.setCurrentIndex(9)
    card.tabs.list.activated.emit(9)
    assert card.task == NAMES[9]
    assert card.lists[NAMES[9]].isVisible()
    document.deleteLater()


@pytest.fixture
def diagram(qtbot: QtBot) -> Diagram:
    diagram = Diagram()
    qtbot.addWidget(diagram)
    diagram.show()
    diagram.show_model(model())
    return diagram


def seen(diagram: Diagram) -> QRectF:
    return diagram.mapToScene(diagram.viewport().rect()).boundingRect()


@pytest.mark.parametrize("size", [(200, 150), (390, 560), (900, 880), (300, 1200), (1600, 200)])
def test_the_diagram_fits_at_every_size(diagram: Diagram, qtbot: QtBot, size: tuple[int, int]) -> None:
    diagram.zoom(2.0)
    diagram.resize(*size)
    diagram.fit()
    bars = diagram.horizontalScrollBar(), diagram.verticalScrollBar()
    qtbot.waitUntil(lambda: not any(bar.isVisible() for bar in bars))
    plan = diagram.plan
    assert plan is not None
    assert seen(diagram).contains(QRectF(0, 0, plan.width, plan.height))


def test_a_diagram_of_many_tasks_can_be_read_until_all_of_it_is_asked_for(diagram: Diagram) -> None:
    diagram.resize(390, 560)
    assert diagram.transform().m11() == pytest.approx(0.6)
    plan = diagram.plan
    assert plan is not None
    assert seen(diagram).center().x() == pytest.approx(plan.width / 2, abs=2)
    assert seen(diagram).top() <= 0
    diagram.fit()
    assert diagram.transform().m11() < 0.6
    diagram.resize(400, 560)
    assert seen(diagram).width() >= plan.width


def test_a_small_diagram_grows_with_its_room(diagram: Diagram) -> None:
    diagram.show_model(model(tasks=2, layers=2))
    diagram.resize(1200, 1000)
    assert 1.0 < diagram.transform().m11() <= 1.6


@pytest.mark.parametrize(("width", "diagram"), [(1188, 440), (1828, 958)])
def test_a_wider_page_gives_its_room_to_the_diagram(width: int, diagram: int) -> None:
    widths = card_widths(width)
    assert sum(widths) == width
    assert widths[2] == diagram


def test_zooming_ends_before_the_diagram_is_lost(diagram: Diagram) -> None:
    diagram.resize(390, 560)
    diagram.fit()
    fitting = diagram.transform().m11()
    for _ in range(60):
        diagram.zoom(1 / 1.2)
    assert diagram.transform().m11() == pytest.approx(fitting / 2, rel=0.05)
    for _ in range(60):
        diagram.zoom(1.2)
    assert diagram.transform().m11() == pytest.approx(3.0)
    diagram.centerOn(QPointF(0, 0))
    diagram.fit()
    assert diagram.transform().m11() == pytest.approx(fitting)
