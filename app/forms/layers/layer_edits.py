"""Pure functions on lists of layers: match rows to layers, move, insert and remove."""

from collections.abc import Sequence
from typing import Any

Layers = list[dict[str, Any]]


def match_rows(old: Sequence[Any], new: Sequence[Any]) -> list[int | None]:
    """Match each new layer with the old layer whose row it keeps.

    Equal layers at both ends match in order. Between them a layer matches the first equal one, and if no layer was
    added or removed, the others match by position.

    Returns:
        For each new layer the index of the old one, or None.
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    result: list[int | None] = [*range(start), *[None] * (len(new) - start - end)]
    free = list(range(start, len(old) - end))
    for index in range(start, len(new) - end):
        match = next((i for i in free if old[i] == new[index]), None)
        if match is not None:
            result[index] = match
            free.remove(match)
    if len(old) == len(new):
        for index in range(start, len(new) - end):
            if result[index] is None and index in free:
                result[index] = index
                free.remove(index)
    return [*result, *range(len(old) - end, len(old))]


def move_item(layers: Sequence[Any], source: int, target: int) -> list[Any]:
    """Return the list with the layer at ``source`` moved before the one at ``target``; both count in the old list."""
    result = [*layers]
    layer = result.pop(source)
    result.insert(target - (1 if target > source else 0), layer)
    return result


def insert_item(layers: Sequence[Any], index: int, layer: Any) -> list[Any]:
    """Return the list with ``layer`` inserted at ``index``."""
    return [*layers[:index], layer, *layers[index:]]


def remove_item(layers: Sequence[Any], index: int) -> list[Any]:
    """Return the list without the layer at ``index``."""
    return [*layers[:index], *layers[index + 1 :]]
