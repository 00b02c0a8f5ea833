"""Damage to bytes and to plain data, the same for the same seed."""

import copy
import random
from collections.abc import Iterator
from typing import Any

_LONG = "k" * 5000
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 7, 10**18, 10**40, -(10**400), 0.5, -0.0, 1e-320, 1e308, float("inf"), float("nan"),
    "", " ", "auto", "cuda:99", "none", "price", "area", "..", "../x", "/", "a.b", "[0]", "\0", "\n", "\x1b[31m", "é",
    "e\u0301", "\ud800", "<b>x</b>", "[/b]", _LONG, [], {}, [[]], [None], {"kind": "linear"}, {"kind": _LONG},
    {"": 0}, {_LONG: _LONG}, ["price"] * 3, list(range(50)),
)  # fmt: skip
_PIECES = (
    b"\0", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\n", b"\r", b"\r\n", b"\t", b" ", b'"', b"'", b",", b";", b"|",
    b":", b"-", b"#", b"&a", b"*a", b"!!python/object:os.system", b"!!int x", b"{", b"}", b"[", b"]", b"<<: *a", b"%",
    b"NaN", b"1e999", b"-", b"\xe2\x88\x92", b"\xc3", b"\x1b[31m", b"=1+1", b"9" * 400, b"k" * 5000, b"sep=;\n",
)  # fmt: skip


def damaged_bytes(rng: random.Random, content: bytes, most: int = 6) -> bytes:
    """Bytes with some pieces flipped, cut, doubled, moved or put in."""
    for _ in range(rng.randint(1, most)):
        at = rng.randrange(len(content) + 1)
        to = min(len(content), at + rng.choice((1, 2, 5, 20, 200)))
        match rng.randrange(7):
            case 0:
                content = content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
            case 1:
                content = content[:at] + content[to:]
            case 2:
                content = content[:at]
            case 3:
                content = content[:at] + content[at:to] * 2 + content[to:]
            case 4:
                content = content[:at] + rng.randbytes(to - at) + content[to:]
            case _:
                content = content[:at] + rng.choice(_PIECES) + content[at:]
    return content


def places_of(data: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys to everything in nested data, but for the whole."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*place, key)
        yield from places_of(value, (*place, key))


def damaged_data(rng: random.Random, data: Any, spare: Any = (), most: int = 3) -> Any:
    """Nested data with some values replaced, left out, renamed, repeated or wrapped.

    Args:
        rng: Draws what is done.
        data: Left as it is.
        spare: Other data, parts of which may be put in.
        most: How much is done at most.
    """
    data = copy.deepcopy(data)
    for _ in range(rng.randint(1, most)):
        places = list(places_of(data))
        if not places:
            return data
        *above, key = rng.choice(places)
        inside = data
        for step in above:
            inside = inside[step]
        _change(rng, inside, key, spare)
    return data


def _change(rng: random.Random, inside: Any, key: Any, spare: Any) -> None:
    match rng.randrange(7):
        case 0:
            del inside[key]
        case 1 if isinstance(inside, dict):
            inside[rng.choice(("kind", "knd", "", f"{key}s", _LONG, 7, "a.b"))] = inside.pop(key)
        case 2:
            inside[key] = [copy.deepcopy(inside[key])] * rng.choice((1, 2, 40))
        case 3:
            value = inside[key]
            for _ in range(rng.choice((1, 3, 50))):
                value = {"a": value} if rng.randrange(2) else [value]
            inside[key] = value
        case 4 if spare:
            place = rng.choice(list(places_of(spare)))
            value = spare
            for step in place:
                value = value[step]
            inside[key] = copy.deepcopy(value)
        case _:
            inside[key] = copy.deepcopy(rng.choice(ODD_VALUES))
