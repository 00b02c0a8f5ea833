"""Base class of schemes with a tower per task and feature exchange after every stage: cross-stitch, sluice, NDDR."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.components.blocks import TaskModules, Tower
from mtl_core.architectures.layers.modules.layer_stack import has_positions_of, reads_mask
from mtl_core.architectures.multi_task_model import Features, MultiTaskModel
from mtl_core.datasets.data import Inputs
from mtl_core.spec.sharing.learned_series import LearnedSeries


class TowersModel(MultiTaskModel):
    """A tower for each task, with a unit after each stage that mixes the features of all tasks.

    Every task's loss reaches every tower (except the parameters of its own last unit), so towers and units are shared.

    Args:
        towers: Each task's trunk, in task order.
        heads: Each task's layers, the output layer included.
        units: For each stage, by the index of its last layer, a module from K tensors to K tensors of the same shape.
        lr_factor: The units' learning rate as a multiple of the trunks'.
    """

    def __init__(
        self,
        towers: Mapping[str, Tower],
        heads: Mapping[str, nn.Module],
        units: Mapping[int, nn.Module],
        lr_factor: float = 1.0,
    ) -> None:
        super().__init__()
        self.tasks = tuple(heads)
        self.towers = TaskModules(towers)
        self.heads = TaskModules(heads)
        self.units = nn.ModuleDict({str(place): unit for place, unit in units.items()})
        self._lr_factor = lr_factor
        self._heads_read_mask = any(map(reads_mask, heads.values()))

    def features(self, inputs: Inputs) -> Features:
        """One tensor for each task, the output of its own tower; then a padding mask that heads read."""
        streams, mask = _with_common_mask([tower.inputs.with_mask(inputs) for tower in self._task_towers()])
        levels, mask = self._run_stages(streams, mask)
        outputs = self.tail_outputs(levels, streams)
        if mask is None or not self._heads_read_mask or not has_positions_of(outputs[0], mask):
            return outputs
        return (*outputs, mask.to(outputs[0].dtype))

    def stage_outputs(self, streams: list[Tensor]) -> list[list[Tensor]]:
        """Outputs of each unit: a tensor for each task, from what each tower reads."""
        return self._run_stages(streams, None)[0]

    def _run_stages(self, streams: list[Tensor], mask: Tensor | None) -> tuple[list[list[Tensor]], Tensor | None]:
        """Outputs of each unit, a tensor for each task, from what each tower reads; and the last padding mask."""
        outputs = []
        for level, unit in enumerate(self.units.values()):
            towers = zip(self._task_towers(), streams, strict=True)
            streams, mask = _with_common_mask([tower.run_stage(level, x, mask) for tower, x in towers])
            streams = unit(streams)
            outputs.append(streams)
        return outputs, mask

    def tail_outputs(self, levels: Sequence[Sequence[Tensor]], streams: Sequence[Tensor]) -> Features:
        """Runs the towers' tails on the last unit's outputs, or on what each tower reads if there is no unit."""
        last = levels[-1] if levels else streams
        return tuple(tower.tail(x) for tower, x in zip(self._task_towers(), last, strict=True))

    def _task_towers(self) -> list[Tower]:
        return [tower for tower in self.towers.values() if isinstance(tower, Tower)]

    def head(self, task: int, features: Features) -> Tensor:
        """Runs a task's head on its own features."""
        output: Tensor = self.heads.for_task(self.tasks[task])(features[task], *features[len(self.tasks) :])
        return output

    def lr_factor(self, name: str) -> float:
        """The units' learning rate factor for their parameters, else 1."""
        return self._lr_factor if name.startswith("units.") else 1.0

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of all towers and units."""
        return [*self.towers.parameters(), *self.units.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of every tower's last layer that has any."""
        return [parameter for tower in self._task_towers() for parameter in tower.last_parameters()]

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters of one task's head, its output layer included."""
        return list(self.heads.for_task(task).parameters())

    def unit_metrics(
        self, series: LearnedSeries, tables: Sequence[Sequence[Sequence[float]]]
    ) -> dict[tuple[str, str], float]:
        """Values to record: the weight of each task's features in each other's, at every unit.

        Args:
            series: The series of the units' weights.
            tables: A K×K table per unit, with a row for each receiving task.
        """
        return {
            (task, series.metric(other, number)): table[i][j]
            for number, table in enumerate(tables, 1)
            for i, task in enumerate(self.tasks)
            for j, other in enumerate(self.tasks)
        }


def _with_common_mask(pairs: Sequence[tuple[Tensor, Tensor | None]]) -> tuple[list[Tensor], Tensor | None]:
    """The tensors of all tasks, and their padding mask, which is that of the text all read."""
    return [tensor for tensor, _ in pairs], pairs[0][1]


def share_matrix(own: float, size: int) -> Tensor:
    """[size, size] a matrix with ``own`` on the diagonal and the rest of 1 spread evenly over each row."""
    if size == 1:
        return torch.ones(1, 1)
    return torch.full((size, size), (1 - own) / (size - 1)).fill_diagonal_(own)
