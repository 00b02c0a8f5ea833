"""Suggests existing settings in place of one that does not exist."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, get_args

from mtl_core.spec.base import Spec
from mtl_core.spec.paths import Key, join
from mtl_core.text import MAX_SUGGESTIONS, close_matches


def similar_settings(root: type[Spec], keys: Sequence[Key]) -> list[str]:
    """Finds settings with a similar name at the same place, or else with the same name elsewhere; gives their paths.

    Args:
        root: The class of the whole spec.
        keys: Path of the setting that does not exist.
    """
    *place, name = keys
    place_in_class = _without_nesting(place)
    siblings = {path[-1] for path in _settings(root) if _matches(path[:-1], place_in_class)}
    close = close_matches(str(name), siblings - {name})
    if close:
        return [join([*place, other]) for other in close]
    elsewhere = {path for path in _settings(root) if path[-1] == name and "*" not in path}
    return [join(path) for path in sorted(elsewhere - {tuple(keys)})][:MAX_SUGGESTIONS]


def _without_nesting(keys: Sequence[Key]) -> list[Key]:
    """The keys without those that lead from a block of layers to a layer in it, whose settings are those of any."""
    result: list[Key] = []
    for position, key in enumerate(keys):
        in_block = isinstance(key, int) and keys[position - 1 : position] == ["layers"] and len(result) > 1
        if in_block and isinstance(result[-2], int):
            result.pop()
        else:
            result.append(key)
    return result


def _matches(path: Sequence[str], keys: Sequence[Key]) -> bool:
    return len(path) == len(keys) and all(a in ("*", b) for a, b in zip(path, keys, strict=True))


@cache
def _settings(root: type[Spec]) -> frozenset[tuple[str, ...]]:
    """The paths of all settings of all kinds, with ``*`` for indices and names."""
    return frozenset(_spec_paths(root, (), ()))


_Classes = tuple[type[Spec], ...]


def _spec_paths(spec: type[Spec], place: tuple[str, ...], above: _Classes) -> Iterator[tuple[str, ...]]:
    for name, field in spec.model_fields.items():
        yield (*place, name)
        yield from _annotation_paths(field.annotation, (*place, name), (*above, spec))


def _annotation_paths(annotation: Any, place: tuple[str, ...], above: _Classes) -> Iterator[tuple[str, ...]]:
    """The paths below a place; a class within itself is left out."""
    if isinstance(annotation, type) and issubclass(annotation, Spec) and annotation not in above:
        yield from _spec_paths(annotation, place, above)
    origin = getattr(annotation, "__origin__", None)
    for inner in get_args(annotation):
        yield from _annotation_paths(inner, (*place, "*") if origin in (tuple, list, dict) else place, above)
