"""The list of layers: adding, moving, removing and editing layers."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.document import Document
from app.forms import LayerList, NumberEditor
from app.forms.layers.block_name import BlockName
from app.forms.layers.layer_edits import match_rows, move_item
from app.forms.layers.layer_menu import SAVED, LayerMenu
from mtl_core.spec import LAYER_GROUPS, Fix, LayerInfo, load_preset
from mtl_core.spec.io.saved_blocks import load_blocks


@pytest.fixture
def document(qapp: QApplication) -> Document:
    found = Document()
    found.load_spec(load_preset("multidigits"))
    return found


@pytest.fixture
def layers(qtbot: QtBot, document: Document) -> LayerList:
    found = LayerList(document, "model.shared", "None yet.")
    qtbot.addWidget(found)
    found.resize(400, 600)
    found.show()
    qtbot.waitExposed(found)
    return found


def kinds(document: Document, path: str = "model.shared") -> list[str]:
    return [layer["kind"] for layer in document.get(path)]


BEFORE = ["conv2d", "relu", "max_pool2d", "conv2d", "relu", "max_pool2d", "flatten", "linear", "relu"]


def test_rows_follow_the_document(layers: LayerList, document: Document) -> None:
    assert [row.layer["kind"] for row in layers.rows] == BEFORE
    document.set("model.shared", [{"kind": "tanh"}])
    assert [row.line.title.full_text() for row in layers.rows] == ["Tanh"]
    document.set("model.shared", [])
    assert layers.empty.isVisibleTo(layers)
    document.undo_stack.setIndex(0)
    assert [row.layer["kind"] for row in layers.rows] == BEFORE


def test_a_layer_is_found_by_typing_and_added_after_the_open_one(
    qtbot: QtBot, layers: LayerList, document: Document
) -> None:
    layers.open(0)
    layers.menu.popup(layers)
    qtbot.keyClicks(layers.menu.search, "layernorm")
    qtbot.keyClick(layers.menu.search, Qt.Key.Key_Return)
    assert kinds(document)[:3] == ["conv2d", "layer_norm", "relu"]
    assert layers.open_index == 1
    assert layers.rows[1].form is not None
    assert not layers.menu.isVisible()
    document.undo_stack.undo()
    assert kinds(document) == BEFORE


def test_the_menu_steps_over_headings_and_hidden_entries(qtbot: QtBot) -> None:
    menu = LayerMenu()
    qtbot.addWidget(menu)
    chosen: list[str] = []
    menu.chosen.connect(chosen.append)
    menu.popup(menu)
    for _ in LAYER_GROUPS["Dense and convolution"] + LAYER_GROUPS["Blocks"]:
        qtbot.keyClick(menu.search, Qt.Key.Key_Down)
    qtbot.keyClick(menu.search, Qt.Key.Key_Return)
    menu.popup(menu)
    qtbot.keyClicks(menu.search, "pool global")
    qtbot.keyClick(menu.search, Qt.Key.Key_Down)
    qtbot.keyClick(menu.search, Qt.Key.Key_Down)
    qtbot.keyClick(menu.search, Qt.Key.Key_Return)
    menu.popup(menu)
    qtbot.keyClicks(menu.search, "no such layer")
    qtbot.keyClick(menu.search, Qt.Key.Key_Return)
    menu.hide()
    assert chosen == ["relu", "global_max_pool"]


def test_keys_move_duplicate_and_remove_a_layer(qtbot: QtBot, layers: LayerList, document: Document) -> None:
    def press(index: int, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(layers.rows[index].line, key, modifier)

    alt, control = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
    press(0, Qt.Key.Key_Down, alt)
    assert kinds(document)[:3] == ["relu", "conv2d", "max_pool2d"]
    press(1, Qt.Key.Key_Up, alt)
    assert kinds(document) == BEFORE
    press(0, Qt.Key.Key_Up, alt)
    assert kinds(document) == BEFORE
    press(2, Qt.Key.Key_D, control)
    assert kinds(document)[:5] == ["conv2d", "relu", "max_pool2d", "max_pool2d", "conv2d"]
    press(3, Qt.Key.Key_Delete)
    assert kinds(document) == BEFORE
    assert document.undo_stack.count() == 4
    press(0, Qt.Key.Key_Return)
    assert layers.open_index == 0
    press(0, Qt.Key.Key_Space)
    assert layers.open_index == -1


def test_a_layer_is_dragged_to_another_place(qtbot: QtBot, layers: LayerList, document: Document) -> None:
    line = layers.rows[0].line
    target = line.mapFromGlobal(layers.rows[2].mapToGlobal(QPoint(20, layers.rows[2].height() - 4)))
    qtbot.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    qtbot.mouseMove(line, QPoint(20, 40))
    qtbot.mouseMove(line, target)
    assert layers._mark.isVisible()
    qtbot.mouseRelease(line, Qt.MouseButton.LeftButton, pos=target)
    assert not layers._mark.isVisible()
    assert kinds(document)[:3] == ["relu", "max_pool2d", "conv2d"]


def test_escape_ends_a_drag(qtbot: QtBot, layers: LayerList, document: Document) -> None:
    line = layers.rows[0].line
    qtbot.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    qtbot.mouseMove(line, QPoint(20, 200))
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    qtbot.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(20, 200))
    assert kinds(document) == BEFORE
    assert not layers._mark.isVisible()


def test_a_click_opens_the_settings_in_place(qtbot: QtBot, layers: LayerList, document: Document) -> None:
    opened: list[str] = []
    layers.selected.connect(opened.append)
    qtbot.mouseClick(layers.rows[7].line, Qt.MouseButton.LeftButton)
    width = layers.findChild(NumberEditor, "model.shared[7].out_features")
    assert isinstance(width, NumberEditor)
    width.stepBy(1)
    assert document.get("model.shared[7].out_features") == 256
    assert layers.open_index == 7
    document.undo_stack.undo()
    assert width.value() == 128
    qtbot.mouseClick(layers.rows[7].line, Qt.MouseButton.LeftButton)
    assert opened == ["model.shared[7]", ""]


def info(index: int, kind: str, **values: Any) -> LayerInfo:
    return LayerInfo(path=f"model.shared[{index}]", kind=kind, title=kind.title(), **values)


def test_an_error_stands_at_its_layer_and_its_fix_can_be_undone(
    qtbot: QtBot, layers: LayerList, document: Document
) -> None:
    fix = Fix(label="Use BatchNorm1d", path="model.shared[1]", value={"kind": "batch_norm1d"})
    document.set("model.shared", [{"kind": "flatten"}, {"kind": "batch_norm2d"}])
    layers.set_infos(
        [
            info(0, "flatten", output_shape=(256,)),
            info(1, "batch_norm2d", error="takes channels × height × width; 256 features arrive", fix=fix),
        ],
        "1×16×16",
    )
    assert layers.rows[0].line.shape.full_text() == "256"
    assert "256 features arrive" in layers.rows[1].error.label.text()
    assert "256 features arrive" in layers.rows[1].line.accessibleName()
    link = layers.rows[1].findChild(QWidget, "fix:model.shared[1]")
    assert link is not None
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert kinds(document) == ["flatten", "batch_norm1d"]
    document.undo_stack.undo()
    assert kinds(document) == ["flatten", "batch_norm2d"]


def test_shapes_stay_with_their_layers_until_the_worker_answers(layers: LayerList, document: Document) -> None:
    infos = [info(i, kind, output_shape=(i + 1,)) for i, kind in enumerate(BEFORE)]
    layers.set_infos(infos, "1×16×16")
    document.set("model.shared", [{"kind": "dropout", "p": 0.1}, *document.get("model.shared")])
    assert [row.line.shape.full_text() for row in layers.rows] == ["", *(str(i + 1) for i in range(9))]


def test_keys_the_list_does_not_know_are_left_to_others(layers: LayerList) -> None:
    event = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier)
    layers.rows[0].line.keyPressEvent(event)
    assert not event.isAccepted()


def test_rows_are_matched_by_what_stayed() -> None:
    assert match_rows("abc", "abc") == [0, 1, 2]
    assert match_rows("abc", "axbc") == [0, None, 1, 2]
    assert match_rows("abc", "ac") == [0, 2]
    assert match_rows("abc", "cab") == [2, 0, 1]
    assert match_rows("abc", "aXc") == [0, 1, 2]
    assert match_rows("", "ab") == [None, None]
    assert match_rows("aa", "aaa") == [0, 1, None]


def test_a_move_counts_places_before_it_is_taken_out() -> None:
    assert move_item("abc", 0, 2) == ["b", "a", "c"]
    assert move_item("abc", 2, 0) == ["c", "a", "b"]
    assert move_item("abc", 0, 3) == ["b", "c", "a"]


@pytest.fixture
def block(layers: LayerList, document: Document) -> LayerList:
    """The list of the layers of a residual block, which is open."""
    inner = [{"kind": "linear", "out_features": 8}, {"kind": "relu"}]
    document.set("model.shared", [{"kind": "flatten"}, {"kind": "residual", "layers": inner}, {"kind": "tanh"}])
    layers.open(1)
    found = layers.findChild(LayerList, "layers:model.shared[1].layers")
    assert isinstance(found, LayerList)
    return found


def test_layers_of_a_block_are_added_moved_and_removed_in_it(
    qtbot: QtBot, layers: LayerList, document: Document, block: LayerList
) -> None:
    qtbot.mouseClick(block.rows[0].line, Qt.MouseButton.LeftButton)
    width = layers.findChild(NumberEditor, "model.shared[1].layers[0].out_features")
    assert isinstance(width, NumberEditor)
    width.stepBy(1)
    assert document.get("model.shared[1].layers[0].out_features") == 16
    block.add("dropout")
    assert kinds(document, "model.shared[1].layers") == ["linear", "dropout", "relu"]
    QTest.keyClick(block.rows[1].line, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(block.rows[2].line, Qt.Key.Key_Delete)
    assert kinds(document, "model.shared[1].layers") == ["dropout", "linear"]
    assert kinds(document) == ["flatten", "residual", "tanh"]
    assert layers.open_index == 1
    add = layers.findChild(QWidget, "add-inner-layer:model.shared[1].layers")
    assert add is not None
    qtbot.mouseClick(add, Qt.MouseButton.LeftButton)
    assert block.menu.isVisible()
    block.menu.hide()


def test_a_block_that_moves_takes_its_layers_along(layers: LayerList, document: Document, block: LayerList) -> None:
    layers.apply_action("up", 1)
    moved = layers.findChild(LayerList, "layers:model.shared[0].layers")
    assert isinstance(moved, LayerList)
    assert [row.path for row in moved.rows] == ["model.shared[0].layers[0]", "model.shared[0].layers[1]"]
    moved.apply_action("remove", 0)
    assert kinds(document, "model.shared[0].layers") == ["relu"]
    document.undo_stack.undo()
    layers.apply_action("remove", 0)
    assert kinds(document) == ["flatten", "tanh"]
    assert layers.findChild(LayerList) is None
    document.undo_stack.setIndex(0)
    assert kinds(document) == BEFORE


def test_a_layer_in_a_block_is_opened_by_its_path(layers: LayerList, block: LayerList) -> None:
    opened: list[str] = []
    layers.selected.connect(opened.append)
    layers.open_path("model.shared[1].layers[1]")
    assert (layers.open_index, block.open_index) == (1, 1)
    assert opened[-1] == "model.shared[1].layers[1]"
    block.open(-1)
    assert opened[-1] == "model.shared[1]"
    layers.open_path("model.shared[2].layers[0]")
    assert layers.open_index == 2


def test_an_error_in_a_block_stands_at_its_layer_and_at_the_block(layers: LayerList, block: LayerList) -> None:
    linear = LayerInfo(
        path="model.shared[1].layers[0]", kind="linear", title="Linear", error="Linear takes a row of features."
    )
    relu = LayerInfo(path="model.shared[1].layers[1]", kind="relu", title="ReLU")
    infos = [info(0, "flatten", output_shape=(256,)), info(1, "residual", layers=(linear, relu)), info(2, "tanh")]
    layers.set_infos(infos, "1×16×16")
    assert "a row of features" in block.rows[0].error.label.text()
    assert layers.rows[1].error.label.text() == "A layer in it cannot be built."
    assert block.rows[1].error.label.text() == ""
    document_order = [stop.objectName() for stop in layers.stops() if stop.objectName().startswith("row:")]
    assert document_order == [
        "row:model.shared[0]",
        "row:model.shared[1]",
        "row:model.shared[1].layers[0]",
        "row:model.shared[1].layers[1]",
        "row:model.shared[2]",
    ]


def test_layers_are_saved_under_a_name_and_used_again(qtbot: QtBot, layers: LayerList, document: Document) -> None:
    layers.open(3)
    save = layers.rows[3].findChild(QWidget, "layer-save")
    assert save is not None
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    popup = layers.findChild(BlockName)
    assert isinstance(popup, BlockName)
    assert popup.name.text() == "Conv2d"
    popup.name.clear()
    qtbot.keyClick(popup.name, Qt.Key.Key_Return)
    assert "1 to 100 characters" in popup.error.label.text()
    qtbot.keyClicks(popup.name, "My convolution")
    qtbot.mouseClick(popup.button, Qt.MouseButton.LeftButton)
    assert not popup.isVisible()
    layers.ask_name(document.get("model.shared"), "all")
    whole = layers.findChildren(BlockName)[-1]
    qtbot.keyClick(whole.name, Qt.Key.Key_Return)
    assert list(load_blocks()) == ["My convolution", "all"]
    layers.open(0)
    layers.menu.popup(layers)
    qtbot.keyClicks(layers.menu.search, "my conv")
    qtbot.keyClick(layers.menu.search, Qt.Key.Key_Return)
    assert kinds(document) == [BEFORE[0], "conv2d", *BEFORE[1:]]
    assert document.get("model.shared[1]") == document.get("model.shared[4]")
    layers.open(-1)
    layers.add(f"{SAVED}all")
    assert kinds(document) == [BEFORE[0], "conv2d", *BEFORE[1:], *BEFORE]
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert kinds(document) == BEFORE
