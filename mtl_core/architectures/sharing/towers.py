"""Trunks side by side that exchange features after every stage: what cross-stitch, sluice and NDDR have in common."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.multi_task_model import Features, MultiTaskModel
from mtl_core.architectures.sharing.blocks import ByTask, Tower
from mtl_core.protocol.series import Unit, unit_name


class TowersModel(MultiTaskModel):
    """A trunk for each task; behind each stage a unit makes every task's features out of all tasks' features.

    Every task's loss reaches every trunk (but for what only its own last unit reads), so trunks and units are shared.

    Args:
        towers: Each task's trunk, in task order.
        heads: Each task's layers, the output layer included.
        units: For each stage, by the place of its last layer, from K tensors to K tensors of the same shape.
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
        self.towers = ByTask(towers)
        self.heads = ByTask(heads)
        self.units = nn.ModuleDict({str(place): unit for place, unit in units.items()})
        self._lr_factor = lr_factor

    def features(self, inputs: Tensor) -> Features:
        """One tensor for each task, behind its own trunk."""
        return self.ends(self.levels(inputs), inputs)

    def levels(self, inputs: Tensor) -> list[list[Tensor]]:
        """What leaves each unit: a tensor for each task."""
        streams = [inputs] * len(self.tasks)
        found = []
        for level, unit in enumerate(self.units.values()):
            streams = unit([tower.stages[level](x) for tower, x in zip(self._towers(), streams, strict=True)])
            found.append(streams)
        return found

    def ends(self, levels: Sequence[Sequence[Tensor]], inputs: Tensor) -> Features:
        """What the trunks make of the last stage, through their tails."""
        last = levels[-1] if levels else [inputs] * len(self.tasks)
        return tuple(tower.tail(x) for tower, x in zip(self._towers(), last, strict=True))

    def _towers(self) -> list[Tower]:
        return [tower for tower in self.towers.values() if isinstance(tower, Tower)]

    def head(self, task: int, features: Features) -> Tensor:
        """A head's output from the features of its task."""
        output: Tensor = self.heads.of(self.tasks[task])(features[task])
        return output

    def lr_factor(self, name: str) -> float:
        """The units may learn at a rate of their own."""
        return self._lr_factor if name.startswith("units.") else 1.0

    def shared_parameters(self) -> list[nn.Parameter]:
        """Those of all trunks and units."""
        return [*self.towers.parameters(), *self.units.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of every trunk's last layer that has any."""
        return [parameter for tower in self._towers() for parameter in tower.last_parameters()]

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Those of one task's head, its output layer included."""
        return list(self.heads.of(task).parameters())

    def tabled(self, unit: Unit, tables: Sequence[Sequence[Sequence[float]]]) -> dict[tuple[str, str], float]:
        """Numbers to record: what each task takes from each, at every unit.

        Args:
            unit: What a unit is called.
            tables: A K×K table for each, a row for the task that takes.
        """
        return {
            (task, unit_name(unit, number, other)): table[i][j]
            for number, table in enumerate(tables, 1)
            for i, task in enumerate(self.tasks)
            for j, other in enumerate(self.tasks)
        }


def shares(own: float, size: int) -> Tensor:
    """[size, size]: each row gives ``own`` to itself and the rest of 1 in equal parts to the others."""
    if size == 1:
        return torch.ones(1, 1)
    return torch.full((size, size), (1 - own) / (size - 1)).fill_diagonal_(own)
