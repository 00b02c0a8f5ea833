"""What training and weighting rely on, whatever the sharing scheme."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from torch import Tensor, nn


class MultiTaskModel(nn.Module, ABC):
    """A model with one output per task.

    Every parameter is either shared or belongs to the head of exactly one task.
    """

    tasks: tuple[str, ...]
    """The tasks' names, in the order of the outputs."""

    @abstractmethod
    def features(self, inputs: Tensor) -> Tensor:
        """The shared representation of a batch ``[N, …]``."""

    @abstractmethod
    def heads_from(self, features: Tensor) -> list[Tensor]:
        """Each task's output ``[N, out_features]`` from the shared representation, in task order."""

    @abstractmethod
    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters every task's loss reaches."""

    @abstractmethod
    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the last shared layer that has any; none when nothing shared is learned."""

    @abstractmethod
    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters only this task's loss reaches."""

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Each task's output ``[N, out_features]``, in task order."""
        return self.heads_from(self.features(inputs))


def last_parameters(layers: Sequence[nn.Module] | Iterable[nn.Module]) -> list[nn.Parameter]:
    """The parameters of the last layer that has any."""
    for layer in reversed(list(layers)):
        if found := list(layer.parameters()):
            return found
    return []
