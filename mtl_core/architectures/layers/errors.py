"""A layer that cannot stand where it stands, in plain words and with what would mend it."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtl_core.spec import Fix, Spec, join, spec_to_data
from mtl_core.spec.reports import Shape
from mtl_core.text import group_digits

LIMIT = 2_000_000_000
"""Most parameters of a model, and most values of one row between two layers (8 GB each)."""


@dataclass(frozen=True)
class Mend:
    """What to put in the place of the faulty layer: another, several, or nothing."""

    label: str
    instead: tuple[Spec, ...]


@dataclass(frozen=True)
class Fault:
    """Why a layer cannot be built: what it needs and what arrives."""

    text: str
    mend: Mend | None = None


def fix_of(mend: Mend, layers: Sequence[Spec], index: int, place: tuple[str, ...]) -> Fix:
    """The change of the spec that mends layer ``index`` of the list at ``place``.

    One setting is set where one differs, the layer where its kind does, else the whole list.
    """
    old = layers[index]
    if len(mend.instead) == 1:
        (new,) = mend.instead
        changed = _changed(old, new)
        if type(new) is type(old) and len(changed) == 1:
            (name,) = changed
            return Fix(label=mend.label, path=join((*place, index, name)), value=changed[name])
        return Fix(label=mend.label, path=join((*place, index)), value=spec_to_data(new))
    whole = [*layers[:index], *mend.instead, *layers[index + 1 :]]
    return Fix(label=mend.label, path=join(place), value=[spec_to_data(layer) for layer in whole])


def _changed(old: Spec, new: Spec) -> dict[str, object]:
    before = spec_to_data(old)
    return {name: value for name, value in spec_to_data(new).items() if before.get(name) != value}


def in_words(shape: Shape) -> str:
    """A shape without the batch as a person says it."""
    match shape:
        case (features,):
            return f"{group_digits(features)} feature{'' if features == 1 else 's'}"
        case (channels, length):
            return f"{channels}×{length} (channels × length)"
        case (channels, height, width):
            return f"{channels}×{height}×{width} (channels × height × width)"
    return "×".join(map(str, shape)) or "a single number"


def arrives(shape: Shape) -> str:
    """The half of a message that says what stands before the layer."""
    plural = len(shape) == 1 and shape[0] != 1
    return f"{in_words(shape)} {'arrive' if plural else 'arrives'} here"


def amount(number: int) -> str:
    """A large number, rounded."""
    if number >= 10**15:
        return f"about 10^{len(str(number)) - 1}"
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:.4g} {word}" if number < 1000 * size else f"{group_digits(number / size)} {word}"
    return group_digits(number)
