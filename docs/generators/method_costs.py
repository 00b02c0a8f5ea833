"""The measured cost of the weighting methods."""

from collections.abc import Iterator

from docs.generators.markdown import code, table
from mtl_core.spec import Weighting, kind_of, members
from mtl_core.spec.method_costs import levels_of, measured_cost


def method_costs() -> str:
    """How many plain steps a step of each method takes, for each level of the gradients."""
    return table(("method", "gradients of", "small MLP", "small CNN"), _rows())


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for method in members(Weighting):
        for level in levels_of(method):
            if cost := measured_cost(kind_of(method), level):
                yield code(kind_of(method)), level.replace("_", " "), f"{cost.mlp:g}", f"{cost.cnn:g}"
