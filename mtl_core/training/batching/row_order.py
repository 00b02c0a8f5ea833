"""Row order of an epoch (sampler): shuffled, balanced by class or task, or tasks mixed in given shares.

It depends only on seed and epoch, so that checkpoints do not contain it and a resumed run has the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Generator, Tensor

from mtl_core.datasets.data import Split
from mtl_core.spec import Sampling, Task, shorten
from mtl_core.spec.training.sampling import BalancedClasses, BalancedTasks, Shuffled, TaskProportions, TaskTemperature
from mtl_core.training.runtime.seeding import epoch_generator, epoch_order

RowOrder = Callable[[int, int], Tensor]
"""Returns the row indices of an epoch from seed and epoch number."""
MixedTasks = BalancedTasks | TaskTemperature | TaskProportions
"""Samplings that draw the rows of each task in a share of its own."""


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
        case BalancedTasks() | TaskTemperature() | TaskProportions():
            mix = mix_tasks(sampling, split, tasks)
            groups = [group.rows for group in mix]
            if len(groups) == 1 and len(groups[0]) == rows:
                return partial(epoch_order, rows)
            if isinstance(sampling, BalancedTasks):
                return partial(_balanced_order, groups, torch.empty(0, dtype=torch.long), count=rows)
            return partial(_mixed_order, groups, [group.share for group in mix], rows)


@dataclass(frozen=True)
class TaskGroup:
    """Tasks with labels on the same training rows.

    Attributes:
        tasks: Their names.
        rows: Indices of the rows.
        share: Their share of an epoch's draws.
    """

    tasks: tuple[str, ...]
    rows: Tensor
    share: float


def mix_tasks(sampling: MixedTasks, split: Split, tasks: Sequence[Task]) -> list[TaskGroup]:
    """Group tasks by their labeled rows, with the share of each group; groups may overlap.

    Args:
        sampling: What the shares depend on.
        split: The training rows.
        tasks: Tasks of the experiment.
    """
    names: dict[bytes, list[str]] = {}
    rows: dict[bytes, Tensor] = {}
    everywhere = torch.ones(len(split), dtype=torch.bool)
    for task in sorted((task.name for task in tasks), key=lambda name: name not in split.masks):
        mask = split.label_mask(task)
        mask = everywhere if mask is None else mask.cpu()
        if mask.any():
            names.setdefault(key := mask.numpy().tobytes(), []).append(task)
            rows[key] = _true_indices(mask)
    match sampling:
        case BalancedTasks():
            sizes = dict.fromkeys(names, 1.0)
        case TaskTemperature(temperature=temperature, limit=limit):
            sizes = {key: min(len(rows[key]), limit or len(split)) ** (1 / temperature) for key in names}
        case TaskProportions(proportions=proportions):
            sizes = {key: sum(proportions.get(task, 1.0) for task in group) for key, group in names.items()}
    total = sum(sizes.values())
    return [TaskGroup(tuple(names[key]), rows[key], size / total) for key, size in sizes.items() if size]


def describe_mix(sampling: Sampling, split: Split, tasks: Sequence[Task]) -> str:
    """Describe the rows of an epoch: their number, and the share of each task; empty if no task has one of its own."""
    if not isinstance(sampling, MixedTasks):
        return ""
    groups = mix_tasks(sampling, split, tasks)
    shares = ", ".join(f"{100 * group.share:.3g} % {' and '.join(group.tasks)}" for group in groups)
    return f"an epoch draws {len(split)} rows: {shorten(shares, 300)}"


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
    return _draw_rows(groups, group_numbers, generator)


def _mixed_order(groups: Sequence[Tensor], shares: Sequence[float], count: int, seed: int, epoch: int) -> Tensor:
    """Return ``count`` rows, of each group its share, spread evenly over the epoch.

    What is left of a share below a whole row is drawn: in the mean of the epochs, shares are exact.

    Args:
        groups: Row indices of each group; groups may overlap.
        shares: The share of each group; they sum up to 1.
        count: Rows to return.
        seed: Seed of the run.
        epoch: Number of the epoch, from 0.
    """
    generator = epoch_generator(seed, epoch)
    ends = torch.tensor(shares, dtype=torch.double).cumsum(0) * count
    ends[-1] = count  # whatever rounding made of it
    ends = (ends + torch.rand(1, generator=generator, dtype=torch.double)).floor().long()
    counts = torch.diff(ends, prepend=ends.new_zeros(1)).tolist()
    places = [(torch.arange(n) + torch.rand(n, generator=generator, dtype=torch.double)) / n for n in counts]
    numbers = torch.arange(len(groups)).repeat_interleave(torch.tensor(counts))
    return _draw_rows(groups, numbers[torch.cat(places).argsort()], generator)


def _draw_rows(groups: Sequence[Tensor], group_numbers: Tensor, generator: Generator) -> Tensor:
    """Return a row of the given group for each position; a group's rows repeat only after all of them were drawn."""
    rows = torch.empty(len(group_numbers), dtype=torch.long)
    for number, group in enumerate(groups):
        positions = _true_indices(group_numbers == number)
        repeats = -(-len(positions) // len(group))
        permutations = [group[torch.randperm(len(group), generator=generator)] for _ in range(repeats)]
        rows[positions] = torch.cat([*permutations, group[:0]])[: len(positions)]
    return rows


def _true_indices(mask: Tensor) -> Tensor:
    return mask.nonzero().squeeze(1)
