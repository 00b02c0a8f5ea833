"""Row order of an epoch (sampler): shuffled, or balanced by class or task; depends only on seed and epoch."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Generator, Tensor

from mtl_core.datasets.data import Split, row_mask
from mtl_core.spec import Sampling, Task
from mtl_core.spec.training.sampling import BalancedClasses, BalancedTasks, Shuffled
from mtl_core.training.runtime.seeding import epoch_generator, epoch_order

RowOrder = Callable[[int, int], Tensor]
"""Returns the row indices of an epoch from seed and epoch number."""


def build_row_order(sampling: Sampling, split: Split, tasks: Sequence[Task]) -> RowOrder:
    """Build the row order of a sampling spec.

    Args:
        sampling: The spec.
        split: The training rows.
        tasks: Tasks of the experiment; classes are balanced by one of them.
    """
    rows = len(split)
    match sampling:
        case Shuffled():
            return partial(epoch_order, rows)
        case BalancedClasses():
            task = sampling.task or next(task.name for task in tasks if task.row_classes)
            targets, mask = split.targets[task], split.label_mask(task)
            classes = targets.reshape(rows, -1)[:, 0].long().cpu()
            labeled = torch.ones(rows, dtype=torch.bool) if mask is None else mask.cpu()
            groups = [
                class_rows
                for class_index in np.unique(classes.numpy()).tolist()
                if len(class_rows := _true_indices(labeled & (classes == class_index)))
            ]
            return partial(_balanced_order, groups, _true_indices(~labeled))
        case BalancedTasks():
            row_masks = [row_mask(mask).cpu() for mask in split.masks.values()]
            masks = {mask.numpy().tobytes(): mask for mask in row_masks}
            all_rows = [torch.ones(rows, dtype=torch.bool)] if len(split.masks) < len(tasks) else []
            groups = [group for mask in (*masks.values(), *all_rows) if len(group := _true_indices(mask))]
            if not groups or (len(groups) == 1 and len(groups[0]) == rows):
                return partial(epoch_order, rows)
            return partial(_balanced_order, groups, torch.empty(0, dtype=torch.long), count=rows)


def _balanced_order(
    groups: Sequence[Tensor], unlabeled: Tensor, seed: int, epoch: int, *, count: int | None = None
) -> Tensor:
    """Return rows of all groups in equal shares, with each row outside the groups once at a random position.

    Args:
        groups: Row indices of each group; groups may overlap.
        unlabeled: Row indices that are in no group.
        seed: Seed of the run.
        epoch: Number of the epoch, from 0.
        count: Rows to return; by default as many as the groups and ``unlabeled`` have together.
    """
    generator = epoch_generator(seed, epoch)
    count = sum(map(len, groups)) + len(unlabeled) if count is None else count
    order = torch.empty(count, dtype=torch.long)
    is_free = torch.ones(count, dtype=torch.bool)
    if len(unlabeled):
        positions = torch.randperm(count, generator=generator)[: len(unlabeled)]
        order[positions] = unlabeled
        is_free[positions] = False
    order[is_free] = _interleave_groups(groups, count - len(unlabeled), generator)
    return order


def _interleave_groups(groups: Sequence[Tensor], count: int, generator: Generator) -> Tensor:
    """Return ``count`` rows in rounds; each round has one row of every group, in random order."""
    rounds = -(-count // max(len(groups), 1))
    group_numbers = torch.rand(rounds, len(groups), generator=generator).argsort(dim=1).reshape(-1)[:count]
    rows = torch.empty(count, dtype=torch.long)
    for number, group in enumerate(groups):
        positions = _true_indices(group_numbers == number)
        repeats = -(-len(positions) // len(group))
        permutations = [group[torch.randperm(len(group), generator=generator)] for _ in range(repeats)]
        rows[positions] = torch.cat([*permutations, group[:0]])[: len(positions)]
    return rows


def _true_indices(mask: Tensor) -> Tensor:
    return mask.nonzero().squeeze(1)
