"""The editor of a subset of values: check boxes side by side."""

import pytest
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.forms import CheckListEditor


@pytest.mark.parametrize("columns", [1, 2])
def test_there_are_as_many_columns_as_there_is_room_for(qtbot: QtBot, columns: int) -> None:
    holder, editor = QWidget(), CheckListEditor(("accuracy", "average_precision", "f1", "precision"))
    qtbot.addWidget(holder)
    QVBoxLayout(holder).addWidget(editor)
    holder.resize(columns * editor.minimumSizeHint().width() + 40, 300)
    holder.show()
    qtbot.waitUntil(lambda: len({box.x() for box in editor.findChildren(QCheckBox)}) == columns)
    editor.setValue(["f1"])
    assert editor.value() == ["f1"]
