"""The base class of multi-task models: the interface that training and weighting use for every sharing scheme."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from torch import Tensor, nn

from mtl_core.datasets.data import Inputs

Features = tuple[Tensor, ...]
"""Output of the shared layers: one tensor for all tasks with hard sharing, several with other schemes."""


class MultiTaskModel(nn.Module, ABC):
    """A model with one output per task, in two halves: a shared half, then each task's own part.

    Every parameter is either shared or belongs to the head of exactly one task, except those trained only by a penalty.
    """

    depends_on_task_order: ClassVar[bool] = True
    """Whether parameters belong to a task by its index, so that saved ones fit only tasks in the same order."""
    tasks: tuple[str, ...]
    """The tasks' names, in the order of the outputs."""

    @abstractmethod
    def features(self, inputs: Inputs) -> Features:
        """Runs the shared half on a batch: a tensor ``[N, …]`` of each input."""

    @abstractmethod
    def head(self, task: int, features: Features) -> Tensor:
        """Runs a task's own part on the shared half's output; gives ``[N, out_features]``."""

    def head_outputs(self, features: Features) -> list[Tensor]:
        """Runs all tasks' own parts; gives each task's output, in task order."""
        return [self.head(task, features) for task in range(len(self.tasks))]

    def begin_step(self) -> None:
        """Notifies the model that a training step begins, which may have several forward passes."""

    def set_label_masks(self, masks: Sequence[Tensor | None]) -> None:
        """Sets which rows of the next forward pass in training have a label.

        Args:
            masks: Each task's ``[N]``, or ``[N, W]`` of its values; None if all rows have one.
        """

    def penalty(self) -> Tensor | None:
        """The sharing scheme's penalty for the last forward pass, 0-d with its graph; None if it has none.

        It may be called as soon as the features are computed, before any head has run.
        """
        return None

    def lr_factor(self, name: str) -> float:
        """Factor of the learning rate of the parameter of this name, in addition to that of the training spec."""
        return 1.0

    def sharing_metrics(self) -> dict[tuple[str, str], float]:
        """The learned sharing between tasks, as values by task and series name, for recording and plotting."""
        return {}

    @abstractmethod
    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the shared half."""

    @abstractmethod
    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the last shared layer that has any; empty if no shared layer has parameters."""

    def frozen_parameters(self) -> list[nn.Parameter]:
        """The parameters outside the heads that the sharing scheme never trains."""
        return []

    @abstractmethod
    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters that only this task's loss reaches."""

    def forward(self, inputs: Inputs) -> list[Tensor]:
        """Each task's output ``[N, out_features]``, in task order."""
        return self.head_outputs(self.features(inputs))


def last_parameters(layers: Sequence[nn.Module] | Iterable[nn.Module]) -> list[nn.Parameter]:
    """The parameters of the last layer that has any."""
    for layer in reversed(list(layers)):
        if parameters := list(layer.parameters()):
            return parameters
    return []
