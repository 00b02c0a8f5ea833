"""What training gets: tensors in memory, and what is needed to treat new rows alike."""

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from mtl_core.spec import DataNote, TargetInfo


def row_mask(mask: Tensor) -> Tensor:
    """``[N]``, which rows have a label, of a mask of rows or of rows and values."""
    return mask if mask.dim() == 1 else mask.any(dim=1)


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of one split.

    Attributes:
        inputs: ``[N, …]`` float32; of texts the numbers of their tokens ``[N, L]``.
        targets: Per task what its kind's ``target_tensor`` gives (:class:`mtl_core.tasks.task_kind.TaskKind`):
            ``[N, W]`` float32 numbers in training units, ``[N]`` int64 classes or ``[N, H, W]`` uint8 maps of them, 0
            where the label is missing; or ``[N, L]`` int16 tags, -1 where there is no token or no label.
        masks: Per task ``[N]`` bool, true where there is a label; ``[N, W]``, of each value, where some rows have only
            some of their values; only of tasks that lack some label in any split.
        rows: ``[N]`` int64 on the CPU: which rows of the data these are, counted from 0; None where nobody knows.
    """

    inputs: Tensor
    targets: dict[str, Tensor]
    masks: dict[str, Tensor] = field(default_factory=dict)
    rows: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def labelled(self, task: str) -> Tensor | None:
        """``[N]`` bool, true where a row has a label of a task, or one of its values; None where every row has one."""
        mask = self.masks.get(task)
        return None if mask is None else row_mask(mask)

    def to(self, device: torch.device | str) -> "Split":
        """The same rows on a device."""
        return Split(
            self.inputs.to(device),
            {name: tensor.to(device) for name, tensor in self.targets.items()},
            {name: tensor.to(device) for name, tensor in self.masks.items()},
            self.rows,
        )


@dataclass(frozen=True, eq=False)
class TaskData:
    """A data set prepared for some tasks. It is shared between those who ask for it: never write into its tensors.

    Attributes:
        input_shape: Shape of one row's input.
        targets: What each task's target looks like.
        fingerprint: Hash of the content, of how it is read and split, and of the targets.
        preprocessing: Plain data that :func:`mtl_core.datasets.transform_inputs` needs to treat new rows alike, and
            each task's classes or mean and deviation.
        notes: What a person should know about how the rows were used.
    """

    train: Split
    val: Split
    test: Split
    input_shape: tuple[int, ...]
    targets: dict[str, TargetInfo]
    fingerprint: str
    preprocessing: dict[str, Any]
    notes: tuple[DataNote, ...] = ()

    def to(self, device: torch.device | str) -> "TaskData":
        """The same data on a device."""
        return replace(self, train=self.train.to(device), val=self.val.to(device), test=self.test.to(device))
