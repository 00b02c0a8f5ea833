"""The mapping of a model's inputs, where a test has only one."""

from collections.abc import Mapping

from torch import Tensor


def as_table(tensor: Tensor) -> dict[str, Tensor]:
    """The mapping of the only input, as the short form of a spec names it."""
    return {"table": tensor}


def only(inputs: Mapping[str, Tensor]) -> Tensor:
    """The only input of a mapping."""
    (tensor,) = inputs.values()
    return tensor
