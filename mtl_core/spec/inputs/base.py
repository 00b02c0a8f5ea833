"""The base of all kinds of input, and their names."""

from mtl_core.spec.base import Spec
from mtl_core.spec.tasks import TaskName

InputName = TaskName
"""Names of inputs follow the rules of those of tasks: they stand in paths of the spec."""


def presence_key(name: str) -> str:
    """The key of the mask ``[N]`` of the rows that have an input, beside the input in a mapping of tensors.

    It is no name of an input, since names have no point.
    """
    return f"{name}.present"


class BaseInput(Spec):
    """One of the things that a model reads, under a name of its own."""

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The columns of the data that it is read from."""
        raise NotImplementedError
