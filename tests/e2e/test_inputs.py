"""Pictures by clicking only: beside captions, as a table names their files, and in a folder for each class."""

import random
from pathlib import Path

import pytest

from app.navigation import Page
from mtl_core.store import RunStore
from tests.datasets.media import COLORS, write_class_folder, write_picture
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person
from tests.e2e.short_runs import train_shortly

ROWS = 48
WORDS = {"cat": ["purrs", "paw", "cat"], "dog": ["barks", "bone", "dog"]}


def write_captions(folder: Path) -> Path:
    """Pictures of two colors and captions about two animals; the label needs both."""
    chance = random.Random(0)
    lines = ["picture,caption,label"]
    for number in range(ROWS):
        color, animal = chance.choice(list(COLORS)), chance.choice(list(WORDS))
        write_picture(folder / f"{number}.png", COLORS[color], number, (8, 8))
        words = [chance.choice(WORDS[animal]), "and", chance.choice(WORDS[animal]), chance.choice("abcdef")]
        lines.append(f"{number}.png,{' '.join(words)},{color} {animal}")
    table = folder / "captions.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    return table


@pytest.mark.slow
def test_pictures_and_captions_train_with_two_encoders_and_a_fusion_and_then_a_folder_by_class(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    person = open_window()
    person.page(Page.DATA)
    person.drop_file("data-page", write_captions(tmp_path))
    person.choose_tab("preview-switch", "Columns")
    person.wait(lambda: len(person.cells("data-columns")) == 4, "three columns")
    choose_inputs(person)
    look_at_model(person)
    train_shortly(person, store)
    person.page(Page.DATA)
    with person.answer("Replace"):
        person.drop_file("data-page", write_class_folder(tmp_path / "colors"))
    person.wait(lambda: use_of(person, "image") == "image", "the images of the folder")
    person.type_over("dataset.inputs.image.size", "12, 12")
    train_shortly(person, store)


def choose_inputs(person: Person) -> None:
    """The pictures and the captions are inputs of their own, the pictures small."""
    person.choose_in_table("data-columns", "picture", "Input or task", "New image input")
    person.wait(lambda: use_of(person, "picture") == "picture", "the input of the pictures")
    if use_of(person, "caption") != "caption":
        person.choose_in_table("data-columns", "caption", "Input or task", "New text input")
    person.wait(lambda: use_of(person, "caption") == "caption", "the input of the captions")
    person.choose_row("input-list", "picture")
    person.type_over("dataset.inputs.picture.size", "8, 8")
    document = person.window.session.document
    assert document.get("dataset.inputs.picture.size") == [8, 8]
    assert {name: value["kind"] for name, value in document.get("dataset.inputs").items()} == {
        "picture": "image",
        "caption": "text",
    }


def use_of(person: Person, column: str) -> str:
    """The input of a column, in the table of columns."""
    return next((row[3] for row in person.cells("data-columns")[1:] if row[0] == column), "")


def look_at_model(person: Person) -> None:
    """There is a tab for each encoder and one for the fusion, in which another kind is taken and undone."""
    person.page(Page.MODEL)
    person.choose_tab("block-tabs", "caption")
    person.find("row:model.inputs.caption[0]")
    person.choose_tab("block-tabs", "Fusion")
    person.choose("model.fusion.kind", "Gated")
    person.wait(lambda: "cannot" not in person.find("fusion-line").accessibleName(), "the gated fusion")
    person.click("undo")
    person.wait(lambda: person.find("fusion-line").accessibleName().startswith("Concatenation, "), "the fusion again")
