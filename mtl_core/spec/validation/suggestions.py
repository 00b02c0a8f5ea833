"""The settings that somebody may have meant."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, get_args

from mtl_core.spec.base import Spec
from mtl_core.spec.paths import Key, join
from mtl_core.text import MAX_SUGGESTIONS, close_matches


def nearest(root: type[Spec], keys: Sequence[Key]) -> list[str]:
    """Paths of settings like one that does not exist: of a similar name beside it, else of the same name elsewhere.

    Args:
        root: The spec.
        keys: Where it was looked for, by keys and indices.
    """
    *place, name = keys
    beside = {known[-1] for known in _settings(root) if _leads(known[:-1], place)}
    close = close_matches(str(name), beside - {name})
    if close:
        return [join([*place, other]) for other in close]
    elsewhere = {known for known in _settings(root) if known[-1] == name and "*" not in known}
    return [join(known) for known in sorted(elsewhere - {tuple(keys)})][:MAX_SUGGESTIONS]


def _leads(known: Sequence[str], place: Sequence[Key]) -> bool:
    return len(known) == len(place) and all(a in ("*", b) for a, b in zip(known, place, strict=True))


@cache
def _settings(root: type[Spec]) -> frozenset[tuple[str, ...]]:
    """Every path of every kind, with ``*`` for indices and names."""
    return frozenset(_below(root, ()))


def _below(spec: type[Spec], place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in spec.model_fields.items():
        yield (*place, name)
        yield from _inside(field.annotation, (*place, name))


def _inside(annotation: Any, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield from _below(annotation, place)
    origin = getattr(annotation, "__origin__", None)
    for inner in get_args(annotation):
        yield from _inside(inner, (*place, "*") if origin in (tuple, list, dict) else place)
