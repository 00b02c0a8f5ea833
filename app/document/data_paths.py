"""Paths in spec data: which changed, which is below which, data without one."""

from collections.abc import Iterable
from typing import Any

from mtl_core.spec import get_at, join, parse, set_at


def changed_paths(before: Any, after: Any, keys: tuple[str | int, ...] = ()) -> Iterable[str]:
    """The paths at which two data differ, as deep as they have the same shape."""
    match before, after:
        case dict(), dict() if before.keys() == after.keys():
            for key in before:
                if before[key] is not after[key]:
                    yield from changed_paths(before[key], after[key], (*keys, key))
        case list(), list() if len(before) == len(after):
            for index, (old, new) in enumerate(zip(before, after, strict=True)):
                if old is not new:
                    yield from changed_paths(old, new, (*keys, index))
        case _ if before != after:
            yield join(keys)


def affects(paths: Iterable[str], place: str) -> bool:
    """Whether any of the changed ``paths`` is at, below or above ``place``."""
    return any(path == "" or is_below(path, place) or is_below(place, path) for path in paths)


def without_path(data: Any, path: str) -> Any:
    """A copy of ``data`` without the entry at ``path``.

    Raises:
        InputError: There is no such entry.
    """
    get_at(data, path)
    *head, last = parse(path)
    parent = join(head)
    container = get_at(data, parent)
    if isinstance(container, dict):
        rest: Any = {key: value for key, value in container.items() if key != last}
    else:
        rest = [value for index, value in enumerate(container) if index != last]
    return set_at(data, parent, rest)


def is_below(path: str, place: str) -> bool:
    """Whether ``path`` equals ``place`` or is below it; every path is below ``""``."""
    return place == "" or (path.startswith(place) and path[len(place) : len(place) + 1] in ("", ".", "["))
