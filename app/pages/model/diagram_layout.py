"""The layout of the diagram of a model, and its size as text; without Qt."""

from app.formatting import format_count_short
from app.pages.model.diagram_geometry import Box, Frame, Metrics, Plan, PlanBuilder
from app.pages.model.scheme_layout import SchemeLayout
from mtl_core.spec import ModelInfo
from mtl_core.spec.sharing import diagram_of

__all__ = ["Box", "Frame", "Metrics", "Plan", "plan_of", "summary"]

_PLAIN = Metrics()


def plan_of(info: ModelInfo, sizes: Metrics = _PLAIN) -> Plan:
    """The diagram of a model: inputs, encoders and fusion, shared layers as their scheme has them, each task's own."""
    return SchemeLayout(diagram_of(info), info, PlanBuilder(sizes)).plan()


def summary(info: ModelInfo) -> str:
    """The size of a model, such as “289 k parameters · 91 % shared”; empty when it cannot be built.

    Of a scheme that never trains its trunk it says instead which share is trained.
    """
    if info.problems:
        return ""
    if not info.parameters:
        return "no parameters"
    size = f"{format_count_short(info.parameters)} parameters"
    if info.trained_parameters is not None:
        return f"{size} · {100 * info.trained_parameters / info.parameters:.1f} % trained"
    return f"{size} · {100 * info.shared_parameters / info.parameters:.0f} % shared"
