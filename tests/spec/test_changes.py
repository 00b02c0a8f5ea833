"""Overrides, differences of two specs and upgrades from earlier versions.

Covers: mtl_core/spec/io/overrides.py.
"""

from collections.abc import Callable
from typing import Any

import pytest

from mtl_core.spec import Difference, InputError, apply_overrides, diff, get_at, problems_of, spec_from_data
from mtl_core.spec.io.diff import ABSENT
from mtl_core.spec.upgrade import upgrade_data

Change = Callable[..., dict[str, Any]]
Data = dict[str, Any]


def test_equal_specs_do_not_differ(data: Data) -> None:
    assert diff(spec_from_data(data), spec_from_data(data)) == []


def test_a_difference_has_its_path_and_both_values(data: Data, changed: Change) -> None:
    other = changed("training.optimizer.lr", 0.5)
    assert diff(spec_from_data(data), spec_from_data(other)) == [Difference("training.optimizer.lr", 1e-3, 0.5)]


def test_a_setting_that_one_side_lacks_is_absent_there(data: Data, changed: Change) -> None:
    other = changed("weighting", {"kind": "dwa", "temperature": 3.0})
    found = {d.path: (d.left, d.right) for d in diff(spec_from_data(data), spec_from_data(other))}
    assert found == {
        "weighting.kind": ("manual", "dwa"),
        "weighting.weights.price": (2.0, ABSENT),
        "weighting.temperature": (ABSENT, 3.0),
    }
    assert repr(ABSENT) == "—"


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("training.optimizer.lr=1e-4", "training.optimizer.lr", 1e-4),
        ("training.epochs = 3", "training.epochs", 3),
        ("name=no", "name", "no"),
        ("name=a=b", "name", "a=b"),
        ("training.early_stopping.patience=3", "training.early_stopping.patience", 3),
        ("training.grad_clip=null", "training.grad_clip", None),
        ("model.shared=[{kind: relu}]", "model.shared", [{"kind": "relu"}]),
        ("model.shared[2].kind=tanh", "model.shared[2]", {"kind": "tanh"}),
    ],
)
def test_a_setting_from_the_command_line_is_read_as_yaml(data: Data, setting: str, path: str, value: object) -> None:
    changed = apply_overrides(data, [setting])
    assert get_at(changed, path) == value
    assert problems_of(changed) == []


def test_another_kind_starts_the_part_anew_and_the_same_kind_keeps_it(data: Data) -> None:
    assert apply_overrides(data, ["weighting.kind=pcgrad"])["weighting"] == {"kind": "pcgrad"}
    assert apply_overrides(data, ["weighting.kind=manual"])["weighting"] == data["weighting"]
    dwa = apply_overrides(data, ["weighting.kind=dwa", "weighting.temperature=4"])
    assert dwa["weighting"] == {"kind": "dwa", "temperature": 4}


@pytest.mark.parametrize(
    "setting", ["epochs", "=3", " = 3", "training..epochs=3", "name.x=3", "name=[", "tasks[9].name=x"]
)
def test_a_setting_that_cannot_be_made_is_refused(data: Data, setting: str) -> None:
    with pytest.raises(InputError):
        apply_overrides(data, [setting])


UPGRADES = {
    1: lambda d: {"title" if k == "name" else k: v for k, v in d.items()},
    2: lambda d: {**d, "seed": d.get("title", "")},
}


def test_data_of_an_older_version_is_brought_up_step_by_step() -> None:
    assert upgrade_data({"version": 1, "name": "x"}, UPGRADES, 3) == {"version": 3, "title": "x", "seed": "x"}
    assert upgrade_data({"version": 2, "title": "x"}, UPGRADES, 3) == {"version": 3, "title": "x", "seed": "x"}
    assert upgrade_data({"version": 3}, UPGRADES, 3) == {"version": 3}


def test_upgrading_leaves_what_it_was_given_alone() -> None:
    given = {"version": 1, "name": "x"}
    upgrade_data(given, UPGRADES, 3)
    assert given == {"version": 1, "name": "x"}


def test_version_2_calls_the_size_of_an_embedding_dimensions_in_every_list_of_layers() -> None:
    old = [{"kind": "embedding", "vocabulary": 9, "dim": 4}, {"kind": "gru"}]
    new = [{"kind": "embedding", "vocabulary": 9, "dimensions": 4}, {"kind": "gru"}]
    data = {"version": 1, "model": {"shared": old, "heads": {"topic": old, "tags": []}}}
    assert upgrade_data(data)["model"] == {"shared": new, "heads": {"topic": new, "tags": []}}
    assert old[0]["dim"] == 4


@pytest.mark.parametrize(
    "model", [None, [], {}, {"shared": None}, {"shared": [None, 3], "heads": [1]}, {"heads": {"a": 1}}]
)
def test_a_model_that_is_no_model_is_upgraded_unchanged(model: Any) -> None:
    assert upgrade_data({"version": 1, "model": model})["model"] == model


@pytest.mark.parametrize("version", [4, 0, -1, "1", None, True, 1.0])
def test_a_version_that_cannot_be_read_is_refused(version: object) -> None:
    with pytest.raises(InputError, match=r"^version: "):
        upgrade_data({"version": version}, UPGRADES, 3)
