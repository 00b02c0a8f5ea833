"""Error messages for layers that cannot be built at their place, with quick fixes."""

from collections.abc import Sequence
from dataclasses import dataclass

from mtl_core.spec import Fix, Spec, join, spec_to_data
from mtl_core.spec.paths import Key
from mtl_core.spec.reports import Shape
from mtl_core.text import group_digits

MAX_SIZE = 2_000_000_000
"""Maximum number of parameters of a model, and of values of one row between two layers (8 GB each)."""


@dataclass(frozen=True)
class QuickFix:
    """What to replace a faulty layer with: one layer, several, or none; or a faulty fusion with another."""

    label: str
    replacement: tuple[Spec, ...]


@dataclass(frozen=True)
class Fault:
    """Why a layer or a fusion cannot be built: its requirement and the shape that arrives, with a quick fix if any."""

    text: str
    quick_fix: QuickFix | None = None


def to_spec_fix(quick_fix: QuickFix, layers: Sequence[Spec], index: int, list_path: tuple[Key, ...]) -> Fix:
    """The change of the spec that applies a quick fix to layer ``index`` of the list at ``list_path``.

    It replaces one setting if only that differs, the layer if there is one replacement, else the whole list.
    """
    if len(quick_fix.replacement) == 1:
        return replacement_fix(quick_fix.label, layers[index], quick_fix.replacement[0], (*list_path, index))
    layers_after = [*layers[:index], *quick_fix.replacement, *layers[index + 1 :]]
    return Fix(label=quick_fix.label, path=join(list_path), value=[spec_to_data(layer) for layer in layers_after])


def replacement_fix(label: str, current: Spec, new: Spec, path: tuple[str | int, ...]) -> Fix:
    """The change of the spec that puts a part in the place of the one at ``path``.

    It replaces one setting if only that differs, else the whole part.
    """
    changes = _changed_settings(current, new)
    if type(new) is type(current) and len(changes) == 1:
        (name,) = changes
        return Fix(label=label, path=join((*path, name)), value=changes[name])
    return Fix(label=label, path=join(path), value=spec_to_data(new))


def _changed_settings(current: Spec, new: Spec) -> dict[str, object]:
    old_settings = spec_to_data(current)
    return {name: value for name, value in spec_to_data(new).items() if old_settings.get(name) != value}


def format_shape(shape: Shape) -> str:
    """A shape without the batch dimension in words."""
    match shape:
        case (features,):
            return f"{group_digits(features)} feature{'' if features == 1 else 's'}"
        case (channels, length):
            return f"{channels}×{length} (channels × length)"
        case (channels, height, width):
            return f"{channels}×{height}×{width} (channels × height × width)"
    return "×".join(map(str, shape)) or "a single number"


def arrival_text(shape: Shape) -> str:
    """The part of a message about the shape of a layer's input: ``8 features arrive here``."""
    plural = len(shape) == 1 and shape[0] != 1
    return f"{format_shape(shape)} {'arrive' if plural else 'arrives'} here"


def format_amount(number: int) -> str:
    """A count in words, rounded if it is large."""
    if number >= 10**15:
        return f"about 10^{len(str(number)) - 1}"
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:.4g} {word}" if number < 1000 * size else f"{group_digits(number / size)} {word}"
    return group_digits(number)
