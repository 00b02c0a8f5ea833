"""A person's own CSV, with everything that real tables have, trained by clicking only."""

import random
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox

from app.navigation import Page
from mtl_core.store import RunStore, SeriesKey
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person

ROWS = 160


def write_table(path: Path, encoding: str) -> None:
    """Numbers, categories, empty cells and Korean words in header and cells; some targets are missing."""
    chance = random.Random(0)
    lines = ["번호,지역,면적,층수,난방,가격,판매"]
    for number in range(ROWS):
        area, city = chance.uniform(20, 120), chance.choice(["서울", "부산", "제주도"])
        price = area * 3 + {"서울": 200, "부산": 100, "제주도": 50}[city] + chance.gauss(0, 10)
        cells = [
            str(1000 + number),
            city if chance.random() > 0.05 else "",
            f"{area:.1f}" if chance.random() > 0.1 else "",
            str(chance.randint(1, 20)),
            chance.choice(["도시가스", "전기", ""]),
            f"{price:.1f}" if chance.random() > 0.1 else "",
            chance.choice(["예", "아니오"]) if chance.random() > 0.1 else "",
        ]
        lines.append(",".join(cells))
    path.write_bytes("\n".join(lines).encode(encoding))


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_a_table_with_korean_text_and_gaps_trains_two_tasks_of_different_kinds(
    open_window: OpenWindow, store: RunStore, tmp_path: Path, encoding: str
) -> None:
    table = tmp_path / "집값 자료.csv"
    write_table(table, encoding)
    person = open_window()
    open_table(person, table, by_dialog=encoding == "utf-8")
    choose_roles(person)
    train_three_epochs(person)
    person.wait(lambda: store.runs() and store.runs()[0].has_ended, "the run to end")
    run = store.runs()[0]
    assert (run.state, run.error) == ("finished", "")
    spec = store.spec(run.id)
    assert {task.name: task.kind for task in spec.tasks} == {"가격": "regression", "판매": "binary"}
    assert spec.dataset.inputs == ("지역", "면적", "층수", "난방")
    points = store.read(run.id)[0]
    for task, metric in (("가격", "rmse"), ("판매", "accuracy")):
        assert len(points[SeriesKey(task, "train", "loss")]) > 3
        assert SeriesKey(task, "test", metric) in points
    person.page(Page.LIVE)
    person.find("live-plot-loss-가격")
    person.reads("live-notice-text", "Finished", "판매 accuracy")


def open_table(person: Person, table: Path, *, by_dialog: bool) -> None:
    """Through the dialog, or dropped onto the page."""
    person.page(Page.DATA)
    if by_dialog:
        with person.name_file(table):
            person.pick_from("open-data", "Table")
    else:
        person.drop_file("data-page", table)
    person.wait(lambda: person.cells("data-preview")[:1] == [HEADER], "the table in the preview")
    assert person.column_box("type", "지역").currentText() == "Categorical"
    assert person.column_box("type", "면적").currentText() == "Numeric"


HEADER = ["번호", "지역", "면적", "층수", "난방", "가격", "판매"]


def choose_roles(person: Person) -> None:
    """Price and sale are predicted, the number is ignored, everything else is read."""
    for column in HEADER:
        wanted = {"번호": "Ignore", "가격": "Target", "판매": "Target"}.get(column, "Input")
        if person.column_box("role", column).currentText() != wanted:
            person.choose(person.column_box("role", column).objectName(), wanted)
    person.column_box("task-kind", "가격")
    person.choose("task-kind-가격", "Regression")
    person.column_box("task-kind", "판매")
    person.choose("task-kind-판매", "Binary")
    for task in ("가격", "판매"):
        person.find(f"task-{task}")
        person.find(f"distribution-{task}")
    assert person.find("kind-of-판매", QComboBox).currentText() == "Binary"


def train_three_epochs(person: Person) -> None:
    """Short, and with one weight of its own for each task."""
    person.page(Page.TRAINING)
    person.type_over("training.epochs", "3")
    person.type_over("weight-spin-판매", "2")
    assert person.window.session.document.get("weighting.kind") == "manual"
    person.click("run")
