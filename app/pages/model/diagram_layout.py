"""Where the boxes of the diagram stand; without Qt."""

from app.formatting import format_count_short
from app.pages.model.diagram_geometry import Box, Frame, Metrics, Plan, PlanBuilder
from app.pages.model.scheme_layouts import Sketch, experts, masks, private, towers, tree, trunk
from mtl_core.spec import ModelInfo

__all__ = ["Box", "Frame", "Metrics", "Plan", "plan_of", "summary"]

_LAYOUTS = {
    "separate": towers,
    "soft": towers,
    "cross_stitch": towers,
    "sluice": towers,
    "nddr": towers,
    "mtan": masks,
    "mmoe": experts,
    "dselect_k": experts,
    "cgc": experts,
    "ple": experts,
    "branch": tree,
    "adversarial": private,
}
"""What else than a trunk is drawn for a sharing scheme."""


_PLAIN = Metrics()


def plan_of(info: ModelInfo, input_title: str, sizes: Metrics = _PLAIN) -> Plan:
    """The diagram of a model: the input, the shared layers as their scheme has them, then a column per task.

    A model with a layer at fault is drawn as a plain trunk, since what is built of it cannot be known.
    """
    is_described = bool(info.stages) and info.shared and not info.problems
    layout = _LAYOUTS.get(str(info.sharing.get("kind")), trunk) if is_described else trunk
    sketch = Sketch(info, input_title, PlanBuilder(sizes))
    layout(sketch)
    return sketch.draft.plan()


def summary(info: ModelInfo) -> str:
    """289 k parameters · 91 % shared; nothing of a model that cannot be built."""
    if info.problems:
        return ""
    if not info.parameters:
        return "no parameters"
    share = 100 * info.shared_parameters / info.parameters
    return f"{format_count_short(info.parameters)} parameters · {share:.0f} % shared"
