"""Paths into spec data."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.spec import InputError, flatten, get_at, join, parse, set_at

KEYS = st.lists(st.text() | st.integers(0, 10**6), max_size=5)
NESTED = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(KEYS)
def test_parsing_reverses_joining(keys: list[str | int]) -> None:
    assert parse(join(keys)) == tuple(keys)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=12))
def test_text_that_is_no_path_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        keys = parse(text)
    except InputError:
        return
    assert parse(join(keys)) == keys


@pytest.mark.parametrize(
    "path", [".a", "a.", "a..b", "a[", "a[x]", "a[-1]", 'a["b]', r'a["\x"]', "a]", "[1" + "0" * 5000 + "]"]
)
def test_these_are_no_paths(path: str) -> None:
    with pytest.raises(InputError, match="is not a path"):
        parse(path)


@settings(max_examples=60, deadline=None)
@given(NESTED)
def test_every_leaf_stands_at_its_path(data: Any) -> None:
    for path, value in flatten(data).items():
        assert get_at(data, path) == value


@settings(max_examples=60, deadline=None)
@given(NESTED, st.data())
def test_setting_changes_that_place_and_leaves_the_original(data: Any, draw: st.DataObject) -> None:
    path = draw.draw(st.sampled_from(sorted(flatten(data))))
    before = copy.deepcopy(data)
    after = set_at(data, path, "new")
    assert get_at(after, path) == "new"
    assert data == before
    others = {p: v for p, v in flatten(data).items() if p != path}
    assert {p: v for p, v in flatten(after).items() if p != path} == others


def test_setting_makes_missing_keys_and_appends_to_a_list() -> None:
    assert set_at({}, "training.optimizer.lr", 1) == {"training": {"optimizer": {"lr": 1}}}
    assert set_at({"a": [1]}, "a[1]", 2) == {"a": [1, 2]}
    assert set_at({"a": None}, "a.b", 2) == {"a": {"b": 2}}


@pytest.mark.parametrize("path", ["a[2]", "a.b", "b.c", "[0]", "a[0].x"])
def test_setting_through_what_is_neither_list_nor_mapping_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="there is no such setting"):
        set_at({"a": [1], "b": "text"}, path, 0)


@pytest.mark.parametrize("path", ["a[1]", "b[0]", "b.c", "c", "a.x"])
def test_getting_what_is_not_there_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="there is no such setting"):
        get_at({"a": [1], "b": "text"}, path)
