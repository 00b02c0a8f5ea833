"""A trained model as a function from inputs to probabilities, or to values in the target's units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.datasets.data import Inputs, Split
from mtl_core.datasets.inputs.registry import input_preprocessing
from mtl_core.errors import InputError
from mtl_core.evaluation.ensemble import Predictor
from mtl_core.explanation.input_parts import InputPart, input_parts
from mtl_core.protocol.series_key import SPLITS, SplitName
from mtl_core.spec import BaseTask, TargetInfo
from mtl_core.tasks import TaskHead
from mtl_core.text import close_matches, did_you_mean, format_names


@dataclass(frozen=True)
class ExplainedModel:
    """The model of a run with what its explanations need.

    Attributes:
        model: The model, in evaluation mode and without gradients of its parameters.
        heads: The tasks, in order.
        output_names: The classes, labels or values of each task's prediction, by task.
        preprocessing: The fitted preprocessing of each input, by name.
        device: The device of the model.
    """

    model: nn.Module
    heads: tuple[TaskHead, ...]
    output_names: Mapping[str, tuple[str, ...]]
    preprocessing: Mapping[str, Mapping[str, Any]]
    device: torch.device

    @classmethod
    def of(cls, predictor: Predictor) -> "ExplainedModel":
        """The model of a run, or the ensemble of several."""
        tasks, targets = predictor.spec.tasks, predictor.data.targets
        return cls(
            predictor.model.eval().requires_grad_(False),
            predictor.heads,
            {task.name: _output_names(task, targets[task.name]) for task in tasks},
            input_preprocessing(predictor.data.preprocessing),
            predictor.device,
        )

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks, in order."""
        return tuple(head.name for head in self.heads)

    @cached_property
    def parts(self) -> tuple[InputPart, ...]:
        """The columns of tables, and the other inputs."""
        return input_parts(self.preprocessing)

    def task_index(self, task: str) -> int:
        """The index of a task.

        Raises:
            InputError: There is no such task.
        """
        return _index(self.task_names, task, "task", "the model has no such task")

    def output_index(self, task: str, output: str) -> int:
        """The index of a class, label or value in the prediction of a task.

        Raises:
            InputError: There is no such output.
        """
        return _index(self.output_names[task], output, "output", f"task {task!r} has no such class or value")

    def predict(self, inputs: Inputs) -> list[Tensor]:
        """The prediction of each task, ``[N, outputs]`` float64; of maps and sequences the mean over all positions."""
        return [self.decode(index, output) for index, output in enumerate(self.model(inputs))]

    def decode(self, task: int, output: Tensor) -> Tensor:
        """``[N, outputs]``: the prediction of a task from its output, the members of TabM averaged."""
        head = self.heads[task]
        prediction = head.predict(head.average_members(output).double())
        return prediction if prediction.dim() == 2 else prediction.flatten(2).mean(dim=2)


def _index(names: Sequence[str], name: str, where: str, rule: str) -> int:
    if name in names:
        return names.index(name)
    close = close_matches(name, names)
    fix = did_you_mean(close) if close else f"It has {format_names(list(names), 8)}."
    raise InputError(where, rule, found=name, fix=fix)


def _output_names(task: BaseTask, info: TargetInfo) -> tuple[str, ...]:
    if info.edges:
        return tuple(f"no event by {edge:g}" for edge in info.edges)
    if info.classes:
        return info.classes
    if len(task.targets) == info.width:
        return tuple(task.targets)
    return tuple(f"value {number}" for number in range(1, info.width + 1))


def find_row(splits: Mapping[str, Split], row: int, preferred: SplitName) -> tuple[SplitName, int]:
    """The split of a row of the data and its position there.

    Args:
        splits: The splits by name.
        row: Number of the row in the data, from 1.
        preferred: The split to look into first; without known rows, those of this one are numbered.

    Raises:
        InputError: No split has the row.
    """
    for name in (preferred, *(name for name in SPLITS if name != preferred)):
        rows = splits[name].rows
        if rows is None:
            if name == preferred and 1 <= row <= len(splits[name]):
                return name, row - 1
            continue
        if len(positions := (rows == row - 1).nonzero()):
            return name, int(positions[0])
    rule = "no split has this row; one without any label or with an unreadable file is left out"
    raise InputError("row", rule, found=row, fix="Rows of the data are numbered from 1.")
