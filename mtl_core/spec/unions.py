"""Lists the members of discriminated unions, for menus, registries and tests."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from mtl_core.spec.base import Spec


def members(union: Any) -> tuple[type[Spec], ...]:
    """The spec classes of a union such as ``Layer``, in order of definition; for a single class the class itself."""
    if get_origin(union) is Annotated:
        return members(get_args(union)[0])
    if get_origin(union) in (Union, UnionType):
        return tuple(spec for member in get_args(union) if (spec := _spec_class(member)))
    return (union,) if isinstance(union, type) and issubclass(union, Spec) else ()


def _spec_class(member: Any) -> type[Spec] | None:
    """The spec class that is a member of a union, with or without a tag; None for any other type."""
    member = get_args(member)[0] if get_origin(member) is Annotated else member
    return member if isinstance(member, type) and issubclass(member, Spec) else None


def kind_of(member: type[Spec]) -> str:
    """The value of ``kind`` that discriminates a member of a union, or ``""`` if it has none."""
    return str(member.model_fields["kind"].default) if "kind" in member.model_fields else ""
