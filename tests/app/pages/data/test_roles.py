"""Roles of columns and the edits that change them, without Qt."""

from typing import Any

import pytest

from app.pages.data import roles
from mtl_core.spec import ColumnInfo, problems_of
from mtl_core.spec.tasks import unique_task_name
from tests.app.pages.data.synthetic_sets import categorical, data, images, numeric, table


def after(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    dataset = dict(before["dataset"])
    for path, value in changes.items():
        if path.startswith("dataset."):
            dataset[path.removeprefix("dataset.")] = value
    return {**before, "dataset": dataset, "tasks": changes.get("tasks", before["tasks"])}


def names(changed: dict[str, Any]) -> list[str]:
    return [task["name"] for task in changed["tasks"]]


def test_roles_are_read_from_inputs_and_tasks() -> None:
    assert roles.roles_of(data(), table()) == {
        "area": "input", "rooms": "input", "도시": "input", "id": "ignore", "price": "target", "sold": "target",
    }  # fmt: skip


def test_without_stated_inputs_all_that_is_neither_target_nor_ignored_is_input() -> None:
    bundled = {**data(), "dataset": {"kind": "bundled", "name": "houses", "inputs": None}}
    assert [c for c, role in roles.roles_of(bundled, table()).items() if role == "input"] == ["area", "rooms", "도시"]


def test_a_new_target_gets_a_task_of_the_sensible_kind_and_is_no_input() -> None:
    changed = after(data(), roles.with_role(data(), table(), "도시", "target"))
    assert changed["tasks"][-1] == {"name": "도시", "kind": "multiclass", "target": "도시"}
    assert changed["dataset"]["inputs"] == ["area", "rooms"]
    assert problems_of(changed) == []


def part(name: str) -> ColumnInfo:
    return numeric(name).model_copy(update={"high": 1.0})


def test_a_target_that_becomes_an_input_takes_its_task_along() -> None:
    changed = after(data(), roles.with_role(data(), table(), "price", "input"))
    assert names(changed) == ["sold"]
    assert changed["dataset"]["inputs"] == ["area", "rooms", "도시", "price"]


def test_a_task_that_stays_keeps_its_settings() -> None:
    before = data()
    before["tasks"][1]["positive"] = "yes"
    assert after(before, roles.with_role(before, table(), "price", "ignore"))["tasks"] == [before["tasks"][1]]


def test_an_image_column_that_is_no_target_is_ignored_and_needs_no_inputs() -> None:
    info = images()
    before = {"dataset": {"kind": "bundled", "name": "multidigits", "inputs": None}, "tasks": list(info.tasks)}
    changes = roles.with_role(before, info, "right", "ignore")
    assert names(changes) == ["left"]
    assert "dataset.inputs" not in changes


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        (numeric("x"), ["regression"]),
        (numeric("x", 2, categories=(("0", 1), ("1", 1))), ["binary", "regression", "multiclass"]),
        (numeric("x", 5, categories=(("1", 1),), whole=True), ["multiclass", "regression", "ordinal", "count"]),
        (categorical("x", "a", "b"), ["binary", "multiclass"]),
        (categorical("x", "a", "b", "c"), ["multiclass", "ordinal"]),
        (categorical("x", "a", "b", pixels=True), ["segmentation"]),
    ],
)
def test_a_target_allows_the_kinds_its_values_fit(column: ColumnInfo, kinds: list[str]) -> None:
    assert roles.kinds_for(column) == kinds


@pytest.mark.parametrize(
    ("columns", "kinds"),
    [
        ([numeric("x"), numeric("y")], ["regression"]),
        ([numeric("x", whole=True)] * 2, ["regression", "count"]),
        ([numeric("x", 2), categorical("y", "a", "b")], ["multilabel"]),
        ([part("x")] * 2, ["regression", "distribution"]),
        ([part("x")] * 4, ["regression", "distribution", "box"]),
    ],
)
def test_targets_together_allow_the_kinds_that_all_their_values_fit(
    columns: list[ColumnInfo], kinds: list[str]
) -> None:
    assert roles.kinds_for(*columns) == kinds


