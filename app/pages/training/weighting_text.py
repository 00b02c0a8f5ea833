"""What the weighting methods do and cost, as entries of a menu and as text below it."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.widgets import MenuEntry
from mtl_core.spec import Spec, Weighting, kind_of, members
from mtl_core.spec.method_costs import MEASURED_TASKS, levels_of, measured_cost
from mtl_core.spec.weighting import LEVELS
from mtl_core.spec.weighting.base import GradientWeighting
from mtl_core.text import group_digits

WEIGHTINGS: dict[str, type[Spec]] = {kind_of(spec): spec for spec in members(Weighting)}

PLAIN_METHODS = ("equal", "manual")
_BY_HAND, _LOSSES, _GRADIENTS = "Fixed", "Weights the losses", "Combines the gradients"


def method_entries() -> list[MenuEntry]:
    """The weighting methods as menu entries by group, each with its cost relative to a plain step."""
    entries = [MenuEntry(kind, spec.title, spec.help(), _group(spec), _cost(kind)) for kind, spec in WEIGHTINGS.items()]
    return sorted(entries, key=lambda entry: (_BY_HAND, _LOSSES, _GRADIENTS).index(entry.group))


def _group(spec: type[Spec]) -> str:
    if kind_of(spec) in PLAIN_METHODS:
        return _BY_HAND
    return _GRADIENTS if issubclass(spec, GradientWeighting) else _LOSSES


def _cost(kind: str) -> str:
    """The cost of a step on the small MLP and CNN that were measured, such as ``1.6–3.7 × step``."""
    cost = measured_cost(kind, levels_of(WEIGHTINGS[kind])[0])
    if cost is None:
        return ""
    low, high = sorted((cost.mlp, cost.cnn))
    return f"{low:g}–{high:g} × step" if low < high else f"{low:g} × step"


def weighting_help(spec: type[Spec]) -> str:
    """The help of a weighting method and its cost."""
    return f"{spec.help()} {getattr(spec, 'cost', '')}".strip()


def weighting_text(weighting: Mapping[str, Any]) -> str:
    """The help of a weighting with its settings: the method, the level of its gradients, and the measured cost.

    Args:
        weighting: Its spec data.
    """
    spec, level = WEIGHTINGS.get(str(weighting.get("kind", ""))), _level(weighting)
    if spec is None:
        return ""
    effect = weighting_help(spec) if level in ("", "parameters") else spec.help()
    return "\n".join(filter(None, (effect, LEVELS.get(level), measured_text(weighting))))


def measured_text(weighting: Mapping[str, Any]) -> str:
    """The measured time of a step; empty for a plain sum, which the others are compared with.

    Args:
        weighting: Its spec data; without a level, the first one counts.
    """
    kind = str(weighting.get("kind", ""))
    cost = measured_cost(kind, _level(weighting))
    if cost is None or kind in PLAIN_METHODS:
        return ""
    return (
        f"Measured at {MEASURED_TASKS} tasks: {_times(cost.cnn)} the time of a plain step on a small CNN, "
        f"{_times(cost.mlp)} on a small MLP."
    )


def _level(weighting: Mapping[str, Any]) -> str:
    kind = str(weighting.get("kind", ""))
    return str(weighting.get("level", levels_of(WEIGHTINGS[kind])[0])) if kind in WEIGHTINGS else ""


def _times(ratio: float) -> str:
    return f"{ratio:.1f} ×" if ratio < 10 else f"{ratio:.0f} ×"


def weights_text(kind: str) -> str:
    """The meaning of the sliders under a weighting method."""
    match kind:
        case "manual":
            return "Each loss is multiplied by its weight. Weights can also be moved during the run."
        case "equal":
            return "Equal weighting: every loss counts once. Moving a slider switches to manual weights."
    spec = WEIGHTINGS.get(kind)
    title = spec.title.partition(" (")[0] if spec is not None else kind
    by_gradient = spec is not None and issubclass(spec, GradientWeighting)
    effect = (
        "combines the tasks' gradients, without weights of the losses" if by_gradient else "sets the weights itself"
    )
    return f"{title} {effect}. Moving a slider switches to manual weights instead."


def moves_text(moves: Sequence[Mapping[str, Any]]) -> str:
    """The manual weight changes of an earlier run that are replayed, as text."""
    if not moves:
        return ""
    steps = ", ".join(group_digits(int(move.get("step", 0))) for move in moves[:4])
    more = ", …" if len(moves) > 4 else ""
    return f"Moved by hand in an earlier run at step {steps}{more}: these moves are replayed."
