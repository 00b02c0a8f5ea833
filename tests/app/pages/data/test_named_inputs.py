"""Inputs by name: how columns move between them, and the encoders that the model gets.

Covers: app/pages/data/named_inputs.py, app/pages/data/encoders.py.
"""

from typing import Any

import pytest

from app.input_references import update_input_references
from app.pages.data import dataset_choice, named_inputs, roles
from app.pages.data.encoders import default_encoder
from mtl_core.spec import ColumnInfo, load_preset, problems_of, set_at, spec_to_data
from tests.app.pages.data.synthetic_sets import categorical, data, images, numeric, table, texts

TITLE = ColumnInfo(name="title", type="text", missing=0, unique=90, categories=(("the", 50),))
PICTURE = categorical("picture", "a/1.png", "a/2.PNG", "a/3.jpg")
INFO = table(columns=(*table().columns, TITLE, PICTURE))


def changed(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The data after the changes, as the document makes them."""
    after: dict[str, Any] = before
    for path, value in changes.items():
        after = set_at(after, path, value)
    return update_input_references(before, after)


def kinds(spec: dict[str, Any]) -> dict[str, str]:
    return {name: value["kind"] for name, value in spec["dataset"]["inputs"].items()}


def with_column(before: dict[str, Any], column: str) -> dict[str, Any]:
    return changed(before, roles.with_role(before, INFO, column, "input"))


def test_a_text_and_a_picture_become_inputs_of_their_own_with_encoders() -> None:
    spec = with_column(with_column(data(), "title"), "picture")
    assert kinds(spec) == {"table": "table", "title": "text", "picture": "image"}
    assert spec["dataset"]["inputs"]["table"]["columns"] == ["area", "rooms", "도시"]
    assert spec["dataset"]["inputs"]["title"]["max_length"] == 64
    assert [layers[0]["kind"] for layers in spec["model"]["inputs"].values()] == ["linear", "embedding", "conv2d"]
    assert problems_of(spec) == []
    assert roles.roles_of(spec, INFO)["picture"] == "input"


def test_the_short_form_comes_back_with_the_last_input_of_its_own() -> None:
    spec = with_column(data(), "title")
    back = changed(spec, roles.with_role(spec, INFO, "title", "ignore"))
    assert back["dataset"]["inputs"] == ["area", "rooms", "도시"]
    assert list(back["model"]["inputs"]) == ["table"]
    assert problems_of(back) == []


def test_a_text_alone_keeps_its_layers_as_encoder_when_a_table_joins_it() -> None:
    spec = dataset_choice.with_dataset(
        spec_to_data(load_preset("multidigits")), dataset_choice.bundled_dataset("sentences"), texts()
    )
    info = texts().model_copy(update={"columns": (*texts().columns, numeric("length"))})
    both = changed(spec, roles.with_role(spec, info, "length", "input"))
    assert kinds(both) == {"text": "text", "length": "table"}
    assert [layer["kind"] for layer in both["model"]["inputs"]["text"]] == ["embedding", "gru", "global_max_pool"]
    assert [layer["kind"] for layer in both["model"]["shared"]] == ["linear", "relu"]
    assert both["model"]["heads"] == {"tags": [], "topic": []}
    assert problems_of(both) == []


def test_columns_move_between_tables_and_an_empty_table_is_gone() -> None:
    inputs = named_inputs.named_inputs(data(), INFO)
    parts = named_inputs.moved_to_new(inputs, numeric("rooms"), "table")
    assert {name: value["columns"] for name, value in parts.items()} == {"table": ["area", "도시"], "rooms": ["rooms"]}
    moved = named_inputs.moved_to(parts, INFO, "area", "rooms")
    assert moved["rooms"]["columns"] == ["area", "rooms"]
    assert list(named_inputs.moved_to(moved, INFO, "도시", "rooms")) == ["rooms"]
    assert list(named_inputs.renamed(moved, "table", "place")) == ["place", "rooms"]


def test_the_settings_of_an_input_are_those_of_the_short_form() -> None:
    bins = {"kind": "piecewise_linear", "bins": 7}
    inputs = named_inputs.named_inputs(data(numeric_inputs=bins), INFO)
    assert inputs["table"]["numeric_inputs"] == bins
    short = named_inputs.with_inputs(data(), INFO, inputs)
    assert short["dataset.numeric_inputs"] == bins
    assert short["dataset.inputs"] == ["area", "rooms", "도시"]


def test_fresh_data_with_a_text_among_the_inputs_read_it_apart() -> None:
    info = INFO.model_copy(update={"inputs": ("area", "title")})
    chosen = dataset_choice.with_dataset(
        spec_to_data(load_preset("multidigits")), dataset_choice.table_dataset("/x/houses.csv"), info
    )
    assert kinds(chosen) == {"table": "table", "title": "text"}
    assert list(chosen["model"]["inputs"]) == ["table", "title"]
    assert problems_of(chosen) == []


@pytest.mark.parametrize(
    ("column", "likely"),
    [
        (numeric("x"), ["table"]),
        (categorical("x", "a"), ["table", "text", "image"]),
        (PICTURE, ["image", "table", "text"]),
        (TITLE, ["text", "image"]),
        (categorical("x", *(f"it was number {i}" for i in range(30))), ["text", "table", "image"]),
        (categorical("x", "a", pixels=True), []),
    ],
)
def test_a_column_can_be_the_inputs_that_its_values_suit(column: ColumnInfo, likely: list[str]) -> None:
    assert [kind for kind in named_inputs.suggested_kinds(column) if kind != "sound"] == likely


def test_a_column_joins_the_pictures_of_an_image_set_and_leaves_them_again() -> None:
    info = images().model_copy(update={"columns": (*images().columns, numeric("weight"))})
    spec = spec_to_data(load_preset("multidigits"))
    both = changed(spec, roles.with_role(spec, info, "weight", "input"))
    assert kinds(both) == {"image": "image", "weight": "table"}
    assert both["dataset"]["inputs"]["image"]["column"] == "image"
    assert both["model"]["inputs"]["image"] == spec["model"]["shared"]
    assert problems_of(both) == []
    back = changed(both, roles.with_role(both, info, "weight", "ignore"))
    assert back["dataset"]["inputs"] is None
    assert problems_of(back) == []


def test_columns_are_read_as_their_inputs_need_them() -> None:
    inputs = named_inputs.named_inputs(data(), INFO)
    inputs = named_inputs.moved_to_new(inputs, table().columns[2], "text")
    assert named_inputs.with_inputs(data(), INFO, inputs)["dataset.types"] == {"도시": "text"}
    inputs = named_inputs.moved_to(inputs, INFO, "title", "table")
    assert named_inputs.with_inputs(data(), INFO, inputs)["dataset.types"]["title"] == "categorical"


def test_there_is_no_encoder_for_an_unknown_kind() -> None:
    assert default_encoder("nothing such") == []
