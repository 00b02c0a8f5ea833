"""Pure list operations of the layer list: match rows to layers, move, insert and remove."""

from collections.abc import Sequence
from typing import Any

Layers = list[dict[str, Any]]


def match_rows(old: Sequence[Any], new: Sequence[Any]) -> list[int | None]:
    """For each new layer the index of the old one that it was, so that its row can stay.

    What stands before and after the edit stays; between, equal layers are found again, and when none was added or
    removed the rest keep their places.
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
    """The list with the layer at ``source`` put before what stands at ``target``, counted before it is taken out."""
    result = [*layers]
    layer = result.pop(source)
    result.insert(target - (1 if target > source else 0), layer)
    return result


def insert_item(layers: Sequence[Any], index: int, layer: Any) -> list[Any]:
    """The list with ``layer`` put at ``index``."""
    return [*layers[:index], layer, *layers[index:]]


def remove_item(layers: Sequence[Any], index: int) -> list[Any]:
    """The list without the layer at ``index``."""
    return [*layers[:index], *layers[index + 1 :]]
