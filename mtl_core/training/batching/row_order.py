"""The order in which an epoch visits the rows, a function of seed and epoch number alone."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Generator, Tensor

from mtl_core.datasets.data import Split, row_mask
from mtl_core.spec import Sampling, Task
from mtl_core.spec.training.sampling import BalancedClasses, BalancedTasks, Shuffled
from mtl_core.training.runtime.seeding import epoch_generator, epoch_order

Order = Callable[[int, int], Tensor]
"""From seed and epoch to the numbers of the rows to visit, as many as the split has."""


def build_order(sampling: Sampling, split: Split, tasks: Sequence[Task]) -> Order:
    """The order that a spec asks for.

    Args:
        sampling: Which.
        split: The training rows.
        tasks: The experiment's tasks; the one to balance by has classes.
    """
    rows = len(split)
    match sampling:
        case Shuffled():
            return partial(epoch_order, rows)
        case BalancedClasses():
            task = sampling.task or next(task.name for task in tasks if task.row_classes)
            targets, mask = split.targets[task], split.labelled(task)
            classes = targets.reshape(rows, -1)[:, 0].long().cpu()
            labelled = torch.ones(rows, dtype=torch.bool) if mask is None else mask.cpu()
            groups = [
                rows_of
                for c in np.unique(classes.numpy()).tolist()
                if len(rows_of := _where(labelled & (classes == c)))
            ]
            return partial(_balanced, groups, _where(~labelled))
        case BalancedTasks():
            labels = [row_mask(mask).cpu() for mask in split.masks.values()]
            masks = {mask.numpy().tobytes(): mask for mask in labels}
            whole = [torch.ones(rows, dtype=torch.bool)] if len(split.masks) < len(tasks) else []
            groups = [found for mask in (*masks.values(), *whole) if len(found := _where(mask))]
            if not groups or (len(groups) == 1 and len(groups[0]) == rows):
                return partial(epoch_order, rows)
            return partial(_balanced, groups, torch.empty(0, dtype=torch.long), count=rows)


def _balanced(groups: Sequence[Tensor], others: Tensor, seed: int, epoch: int, *, count: int | None = None) -> Tensor:
    """Rows of all groups in turn, and between them, anywhere, each of the others once.

    Args:
        groups: The rows of each group; one may be in several.
        others: Rows that are in none.
        seed: The run's.
        epoch: Which, from 0.
        count: How many rows in all; by default as many as groups and others have.
    """
    generator = epoch_generator(seed, epoch)
    count = sum(map(len, groups)) + len(others) if count is None else count
    order = torch.empty(count, dtype=torch.long)
    free = torch.ones(count, dtype=torch.bool)
    if len(others):
        places = torch.randperm(count, generator=generator)[: len(others)]
        order[places] = others
        free[places] = False
    order[free] = _in_turn(groups, count - len(others), generator)
    return order


def _in_turn(groups: Sequence[Tensor], count: int, generator: Generator) -> Tensor:
    """``count`` rows: every so many in a row hold each group once, in an order of their own."""
    rounds = -(-count // max(len(groups), 1))
    turns = torch.rand(rounds, len(groups), generator=generator).argsort(dim=1).reshape(-1)[:count]
    rows = torch.empty(count, dtype=torch.long)
    for number, group in enumerate(groups):
        places = _where(turns == number)
        again = -(-len(places) // len(group))
        drawn = [group[torch.randperm(len(group), generator=generator)] for _ in range(again)]
        rows[places] = torch.cat([*drawn, group[:0]])[: len(places)]
    return rows


def _where(mask: Tensor) -> Tensor:
    return mask.nonzero().squeeze(1)
