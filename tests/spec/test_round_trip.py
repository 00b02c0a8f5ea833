"""A spec written as YAML and read again is the same spec.

Covers: mtl_core/spec/experiment.py, mtl_core/spec/base.py, mtl_core/spec/unions.py,
mtl_core/spec/training/training_spec.py, mtl_core/spec/weighting/base.py, mtl_core/spec/io/presets.py.
"""

import json
import math
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import PydanticUndefined

from mtl_core.spec import (
    LAYER_GROUPS,
    Dataset,
    InputError,
    Layer,
    Optimizer,
    Schedule,
    Spec,
    Task,
    Weighting,
    data_to_yaml,
    dump_spec,
    kind_of,
    load_preset,
    load_spec,
    members,
    parse_yaml,
    preset_names,
    save_spec,
    spec_from_data,
    spec_to_data,
)

UNIONS: dict[str, Any] = {
    "layer": Layer,
    "task": Task,
    "dataset": Dataset,
    "weighting": Weighting,
    "optimizer": Optimizer,
    "schedule": Schedule,
}
MEMBERS = [pytest.param(union, member, id=kind_of(member)) for union in UNIONS.values() for member in members(union)]
REQUIRED = {
    **{"name": "a task", "target": "Preis (€)", "path": "/data/집값.csv"},
    **{"url": "sqlite:////data/집값.db", "sql": "SELECT * FROM homes"},
}


def example(member: type[Spec]) -> dict[str, Any]:
    """Data of a member in which no setting has its default value where another is easy to find."""
    data: dict[str, Any] = {}
    for name, field in member.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        if default is PydanticUndefined:
            data[name] = REQUIRED[name]
        elif isinstance(default, bool):
            data[name] = not default
        elif isinstance(default, int):
            data[name] = default + 1
        elif isinstance(default, float):
            data[name] = default * 0.999 + 1e-7
        elif get_args(field.annotation) and default is None and re.search(r"\bint\b", str(field.annotation)):
            data[name] = 3
    return data | {"kind": kind_of(member)}


@pytest.mark.parametrize(("union", "member"), MEMBERS)
def test_every_member_of_every_union_survives_yaml(union: Any, member: type[Spec]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(union)
    spec = adapter.validate_python(example(member))
    assert type(spec) is member
    read = parse_yaml(data_to_yaml(spec_to_data(spec)))
    assert read == spec_to_data(spec)
    assert adapter.validate_json(json.dumps(read)) == spec


@pytest.mark.parametrize(("union", "member"), MEMBERS)
def test_every_member_has_a_title_and_help_for_each_setting(union: Any, member: type[Spec]) -> None:
    assert member.title
    assert member.help().endswith((".", ")"))
    for name, field in member.model_fields.items():
        assert name == "kind" or field.description, name


@pytest.mark.parametrize("union", UNIONS.values(), ids=UNIONS)
def test_no_two_members_share_a_kind_or_a_title(union: Any) -> None:
    every = members(union)
    assert len({kind_of(m) for m in every}) == len({m.title for m in every}) == len(every)


def test_the_menu_of_layers_offers_each_layer_once() -> None:
    offered = [layer for group in LAYER_GROUPS.values() for layer in group]
    assert sorted(map(kind_of, offered)) == sorted(map(kind_of, members(Layer)))


@pytest.mark.parametrize("name", preset_names())
def test_each_preset_is_valid_and_survives_being_saved(name: str, tmp_path: Path) -> None:
    spec = load_preset(name)
    save_spec(spec, tmp_path / "spec.yaml")
    assert load_spec(tmp_path / "spec.yaml") == spec


def test_an_unknown_preset_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InputError, match="multidigits"):
        load_preset("multidigit")


def test_saving_is_complete_with_defaults(data: dict[str, Any]) -> None:
    assert parse_yaml(dump_spec(spec_from_data(data))) == data


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(
        ["no", "on", "~", "null", "1e3", "010", "0x1F", "1_000", "2024-01-01", "12:30", "<<", "=", "", " "]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(PLAIN)
def test_any_plain_data_survives_yaml(value: Any) -> None:
    read = parse_yaml(data_to_yaml(value))
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        (".5", 0.5),
        ("-1.", -1.0),
        ("010", 10),
        ("+7", 7),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31 10:00:00", "2024-01-31 10:00:00"),
        ("12:30:00", "12:30:00"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1.2.3", "1.2.3"),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    read = parse_yaml(f"key: {text}")["key"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        "a: {b: 1, b: 1}",
        "a: [1, 2",
        "a: !!int x",
        "a: !!python/object:os.system x",
        "\ta: 1",
        "a: &x\n  b: *y",
        "{[1]: 2}",
        "a: " + "9" * 5000,
        "[" * 1000,
        "a: \x07",
    ],
)
def test_what_is_not_yaml_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^file\.yaml.*is not valid YAML") as caught:
        parse_yaml(text, "file.yaml")
    assert "\n" not in str(caught.value)


def test_a_key_that_stands_twice_is_named_with_its_line() -> None:
    with pytest.raises(InputError, match=r"line 3: .*'epochs' is repeated"):
        parse_yaml("training:\n  epochs: 3\n  epochs: 4\n")


_ENCODINGS = "numeric_inputs categorical_inputs text split reviewed"
_KEYS_OF_DATASETS = {
    "bundled": f"kind name inputs {_ENCODINGS}",
    "table": "kind path inputs types missing format delimiter decimal encoding header sheet join date_features "
    + _ENCODINGS,
    "image_folder": "kind path labels inputs types missing split reviewed",
    "query": f"kind url sql inputs types missing decimal date_features {_ENCODINGS}",
    "arrays": f"kind path inputs types {_ENCODINGS}",
}


@pytest.mark.parametrize("member", members(Dataset), ids=kind_of)
def test_a_data_set_is_written_from_its_source_to_its_reviewed_list(member: type[Spec]) -> None:
    values = {name: REQUIRED[name] for name, info in member.model_fields.items() if info.is_required()}
    assert " ".join(spec_to_data(member(**values))) == _KEYS_OF_DATASETS[kind_of(member)]
