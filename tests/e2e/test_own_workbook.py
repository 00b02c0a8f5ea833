"""A person's own workbook of several sheets, with a title above its table and a column of dates, by clicking only."""

import random
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox

from app.navigation import Page
from mtl_core.store import RunStore
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person
from tests.e2e.short_runs import train_shortly
from tests.workbooks import number_cell, sheet_rows, text_cell, workbook

ROWS = 120
EPOCH = date(1899, 12, 30)
HEADER = ["Ordered on", "Product", "Quantity", "Amount", "Returned"]
PRICES = {"chair": 80, "table": 220, "lamp": 45}


def write_orders(path: Path) -> None:
    """A sheet of remarks, the orders below a title, and a list of prices."""
    chance = random.Random(0)
    orders = f'<row r="1">{text_cell("A1", "Orders of the northern branch, 2023")}</row>'
    orders += sheet_rows([HEADER], first=3)
    for row in range(4, 4 + ROWS):
        product, quantity = chance.choice(list(PRICES)), chance.randint(1, 9)
        day = (date(2023, 1, 1) - EPOCH).days + chance.randrange(365)
        returned = chance.random() < (0.9 if product == "table" else 0.1)
        cells = (
            number_cell(f"A{row}", day, "date"),
            text_cell(f"B{row}", product),
            number_cell(f"C{row}", quantity),
            number_cell(f"D{row}", PRICES[product] * quantity + round(chance.gauss(0, 10), 2)),
            text_cell(f"E{row}", "yes" if returned else "no"),
        )
        orders += f'<row r="{row}">{"".join(cells)}</row>'
    prices = sheet_rows([["Product", "Price"], *([name, price] for name, price in PRICES.items())])
    remarks = sheet_rows([["This workbook holds the orders of 2023."], ["Questions: office"]])
    path.write_bytes(workbook({"Read me": remarks, "Prices": prices, "Orders": orders}, merged=["A1:C1"]))


@pytest.mark.slow
def test_a_workbook_trains_from_the_sheet_that_is_chosen(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    path = tmp_path / "Orders 2023.xlsx"
    write_orders(path)
    person = open_window()
    person.page(Page.DATA)
    person.drop_file("data-page", path)
    person.wait(lambda: person.cells("data-preview")[:1] == [["Product", "Price"]], "the first sheet with a table")
    assert person.find("file-sheet", QComboBox).currentText() == "auto: Prices"
    person.choose("file-sheet", "Orders")
    person.wait(lambda: person.cells("data-preview")[:1] == [HEADER], "the orders below their title")
    assert person.cells("data-preview")[1][0].startswith("2023-")
    choose_roles(person)
    run = train_shortly(person, store, epochs=5)
    spec = store.spec(run)
    assert spec.dataset.kind == "table"
    assert (spec.dataset.sheet, spec.dataset.date_features) == ("Orders", {"Ordered on": ("month", "elapsed")})
    assert {task.name: task.kind for task in spec.tasks} == {"Amount": "regression", "Returned": "binary"}


def choose_roles(person: Person) -> None:
    """Amount and return are predicted, and the weekday of the date is no input."""
    for column in HEADER:
        wanted = "Target" if column in ("Amount", "Returned") else "Input"
        if person.column_box("role", column).currentText() != wanted:
            person.choose(person.column_box("role", column).objectName(), wanted)
    document = person.window.session.document
    person.choose_tab("preview-switch", "Columns")
    person.pick_in_menu_of_row("data-columns", "Ordered on", "Parts of the date", "Weekday")
    person.wait(lambda: document.get("dataset.date_features") == {"Ordered on": ["month", "elapsed"]}, "no weekday")
