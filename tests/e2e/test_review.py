"""Wrong labels in a person's own table: found on Evaluate, left out or corrected there, and trained again."""

import random
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView

from app.navigation import Page
from mtl_core.spec import save_spec, spec_from_data
from mtl_core.store import RunStore
from mtl_core.tabular.reviewed_list import read_reviewed_list
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import LEFT, Person
from tests.e2e.short_runs import train_shortly

ROWS = 120


def write_experiment(folder: Path) -> Path:
    """A table whose class follows from its number, but for some rows, and an experiment on it."""
    chance = random.Random(4)
    lines = ["x,y,size"]
    for _ in range(ROWS):
        x = chance.gauss(0, 1)
        size = "big" if (x > 0) != (chance.random() < 0.08) else "small"
        lines.append(f"{x:.4f},{3 * x + chance.gauss(0, 0.1):.4f},{size}")
    (folder / "rows.csv").write_text("\n".join(lines), "utf-8")
    spec = spec_from_data(
        {
            "version": 1,
            "name": "sizes",
            "dataset": {"kind": "table", "path": str(folder / "rows.csv"), "inputs": ["x"]},
            "tasks": [
                {"name": "size", "kind": "binary", "target": "size"},
                {"name": "y", "kind": "regression", "target": "y"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 8}, {"kind": "relu"}]},
        }
    )
    save_spec(spec, folder / "experiment.yaml")
    return folder / "experiment.yaml"


def select_row(person: Person, position: int) -> int:
    """Click a row of the table of hardest rows; its number in the data."""
    table = person.find("evaluate-hardest", QTableView)
    index = table.model().index(position, 0)
    person.wait(lambda: table.visualRect(index).isValid(), "the row")
    person.bot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(index).center())
    return int(index.data())


@pytest.mark.slow
def test_a_row_is_left_out_and_one_relabeled_and_the_experiment_trained_again(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    person = open_window(write_experiment(tmp_path))
    first = train_shortly(person, store)
    before = (tmp_path / "rows.csv").read_bytes()

    person.page(Page.EVALUATE)
    person.wait(lambda: len(person.cells("evaluate-hardest")) > 2, "the hardest rows")
    left_out = select_row(person, 0)
    person.click("review-leave-out")
    person.wait(lambda: person.cells("evaluate-hardest")[1][4] == "left out", "the row to be left out")
    relabeled = select_row(person, 1)
    old = person.cells("evaluate-hardest")[2][2]
    new = "small" if old == "big" else "big"
    person.press(Qt.Key.Key_Return)
    person.choose("relabel-class", new)
    person.click("relabel-accept")
    person.wait(lambda: person.cells("evaluate-hardest")[2][4] == f"→ {new}", "the new label")
    select_row(person, 2)
    person.click("review-leave-out")
    person.wait(lambda: person.cells("evaluate-hardest")[3][4] == "left out", "a third row to be left out")
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    person.wait(lambda: person.cells("evaluate-hardest")[3][4].strip() == "", "it to be back")

    person.click("review-train")
    person.wait(lambda: len(store.runs()) == 2 and store.runs()[0].has_ended, "the second run to end")
    second = store.runs()[0]
    assert (second.state, second.error) == ("finished", "")
    path = tmp_path / "rows.csv.reviewed.jsonl"
    assert store.spec(second.id).dataset.reviewed == str(path)
    reviewed = read_reviewed_list(path)
    assert reviewed.left_out == (left_out,)
    assert reviewed.in_force[relabeled, "size"][1].label == new
    assert (tmp_path / "rows.csv").read_bytes() == before
    assert store.run(first).fingerprint != second.fingerprint
    messages = " ".join(event.message for event in store.events(second.id))
    assert "1 row is left out" in messages
    assert "1 label is changed" in messages

    person.page(Page.DATA)
    person.wait(lambda: person.look("reviewed-list") is not None, "the line of the list")
    assert person.window.session.document.get("dataset.reviewed") == str(path)
    person.click("reviewed-list-remove")
    person.wait(lambda: person.look("reviewed-list") is None, "the line to go")
    assert path.exists()
