"""What training and weighting rely on, whatever the sharing scheme."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from torch import Tensor, nn

Features = tuple[Tensor, ...]
"""What the shared layers give: one tensor for all tasks under hard sharing, several under other schemes."""


class MultiTaskModel(nn.Module, ABC):
    """A model with one output per task, in two halves: what the tasks share, and from there each task's own part.

    Every parameter is either shared or belongs to the head of exactly one task; but for what only a penalty trains.
    """

    tasks: tuple[str, ...]
    """The tasks' names, in the order of the outputs."""

    @abstractmethod
    def features(self, inputs: Tensor) -> Features:
        """What the shared half makes of a batch ``[N, …]``."""

    @abstractmethod
    def head(self, task: int, features: Features) -> Tensor:
        """A task's output ``[N, out_features]`` from what the shared half gave."""

    def heads_from(self, features: Features) -> list[Tensor]:
        """Each task's output, in task order."""
        return [self.head(task, features) for task in range(len(self.tasks))]

    def begin_step(self) -> None:
        """Tells that a step of training begins, however many forward passes it may take."""

    def see_labels(self, masks: Sequence[Tensor | None]) -> None:
        """Tells before a forward pass in training which of its rows have a label.

        Args:
            masks: Each task's ``[N]``, or ``[N, W]`` of its values, or None where all rows have one.
        """

    def penalty(self) -> Tensor | None:
        """What the sharing scheme adds to the losses of the last forward pass, 0-d with its graph; None: nothing.

        It may be asked for as soon as there are features, before any head has been run.
        """
        return None

    def lr_factor(self, name: str) -> float:
        """What multiplies the learning rate of the parameter of this name, beside what the training says."""
        return 1.0

    def learned(self) -> dict[tuple[str, str], float]:
        """What the scheme has learned about sharing, as numbers by task and name, to be recorded and drawn."""
        return {}

    @abstractmethod
    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the shared half."""

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
