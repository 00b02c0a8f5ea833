"""The data that training gets: tensors in memory, and the fitted preprocessing for new rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from mtl_core.datasets.decoding import Augmentation, Decoder
from mtl_core.spec import DataNote, TargetInfo
from mtl_core.spec.augmentation import MixUp
from mtl_core.spec.reports import Shape

Inputs = Mapping[str, Tensor]
"""What a model reads of some rows, by input: float32 ``[N, …]``, of texts the ids of their tokens ``[N, L]``.

Of an input that some rows lack there is also a bool mask ``[N]`` of the rows that have it, under its
:func:`mtl_core.spec.presence_key`.
"""


def row_mask(mask: Tensor) -> Tensor:
    """Reduce a mask ``[N]`` of rows or ``[N, W]`` of their values to ``[N]``, true where a row has any label."""
    return mask if mask.dim() == 1 else mask.any(dim=1)


def decode(stored: Inputs, decoders: Mapping[str, Decoder]) -> dict[str, Tensor]:
    """Turn stored rows of each input into what the model reads."""
    return {name: decoders[name](tensor) if name in decoders else tensor for name, tensor in stored.items()}


_FLOAT_BYTES = 4


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of one split.

    Attributes:
        inputs: As :data:`Inputs`, but as stored: an input with a decoder may be of another type.
        targets: Per task what its kind's ``target_tensor`` gives (:class:`mtl_core.tasks.task_kind.TaskKind`):
            ``[N, W]`` float32 numbers in training units, ``[N]`` int64 classes or ``[N, H, W]`` uint8 maps of them, 0
            where the label is missing; or ``[N, L]`` int16 tags, -1 where there is no token or no label.
        masks: Per task ``[N]`` bool, true where there is a label; ``[N, W]``, true where there is a value, if some rows
            have only some of their values. Only of tasks that lack some label in any split.
        rows: ``[N]`` int64 on the CPU: the indices of the rows in the data; None where they are not known.
        decoders: By input, what turns its stored rows into what the model reads; only of inputs that need it.
        augmentations: By input, the random changes of its stored rows in training.
        mix_up: How the rows of a batch are mixed in training; None if they are not. They have one input, of pictures.
        is_mapped: Whether some input is mapped into memory from a file, so that selecting its rows may wait for a disk.
    """

    inputs: dict[str, Tensor]
    targets: dict[str, Tensor]
    masks: dict[str, Tensor] = field(default_factory=dict)
    rows: Tensor | None = None
    decoders: Mapping[str, Decoder] = field(default_factory=dict)
    augmentations: Mapping[str, Augmentation] = field(default_factory=dict)
    mix_up: MixUp | None = None
    is_mapped: bool = False

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return next(iter(self.inputs.values())).device

    @property
    def row_bytes(self) -> int:
        """The size of the inputs of a row as the model reads them."""
        return sum(tensor[:1].numel() * _FLOAT_BYTES for tensor in self.inputs.values())

    def select_inputs(self, rows: slice | Tensor, device: torch.device | str | None = None) -> dict[str, Tensor]:
        """What the model reads of some rows, on a device; by default that of the tensors."""
        selected = {name: tensor[rows].to(device or tensor.device) for name, tensor in self.inputs.items()}
        return decode(selected, self.decoders)

    def label_mask(self, task: str) -> Tensor | None:
        """``[N]`` bool, true where a row has a label of a task, or one of its values; None where every row has one."""
        mask = self.masks.get(task)
        return None if mask is None else row_mask(mask)

    def to(self, device: torch.device | str) -> "Split":
        """The same rows on a device."""
        return replace(
            self,
            inputs={name: tensor.to(device) for name, tensor in self.inputs.items()},
            targets={name: tensor.to(device) for name, tensor in self.targets.items()},
            masks={name: tensor.to(device) for name, tensor in self.masks.items()},
            is_mapped=self.is_mapped and torch.device(device) == self.device,
        )


@dataclass(frozen=True, eq=False)
class TaskData:
    """A data set prepared for some tasks. Callers share it: never write into its tensors.

    Attributes:
        input_shapes: Shape of one row of each input, by name, in the order of the spec.
        targets: Shape, classes and statistics of each task's target.
        fingerprint: Hash of the content, of how it is read and split, and of the targets.
        preprocessing: The fitted preprocessing as plain data, for :mod:`mtl_core.datasets.new_rows`, and each task's
            classes or mean and standard deviation.
        notes: Notes about how the rows were used.
    """

    train: Split
    val: Split
    test: Split
    input_shapes: dict[str, Shape]
    targets: dict[str, TargetInfo]
    fingerprint: str
    preprocessing: dict[str, Any]
    notes: tuple[DataNote, ...] = ()

    @property
    def splits(self) -> dict[str, Split]:
        """The splits by name."""
        return {"train": self.train, "val": self.val, "test": self.test}

    def to(self, device: torch.device | str) -> "TaskData":
        """The same data on a device."""
        return replace(self, train=self.train.to(device), val=self.val.to(device), test=self.test.to(device))
