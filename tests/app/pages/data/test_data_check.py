"""The check of the data on the Data page: asked of the worker, listed with a fix each, and dropped when data change."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.pages.data import DataPage
from app.session import Session
from app.widgets import Button
from mtl_core.errors import InputError
from mtl_core.spec.data.data_findings import DataFinding, DataFix
from tests.app.pages.data.conftest import PatientWorker
from tests.app.pages.data.synthetic_sets import table

LEFT_OUT = DataFix(label="Leave rooms out", changes={"dataset.inputs": ["area", "도시"]})
BALANCED = DataFix(label="Balance", changes={"training.sampling": {"kind": "balanced_classes", "task": "sold"}})
COPIES = DataFinding(check="duplicates", place="split", what="9 rows are copies.", advice="Remove them.", count=9)
COUNTER = DataFinding(
    check="identifiers", place="column", name="rooms", what="It counts the rows.", advice="Leave it out.", fix=LEFT_OUT
)
RARE = DataFinding(
    check="imbalance", place="task", name="sold", what="99 % are no.", advice="Balance the classes.", fix=BALANCED
)


@pytest.fixture
def opened(page: DataPage, worker: PatientWorker) -> DataPage:
    page.loader.open_file(Path("/x/houses.csv"))
    worker.answer(table())
    return page


def button(page: DataPage, name: str) -> Button:
    return next(one for one in page.findChildren(Button, name) if one.isVisibleTo(page))


def rows(page: DataPage) -> list[str]:
    """What the shown findings say, where first."""
    found = [w for w in page.findChildren(QWidget) if w.objectName().startswith("finding-") and w.isVisibleTo(page)]
    return [" | ".join(label.text() for label in row.findChildren(QLabel)) for row in found]


def check(page: DataPage, qtbot: QtBot, worker: PatientWorker, *findings: DataFinding) -> None:
    qtbot.mouseClick(button(page, "check-data"), Qt.MouseButton.LeftButton)
    worker.answer(list(findings), "check_data")


def test_findings_are_listed_with_where_what_and_what_to_do(
    opened: DataPage, session: Session, worker: PatientWorker, qtbot: QtBot
) -> None:
    qtbot.mouseClick(button(opened, "check-data"), Qt.MouseButton.LeftButton)
    assert worker.asked("check_data")["spec"] == session.document.data
    assert not button(opened, "check-data").isEnabled()
    worker.answer([COPIES, COUNTER], "check_data")
    assert button(opened, "check-data").isEnabled()
    assert rows(opened) == [
        "Split |  | 9 rows are copies. | Remove them.",
        "rooms | Column | It counts the rows. | Leave it out.",
    ]
    assert opened._preview.switch.tabText(3) == "Check (2)"


def test_a_fix_is_one_step_of_undo_and_the_data_are_checked_again(
    opened: DataPage, session: Session, worker: PatientWorker, qtbot: QtBot
) -> None:
    check(opened, qtbot, worker, COUNTER)
    before, asks = session.document.data, len(worker.asks)
    qtbot.mouseClick(button(opened, "fix-identifiers"), Qt.MouseButton.LeftButton)
    assert session.document.data["dataset"]["inputs"] == ["area", "도시"]
    assert session.document.undo_stack.undoText() == "Leave rooms out"
    assert [ask[0] for ask in worker.asks[asks:] if ask[0] == "check_data"] == ["check_data"]
    worker.answer([], "check_data")
    assert rows(opened) == []
    assert opened._preview.findings.clean.isVisibleTo(opened)
    session.document.undo_stack.undo()
    assert session.document.data == before
    assert opened.check.findings is None


def test_a_fix_of_training_takes_its_finding_off_the_list(
    opened: DataPage, session: Session, worker: PatientWorker, qtbot: QtBot
) -> None:
    check(opened, qtbot, worker, COPIES, RARE)
    qtbot.mouseClick(button(opened, "fix-imbalance"), Qt.MouseButton.LeftButton)
    assert session.document.data["training"]["sampling"]["kind"] == "balanced_classes"
    assert opened.check.findings == (COPIES,)


def test_an_edit_of_the_data_makes_findings_and_late_answers_void(
    opened: DataPage, session: Session, worker: PatientWorker, qtbot: QtBot
) -> None:
    check(opened, qtbot, worker, COPIES)
    session.document.set("training.epochs", 7)
    assert opened.check.findings == (COPIES,)
    opened.check_data()
    session.document.set("dataset.split.seed", 5)
    assert not opened.check.is_running
    worker.answer([COUNTER], "check_data")
    assert opened.check.findings is None
    assert rows(opened) == []


def test_data_that_cannot_be_checked_say_why(opened: DataPage, worker: PatientWorker, qtbot: QtBot) -> None:
    qtbot.mouseClick(button(opened, "check-data"), Qt.MouseButton.LeftButton)
    error: Any = InputError("tasks[0].target", "there is no such column", found="'price'")
    worker.refuse(error, "check_data")
    assert opened._preview.findings.error.label.text() == "There is no such column; found 'price'."
    assert button(opened, "check-data-now").isEnabled()
