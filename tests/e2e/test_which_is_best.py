"""*Which weighting is best for my data*: from a table of one's own to a PDF report and a LaTeX table, by clicking."""

import random
from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox

from app.navigation import Page
from mtl_core.store import RunStore
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person, column

HEADER = ["area", "rooms", "age", "price", "sold"]


def write_table(path: Path) -> None:
    """Price and sale of 120 flats."""
    chance = random.Random(0)
    lines = [",".join(HEADER)]
    for _ in range(120):
        area, rooms, age = chance.uniform(20, 120), chance.randint(1, 5), chance.uniform(0, 80)
        price = 3 * area + 20 * rooms - age + chance.gauss(0, 10)
        lines.append(f"{area:.1f},{rooms},{age:.1f},{price:.1f},{'yes' if price + chance.gauss(0, 40) < 220 else 'no'}")
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.slow
def test_from_a_table_of_ones_own_to_a_report_and_a_latex_table(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    table, report, latex = (tmp_path / name for name in ("flats.csv", "best.pdf", "best.tex"))
    write_table(table)
    person = open_window()
    open_table(person, table)
    person.page(Page.TRAINING)
    person.type_over("training.epochs", "2")
    person.pick_from("file-menu", "Which is best?")
    person.reads("best-words", "3 seeds × (3 methods + each of 2 tasks alone) = 15 runs", "unknown until the first run")
    assert person.text("best-methods") == "Equal, Uncertainty, PCGrad"
    assert person.find("best-baselines", QCheckBox).isChecked()
    person.click("best-start")
    person.wait(lambda: person.window.current_page() == Page.LIVE, "the curves")
    person.wait(lambda: " of 15 runs" in person.text("status-waiting"), "how far it is")
    person.wait(lambda: [run.state for run in store.runs()] == ["finished"] * 15, "all runs to finish")
    assert {run.study for run in store.runs()} == {1}
    person.click("message-offer-show the result")
    person.wait(lambda: person.window.current_page() == Page.COMPARE, "the result")
    person.reads("compare-best-words", "Over all tasks, against each task alone: ", "On “price”", "On “sold”")
    person.wait(lambda: len(person.cells("compare-tests")[:1]) == 1, "the test metrics")
    person.wait(lambda: [head.partition("\n")[2] for head in person.cells("compare-tests")[0][1:]] == GROUPS, "groups")
    person.reads("compare-delta-1", "Δm: Equal", "Uncertainty", "PCGrad")
    with person.name_file(report):
        person.click("compare-best-report")
    person.wait(report.exists, "the report")
    assert report.read_bytes().startswith(b"%PDF")
    with person.name_file(latex):
        person.click("compare-best-latex")
    person.wait(latex.exists, "the LaTeX table")
    text = latex.read_text(encoding="utf-8")
    assert r"Uncertainty (3 seeds)" in text
    assert "Over all tasks, against each task alone: " in text
    person.page(Page.TRAINING)
    person.reads("best-progress", "Study 1: 15 of 15 runs")
    person.reads("best-words", "Training takes about", "by the time of run")


GROUPS = ["Equal", "Uncertainty", "PCGrad", "price alone", "sold alone"]


def open_table(person: Person, table: Path) -> None:
    """Drop the table onto the page; price and sale are predicted."""
    person.page(Page.DATA)
    person.drop_file("data-page", table)
    person.wait(lambda: person.cells("data-preview")[:1] == [HEADER], "the table in the preview")
    for name in HEADER:
        wanted = "Target" if name in ("price", "sold") else "Input"
        if person.column_box("role", name).currentText() != wanted:
            person.choose(person.column_box("role", name).objectName(), wanted)
    for name, kind in (("price", "Regression"), ("sold", "Binary")):
        if person.column_box("task-kind", name).currentText() != kind:
            person.choose(f"task-kind-{name}", kind)
        person.find(f"task-{name}")
    assert column(person.cells("data-preview"), "area")