def test_a_task_of_several_columns_keeps_them_all_as_a_kind_that_predicts_several() -> None:
    together = after(data(), roles.with_added_target(data(), "rooms", 0) | {"dataset.inputs": ["area", "도시"]})
    assert after(together, roles.with_kind(together, 0, "count"))["tasks"][0]["target"] == ["price", "rooms"]
    assert after(together, roles.with_kind(together, 0, "ordinal"))["tasks"][0]["target"] == "price"


def test_a_task_of_another_kind_keeps_its_name_and_drops_the_old_kinds_settings() -> None:
    before = data()
    before["tasks"][1] |= {"positive": "yes", "metrics": ["auroc"]}
    changed = after(before, roles.with_kind(before, 1, "multiclass"))
    assert changed["tasks"][1] == {"name": "sold", "kind": "multiclass", "target": "sold"}
    assert problems_of(changed) == []


def test_two_numbers_can_be_predicted_by_one_task_and_parted_again() -> None:
    together = after(data(), roles.with_added_target(data(), "rooms", 0) | {"dataset.inputs": ["area", "도시"]})
    assert together["tasks"][0]["target"] == ["price", "rooms"]
    assert problems_of(together) == []
    apart = after(together, roles.with_separate_task(together, table().columns[1]))
    assert [task["target"] for task in apart["tasks"]] == ["price", "rooms", "sold"]
    assert problems_of(apart) == []


def test_a_column_leaves_its_own_task_when_it_joins_another() -> None:
    before = after(data(), roles.with_role(data(), table(), "rooms", "target"))
    place = names(before).index("rooms")
    before = after(before, roles.with_kind(before, place, "regression"))
    changed = after(before, roles.with_added_target(before, "rooms", 0))
    assert names(changed) == ["price", "sold"]
    assert roles.joinable_tasks(before, table(), table().columns[1]) == [0]


def test_reading_a_regression_target_as_categories_makes_it_a_classification() -> None:
    changed = after(data(), roles.with_type(data(), numeric("price"), "categorical"))
    assert changed["dataset"]["types"] == {"price": "categorical"}
    assert changed["tasks"][0]["kind"] == "multiclass"


@pytest.mark.parametrize(
    ("kind", "wanted", "becomes"),
    [
        ("multiclass", "text", "tagging"),
        ("tagging", "categorical", "multiclass"),
        ("tagging", "numeric", "regression"),
        ("multiclass", "categorical", "multiclass"),
    ],
)
def test_a_target_read_as_text_is_tagged_and_back(kind: str, wanted: str, becomes: str) -> None:
    before = {**data(), "tasks": [{"name": "t", "kind": kind, "target": "도시"}]}
    changed = after(before, roles.with_type(before, categorical("도시", "a", "b", "c"), wanted))
    assert changed["tasks"] == [{"name": "t", "kind": becomes, "target": "도시"}]


def test_only_tagging_predicts_a_text() -> None:
    column = ColumnInfo(name="tags", type="text", missing=0, unique=50)
    assert roles.kinds_for(column) == ["tagging"]


@pytest.mark.parametrize(
    ("column", "taken", "name"),
    [("price", ["price"], "price 2"), ("a.b [m]", [], "a b m"), ("total", [], "total 2"), ("가격", [], "가격")],
)
def test_a_task_name_holds_nothing_that_paths_cannot(column: str, taken: list[str], name: str) -> None:
    assert unique_task_name(column, taken) == name


def test_a_map_that_no_task_predicts_can_be_segmented() -> None:
    info = images()
    info = info.model_copy(update={"columns": (*info.columns, categorical("mask", "a", "b", pixels=True))})
    before = {"tasks": list(info.tasks)}
    assert roles.missing_tasks(before, info) == [{"name": "mask", "kind": "segmentation", "target": "mask"}]
    assert roles.missing_tasks({"tasks": [*info.tasks, *roles.missing_tasks(before, info)]}, info) == []
