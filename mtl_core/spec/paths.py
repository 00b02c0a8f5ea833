"""Paths into spec data: ``model.shared[2].out_channels``, ``dataset.types["a.b"]``."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mtl_core.errors import InputError

Key = str | int
_PART = re.compile(r"""\.?([^.\[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]""")


def parse(path: str) -> tuple[Key, ...]:
    """Splits a path into its keys.

    Raises:
        InputError: The text is not a path.
    """
    keys: list[Key] = []
    position = 0
    while position < len(path):
        match = _PART.match(path, position)
        if match is None or (path[position] == "." and position == 0):
            raise InputError(path, "is not a path such as training.optimizer.lr or model.shared[0].kind")
        keys.append(_key(path, *match.groups()))
        position = match.end()
    return tuple(keys)


def _key(path: str, name: str | None, index: str | None, quoted: str | None) -> Key:
    try:
        return name if name is not None else int(index) if index is not None else str(json.loads(quoted or ""))
    except ValueError:  # a number of thousands of digits, a broken escape
        raise InputError(path, "is not a path such as training.optimizer.lr or model.shared[0].kind") from None


def join(keys: Sequence[Key]) -> str:
    """Joins keys to a path; the inverse of :func:`parse`."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key == "" or any(c in '.[]"' for c in key):
            text += f"[{json.dumps(key, ensure_ascii=False)}]"
        else:
            text += f".{key}" if text else key
    return text


def get_at(data: Any, path: str) -> Any:
    """Reads the value at a path of nested dicts and lists.

    Raises:
        InputError: There is no such path.
    """
    for key in parse(path):
        match data, key:
            case dict(), str() if key in data:
                data = data[key]
            case list() | tuple(), int() if key < len(data):
                data = data[key]
            case _:
                raise InputError(path, "there is no such setting")
    return data


def set_at(data: Any, path: str, value: Any) -> Any:
    """Copies nested dicts and lists with ``value`` at a path; parts off the path are not copied.

    A missing key of a dict is added; an index may be one past a list's end.

    Raises:
        InputError: The path leads through something that is neither a dict nor a list.
    """
    return _set(data, parse(path), value, path)


def _set(data: Any, keys: tuple[Key, ...], value: Any, path: str) -> Any:
    if not keys:
        return value
    first, *rest = keys
    match data, first:
        case dict(), str():
            return {**data, first: _set(data.get(first, {} if rest else None), tuple(rest), value, path)}
        case list() | tuple(), int() if first <= len(data):
            inner = data[first] if first < len(data) else ({} if rest else None)
            return [*data[:first], _set(inner, tuple(rest), value, path), *data[first + 1 :]]
        case None, str():
            return {first: _set({} if rest else None, tuple(rest), value, path)}
    raise InputError(path, "there is no such setting")


def flatten(data: Any) -> dict[str, Any]:
    """Maps the path of every leaf of nested dicts and lists to its value; an empty dict or list is a leaf."""
    return {join(keys): value for keys, value in _leaves(data, ())}


def _leaves(data: Any, keys: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], Any]]:
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _leaves(value, (*keys, str(key)))
    elif isinstance(data, list | tuple) and data:
        for index, value in enumerate(data):
            yield from _leaves(value, (*keys, index))
    else:
        yield keys, data
