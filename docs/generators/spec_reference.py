"""The reference of the spec: a table for each class that an experiment may hold."""

import json
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs.generators.markdown import code, table
from mtl_core.spec import ExperimentSpec, Spec, kind_of, spec_to_data

PAGES = (
    *("experiment", "data", "inputs", "augmentation", "tasks", "model", "fusion"),
    *("sharing", "layers", "weighting", "training"),
)
"""The pages of the reference: the modules of ``mtl_core.spec`` whose classes an experiment may hold."""
_MANY = 10
_SIGNS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}
_LENGTHS = {MinLen: ("at least", "min_length"), MaxLen: ("at most", "max_length")}


def spec_page(page: str) -> str:
    """The classes of one page.

    Raises:
        KeyError: There is no such page.
    """
    if page not in PAGES:
        raise KeyError(page)
    return "\n\n".join(_section(spec) for spec in reachable_specs() if page_of(spec) == page)


def reachable_specs() -> list[type[Spec]]:
    """The classes that stand in an experiment, however deep, each once, those above first."""
    found: dict[type[Spec], None] = {}
    waiting: list[type[Spec]] = [ExperimentSpec]
    while waiting:
        spec = waiting.pop(0)
        if spec not in found:
            found[spec] = None
            waiting += [inner for info in spec.model_fields.values() for inner in _specs_in(info.annotation)]
    return list(found)


def page_of(spec: type[Spec]) -> str:
    """The page of a class: the part of ``mtl_core.spec`` where it is defined."""
    return spec.__module__.split(".")[2]


def _specs_in(annotation: Any) -> Iterator[type[Spec]]:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield annotation
    for argument in get_args(annotation):
        yield from _specs_in(argument)


def _section(spec: type[Spec]) -> str:
    kind = kind_of(spec)
    name = spec.title or spec.__name__
    heading = f"## {name} (`{kind}`)" if kind else f"## {name}"
    rows = [_row(key, info) for key, info in spec.model_fields.items()]
    fields = table(("field", "type", "default", "bounds", "unit", "meaning"), rows)
    return f"(spec-{spec.__name__})=\n{heading}\n\n{spec.help()}\n\n{fields}"


def _row(name: str, info: FieldInfo) -> tuple[str, ...]:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    bounds = ", ".join(dict.fromkeys(_bounds((*info.metadata, *_inner_bounds(info.annotation)))))
    meaning = info.description or ("Tells it apart from the other kinds." if name == "kind" else "")
    return code(name), _type(info.annotation), _default(info), bounds, str(extra.get("unit", "")), meaning


def _type(annotation: Any) -> str:  # noqa: PLR0911 - an arm for each shape
    """An annotation in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(code(value) for value in arguments)
    if origin in (Union, UnionType):
        return _union(arguments)
    if origin is tuple:
        return f"list of: {_type(arguments[0])}"
    if origin is dict:
        return f"mapping from {_type(arguments[0])} to {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return f"[{annotation.title or annotation.__name__}](#spec-{annotation.__name__})"
    return {bool: "true or false", int: "whole number", float: "number", str: "text", NoneType: "null"}.get(
        annotation, str(annotation)
    )


def _union(arguments: tuple[Any, ...]) -> str:
    specs = [one for one in arguments if isinstance(one, type) and issubclass(one, Spec)]
    if len(specs) <= _MANY:
        return " or ".join(map(_type, arguments))
    return f"one of the kinds of [{page_of(specs[0])}]({page_of(specs[0])}.md)"


def _default(info: FieldInfo) -> str:
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, Spec):
        return _type(type(default))
    if isinstance(default, tuple):
        default = [spec_to_data(item) if isinstance(item, Spec) else item for item in default]
    return code(json.dumps(default, ensure_ascii=False))


def _bounds(metadata: tuple[Any, ...]) -> Iterator[str]:
    for item in metadata:
        if type(item) in _SIGNS:
            sign, attribute = _SIGNS[type(item)]
            yield f"{sign} {getattr(item, attribute)}"
        elif type(item) in _LENGTHS:
            words, attribute = _LENGTHS[type(item)]
            yield f"{words} {getattr(item, attribute)} long"
        elif isinstance(item, FieldInfo):
            yield from _bounds(tuple(item.metadata))


def _inner_bounds(annotation: Any) -> tuple[Any, ...]:
    """The bounds of the values that a list, a mapping or an optional field holds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return (*arguments[1:], *_inner_bounds(arguments[0]))
    if origin in (Union, UnionType, tuple, dict):
        return tuple(bound for argument in arguments for bound in _inner_bounds(argument))
    return ()
