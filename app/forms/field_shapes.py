"""Shapes of spec fields, derived from their type annotations: they decide which editor a form uses."""

from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.widgets.number_range import NumberRange
from mtl_core.spec import Layer, Spec, Task, kind_of, members, spec_to_data

Number = NumberRange
"""A number within bounds."""


@dataclass(frozen=True)
class Flag:
    """A boolean."""


@dataclass(frozen=True)
class Text:
    """A string; ``folder`` if it is the path of a folder, ``column`` if it is the name of a column of the data."""

    folder: bool = False
    column: bool = False


@dataclass(frozen=True)
class TextList:
    """A list of strings; ``single`` if a list of one is written as a plain string."""

    single: bool = False


@dataclass(frozen=True)
class NumberList:
    """A list of numbers."""

    integer: bool


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class CheckList:
    """A subset of several values, in their order."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class KeywordOr:
    """A keyword or a value of another shape, e.g. padding 'same' or a number."""

    words: tuple[str, ...]
    other: "Shape"


@dataclass(frozen=True)
class OptionalValue:
    """An optional value."""

    inner: "Shape"


@dataclass(frozen=True)
class Kinds:
    """A discriminated union of spec classes."""

    classes: tuple[type[Spec], ...]


@dataclass(frozen=True)
class KindList:
    """A list of parts, each of a class of a discriminated union."""

    classes: tuple[type[Spec], ...]


@dataclass(frozen=True)
class Nested:
    """A nested spec class."""

    spec: type[Spec]


@dataclass(frozen=True)
class Weights:
    """A weight per task name."""


@dataclass(frozen=True)
class Unknown:
    """A field without an editor in forms; its value is passed through."""


Shape = (
    Number
    | Flag
    | Text
    | TextList
    | NumberList
    | Choice
    | CheckList
    | KeywordOr
    | OptionalValue
    | Kinds
    | KindList
    | Nested
    | Weights
    | Unknown
)


@dataclass(frozen=True)
class FieldShape:
    """A spec field as a row of a form.

    Attributes:
        name: Its key in the data.
        title: Its label.
        help: Its explanation.
        shape: Which editor it needs.
        unit: Unit of the number.
        advanced: Whether it is folded away.
        hidden: Whether no form shows it.
        default: JSON data; None if there is no default.
    """

    name: str
    title: str
    help: str
    shape: Shape
    unit: str = ""
    advanced: bool = False
    hidden: bool = False
    default: Any = field(default=None, compare=False)


def fields_of(spec: type[Spec]) -> tuple[FieldShape, ...]:
    """The fields of a spec class in their order, without ``kind``."""
    return tuple(_field(name, info) for name, info in spec.model_fields.items() if name != "kind")


def defaults_of(spec: type[Spec]) -> dict[str, Any]:
    """JSON data of a spec class with all defaults; a field without a default is left out."""
    data = {
        shape.name: shape.default
        for shape, info in zip(fields_of(spec), _infos(spec), strict=True)
        if not info.is_required()
    }
    kind = kind_of(spec)
    return {"kind": kind, **data} if kind else data


def initial(shape: Shape) -> Any:  # noqa: PLR0911 - an arm per shape
    """The value that an optional field has when it is switched on."""
    match shape:
        case Number():
            low = 1 if shape.low is None else max(shape.low, 1 if shape.high is None or shape.high >= 1 else 0)
            return int(low) if shape.integer else float(low)
        case Flag():
            return False
        case Choice(values):
            return values[0]
        case KeywordOr(words):
            return words[0]
        case Kinds(classes):
            return defaults_of(classes[0])
        case Nested(spec):
            return defaults_of(spec)
        case CheckList() | TextList() | NumberList() | KindList():
            return []
        case Text():
            return ""
        case _:
            return None


def _infos(spec: type[Spec]) -> list[FieldInfo]:
    return [info for name, info in spec.model_fields.items() if name != "kind"]


def _field(name: str, info: FieldInfo) -> FieldShape:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    widget = extra.get("widget")
    special = {"folder": Text(folder=True), "column": Text(column=True)}
    return FieldShape(
        name=name,
        title=info.title or name.replace("_", " ").capitalize(),
        help=info.description or "",
        shape=special.get(str(widget))
        or shape_of(info.annotation, tuple(info.metadata), log=extra.get("scale") == "log"),
        unit=str(extra.get("unit", "")),
        advanced=bool(extra.get("advanced")),
        hidden=widget == "hidden",
        default=_default(info),
    )


def _default(info: FieldInfo) -> Any:
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        return None
    if isinstance(default, Spec):
        return spec_to_data(default)
    return list(default) if isinstance(default, tuple) else default


def shape_of(annotation: Any, metadata: tuple[Any, ...] = (), *, log: bool = False) -> Shape:  # noqa: PLR0911 - an arm per shape
    """The shape of a type annotation.

    Args:
        annotation: The annotation, as in pydantic's ``FieldInfo``.
        metadata: The bounds, as in pydantic's ``FieldInfo``.
        log: Whether its numbers are stepped by a factor.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(arguments[0], (*metadata, *_flat(arguments[1:])), log=log)
    if origin is Literal:
        return Choice(arguments)
    if origin in (Union, UnionType):
        return _union(annotation, arguments, metadata, log=log)
    if origin is tuple:
        return _sequence(arguments[0])
    if origin is dict:
        return Weights() if isinstance(shape_of(arguments[1]), Number) else Unknown()
    if annotation is bool:
        return Flag()
    if annotation in (int, float):
        return _number(annotation, metadata, log=log)
    if annotation is str:
        return Text()
    return Nested(annotation) if members(annotation) else Unknown()


def _flat(metadata: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(m for item in metadata for m in (item.metadata if isinstance(item, FieldInfo) else (item,)))


def _number(kind: type, metadata: tuple[Any, ...], *, log: bool) -> Number:
    bounds: dict[str, Any] = {}
    for bound in metadata:
        match bound:
            case Ge(value):
                bounds |= {"low": value}
            case Gt(value):
                bounds |= {"low": value, "low_open": True}
            case Le(value):
                bounds |= {"high": value}
            case Lt(value):
                bounds |= {"high": value, "high_open": True}
    return Number(kind is int, log=log, **bounds)


def _union(annotation: Any, arguments: tuple[Any, ...], metadata: tuple[Any, ...], *, log: bool) -> Shape:
    types = tuple(a for a in arguments if a is not NoneType)
    if len(types) < len(arguments):
        inner = shape_of(types[0] if len(types) == 1 else Union[types], metadata, log=log)  # noqa: UP007
        return inner if isinstance(inner, Unknown) else OptionalValue(inner)
    if classes := members(annotation):
        return Kinds(classes)
    shapes = [shape_of(a, metadata, log=log) for a in types]
    match shapes:
        case [Choice(words), Number() | Weights() as other]:
            return KeywordOr(words, other)
        case [Text(), TextList()]:
            return TextList(single=True)
    return Unknown()


def _sequence(item: Any) -> Shape:
    match shape_of(item):
        case Choice(values):
            return CheckList(values)
        case Text():
            return TextList()
        case Number(integer):
            return NumberList(integer)
        case Kinds(classes) if classes not in (members(Layer), members(Task)):  # these have editors of their own
            return KindList(classes)
    return Unknown()
