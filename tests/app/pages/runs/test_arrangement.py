"""The Runs page: expressions with suggestions, filters from cells, groups, differences, views, erasing and notes."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.pages.runs import RunsPage
from app.pages.runs.disk_use import DiskUseDialog
from app.pages.runs.menu import cell_conditions
from app.pages.runs.notes_field import NotesField
from app.tables import RunGroup
from mtl_core.store import RunStore
from tests.app.pages.runs.test_page import names, select
from tests.app.tables.rows import row

Wait = Callable[[Callable[[], object]], None]


def confirm(page: RunsPage, wait: Wait, qtbot: QtBot) -> None:
    wait(lambda: page.findChild(QMessageBox, "question"))
    box = page.findChild(QMessageBox, "question")
    assert box is not None
    button = box.findChild(QPushButton, "confirm")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_names_and_values_are_completed(page: RunsPage, qtbot: QtBot, wait: Wait) -> None:
    field = page.list.filter
    field.setFocus()

    def type_and_look(text: str, suggestion: str) -> bool:
        field.clear()
        qtbot.keyClicks(field, text)
        return field.suggestions.currentCompletion() == suggestion

    wait(lambda: type_and_look("weighting.ki", "weighting.kind"))
    field.suggestions.activated.emit("weighting.kind")
    assert field.text() == "weighting.kind "
    wait(lambda: type_and_look("weighting.kind == pc", "pcgrad"))
    field.suggestions.activated.emit("pcgrad")
    assert field.text() == "weighting.kind == pcgrad "
    wait(lambda: names(page) == ["study 3"])


def test_a_cell_becomes_a_condition(page: RunsPage, wait: Wait) -> None:
    column = page.model.columns()[page.model.column("weighting")]
    only, other = cell_conditions(column, page.model.rows()[0])
    assert only == ("Only Equal", 'method == "equal"')
    page.list.filter.setText("study or nothing")
    page.list.filter.add_condition(other[1])
    assert page.list.filter.text() == '(study or nothing) and not method == "equal"'
    page.list.filter.setText("")
    page.list.filter.add_condition(other[1])
    wait(lambda: names(page) == ["study 4", "study 3", "study 2"])


def test_each_tag_and_each_bound_of_a_number_is_offered(page: RunsPage, wait: Wait) -> None:
    tags = page.model.columns()[page.model.column("tags")]
    assert [text for text, _ in cell_conditions(tags, row(1, tags=("a", "b")))] == [
        "Only a",
        "Not a",
        "Only b",
        "Not b",
    ]
    wait(lambda: page.model.column("left.val.accuracy.best") > 0)
    score = page.model.columns()[page.model.column("left.val.accuracy.best")]
    assert ("At least 0.5000", "val.left.accuracy.best >= 0.5") in cell_conditions(score, row(1, 0.5))


def test_groups_by_a_setting_show_means_and_open(page: RunsPage, wait: Wait) -> None:
    page.arrangement.group("setting:weighting.kind")
    wait(lambda: page.model.rowCount() == 4 and page.model.rows()[0].settings)
    wait(lambda: any(isinstance(line, RunGroup) and line.values == ("equal",) for line in page.model.lines()))
    line = next(i for i, group in enumerate(page.model.lines()) if len(page.model.rows_at(i)) == 2)
    score = page.model.column("left.val.accuracy.best")
    wait(lambda: page.model.index(line, score).data() == "0.8800 ± 0.0283")
    page.view.setCurrentIndex(page.model.index(line, page.model.column("name")))
    assert len(page.view.selected_records()) == 2
    page.model.toggle_group(line)
    assert [one.record.name for i in (1, 2) for one in page.model.rows_at(line + i)] == ["study 5", "study 1"]
    page.arrangement.group()
    assert page.model.rowCount() == 5


def test_several_settings_are_ticked_in_one_menu_and_come_back_with_the_page(page: RunsPage, wait: Wait) -> None:
    menu = page.arrangement.group_menu()
    ticks = {action.text(): action for action in menu.actions() if action.isCheckable()}
    ticks["Weighting"].trigger()
    ticks["Seed"].trigger()
    assert page.model.group_keys == ("weighting", "seed")
    assert page.list.groups.text() == "Group: Weighting, Seed"
    section = page.model.column("name")

    def shown() -> list[str]:
        return [page.model.index(i, section).data() for i in range(page.model.rowCount())]

    wait(lambda: any(text.startswith("▸ Weighting Equal · Seed ") for text in shown()))
    page.arrangement.save_view("Both")
    ticks["Weighting"].trigger()
    assert page.model.group_keys == ("seed",)
    page.arrangement.show_view("Both")
    assert page.model.group_keys == ("weighting", "seed")
    page.arrangement._group_by_setting("training.epochs")
    assert page.list.groups.text() == "Group: Weighting, Seed and 1 more"
    assert page._session.settings.get("page/runs/group") == "weighting\nseed\nsetting:training.epochs"
    page.arrangement.views.save("Old", {"group": "weighting"})
    page.arrangement.show_view("Old")
    assert page.model.group_keys == ("weighting",)
    page.arrangement.group()
    menu.deleteLater()


def test_every_cell_shows_its_difference_to_a_run(page: RunsPage, wait: Wait) -> None:
    wait(lambda: page.model.column("left.val.accuracy.best") > 0)
    select(page, 2)
    page.act("reference")
    score, weighting = page.model.column("left.val.accuracy.best"), page.model.column("weighting")
    assert page.model.rows()[0].record.id == 2
    assert page.model.index(0, score).data() == "0.8900"
    assert page.model.index(1, score).data() == "0.8600  −0.0300"
    red, accent = (
        page.model.index(1, column).data(Qt.ItemDataRole.ForegroundRole).name() for column in (score, weighting)
    )
    assert red != accent
    select(page, 2)
    page.act("reference")
    assert page.model.index(0, score).data() == "0.8600"


def test_a_view_brings_columns_filter_and_groups_back(page: RunsPage, wait: Wait) -> None:
    page._columns.show_setting("training.seed")
    page.list.filter.setText("method:equal")
    page.arrangement.group("weighting")
    page.arrangement.save_view("Equal ones")
    page.list.filter.clear()
    page.arrangement.group()
    page._columns.reset()
    header = page.view.horizontalHeader()
    section = page.model.column("setting:training.seed")
    assert header.isSectionHidden(section)
    page.arrangement.show_view("Equal ones")
    assert not header.isSectionHidden(section)
    wait(lambda: page.model.rowCount() == 1 and page.model.group_keys == ("weighting",))
    page.arrangement.group()
    wait(lambda: [page.model.index(i, section).data() for i in range(page.model.rowCount())] == ["4", "0"])
    page.arrangement.views.delete("Equal ones")
    assert page.arrangement.views.names == ()


def test_only_archived_runs_are_erased_and_only_after_a_question(
    page: RunsPage, records: RunStore, qtbot: QtBot, wait: Wait
) -> None:
    select(page, 2)
    page.act("erase")
    assert page.findChild(QMessageBox, "question") is None
    records.edit(2, archived=True)
    page.list.archived.setChecked(True)
    wait(lambda: page.model.rowCount() == 5 and page.model.rows()[3].record.archived)
    select(page, 2)
    page.act("erase")
    confirm(page, wait, qtbot)
    wait(lambda: names(page) == ["study 5", "study 4", "study 3", "study 1"])
    assert len(records.runs(archived=True)) == 4


def test_checkpoints_of_archived_runs_are_given_back(
    page: RunsPage, records: RunStore, qtbot: QtBot, wait: Wait
) -> None:
    for run in (1, 2):
        file = records.artifacts_dir(run) / "last.mtlw"
        file.write_bytes(b"x" * 2048)
        records.add_artifact(run, "checkpoint:last", file)
    records.edit(1, archived=True)
    page.run_actions.show_disk_use()
    dialog = page.findChild(DiskUseDialog)
    assert dialog is not None
    wait(dialog.remove.isEnabled)
    dialog.remove.click()
    confirm(page, wait, qtbot)
    wait(lambda: not dialog.remove.isEnabled())
    assert [records.disk_use([run])[run].checkpoints for run in (1, 2)] == [0, 2048]
    dialog.close()


def test_notes_are_shown_formatted_and_load_nothing(qtbot: QtBot) -> None:
    field = NotesField()
    qtbot.addWidget(field)
    field.show()
    assert field.editor.isVisible()
    field.editor.setPlainText("**bold** and ![](file:///etc/hostname)")
    assert field.view.isVisible()
    assert field.view.toPlainText().startswith("bold and")
    assert field.view.loadResource(2, "file:///etc/hostname") is None
    qtbot.keyClick(field.view, Qt.Key.Key_Return)
    assert field.editor.isVisible()
