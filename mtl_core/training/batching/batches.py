"""Batches by index gathers from tensors in memory.

A ``DataLoader`` over small tensors costs a quarter to four fifths of the speed; one gather for many batches at once
costs next to nothing.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mtl_core.datasets.data import Split
from mtl_core.spec import InputError
from mtl_core.training.batching.row_order import Order
from mtl_core.training.runtime.seeding import epoch_order

Take = Callable[[Tensor], Tensor]

_CHUNK_BYTES = 2**20
_CHUNK_BATCHES = 64


@dataclass(frozen=True)
class Batch:
    """Rows of a split.

    Attributes:
        inputs: ``[B, …]``.
        targets: Each task's, in task order.
        masks: Each task's ``[B]`` mask of labelled rows, or ``[B, W]`` of their values, or None where all are.
        present: Which tasks have a label in the batch; None when no task has a mask.
    """

    inputs: Tensor
    targets: tuple[Tensor, ...]
    masks: tuple[Tensor | None, ...]
    present: tuple[bool, ...] | None

    def rows(self, chosen: slice) -> "Batch":
        """Some of its rows."""
        masks = tuple(None if mask is None else mask[chosen] for mask in self.masks)
        present = None if self.present is None else _present([None if m is None else (m,) for m in masks], 1)[0]
        return Batch(self.inputs[chosen], tuple(target[chosen] for target in self.targets), masks, present)


@dataclass(frozen=True)
class StackedBatch:
    """As many rows of a split for each of S runs, each run's own.

    Attributes:
        inputs: ``[S, B, …]``.
        targets: Each task's ``[S, B, …]``, in task order.
        masks: Each task's ``[S, B]`` or ``[S, B, W]``, or None where all rows have a label.
        present: For each run which tasks have a label in its rows; None when no task has a mask.
    """

    inputs: Tensor
    targets: tuple[Tensor, ...]
    masks: tuple[Tensor | None, ...]
    present: tuple[tuple[bool, ...], ...] | None


class Batches:
    """A split cut into batches, on the training device.

    Args:
        split: The rows; kept where they are, moved chunk by chunk when that is not ``device``.
        tasks: The tasks' names, which give the order of the targets.
        batch_size: Rows per batch.
        device: Where the batches are wanted.
        drop_single: Leave out a last batch of one row, which batch normalisation cannot take.
        order: Which rows an epoch visits, as many as there are; by default each once.
    """

    def __init__(
        self,
        split: Split,
        tasks: tuple[str, ...],
        batch_size: int,
        device: torch.device,
        *,
        drop_single: bool = False,
        order: Order | None = None,
    ) -> None:
        self.rows = len(split.inputs)
        self.batch_size = min(batch_size, max(self.rows, 1))
        self.device = device
        full, rest = divmod(self.rows, self.batch_size)
        self.count = full + (rest > 0) - (drop_single and full > 0 and rest == 1)
        self._inputs = split.inputs
        self._targets = tuple(split.targets[task] for task in tasks)
        self._masks = tuple(split.masks.get(task) for task in tasks)
        self._order = order or partial(epoch_order, self.rows)
        row_bytes = max(split.inputs[:1].nbytes, 1)
        self._chunk = max(1, min(_CHUNK_BATCHES, _CHUNK_BYTES // (row_bytes * self.batch_size)))

    def shuffled(self, seed: int, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from the one numbered ``start`` on.

        Chunks begin at the same rows wherever one starts, so that a resumed run computes on memory laid out alike.
        """
        order = self._order(seed, epoch).to(self._inputs.device)
        for first in range(start - start % self._chunk, self.count, self._chunk):
            last = min(first + self._chunk, self.count)
            rows = order[first * self.batch_size : last * self.batch_size]
            batches = self._cut(partial(_select, rows=rows))
            yield from (batch for number, batch in enumerate(batches, first) if number >= start)

    def stacked(self, seeds: Sequence[int], epoch: int) -> Iterator[StackedBatch]:
        """The batches of an epoch for several runs at once, each in the order of rows that its seed has alone."""
        orders = torch.stack([self._order(seed, epoch) for seed in seeds]).to(self._inputs.device)
        chunk = max(self._chunk // len(seeds), 1)
        for first in range(0, self.count, chunk):
            last = min(first + chunk, self.count)
            yield from self._cut_stacked(orders[:, first * self.batch_size : last * self.batch_size])

    def _cut_stacked(self, rows: Tensor) -> Iterator[StackedBatch]:
        def pieces(tensor: Tensor) -> tuple[Tensor, ...]:
            taken = tensor.index_select(0, rows.reshape(-1)).to(self.device, non_blocking=True)
            return torch.split(taken.view(*rows.shape, *tensor.shape[1:]), self.batch_size, dim=1)

        inputs, *targets = (pieces(tensor) for tensor in (self._inputs, *self._targets))
        masks = [None if mask is None else pieces(mask) for mask in self._masks]
        present = _stacked_present(masks, len(inputs), len(rows))
        for i, piece in enumerate(inputs):
            of_tasks = tuple(None if mask is None else mask[i] for mask in masks)
            yield StackedBatch(piece, tuple(target[i] for target in targets), of_tasks, present[i])

    def in_order(self) -> Iterator[Batch]:
        """All rows in their own order, once."""
        for first in range(0, self.rows, self.batch_size * self._chunk):
            last = min(first + self.batch_size * self._chunk, self.rows)
            yield from self._cut(partial(_range, first=first, last=last))

    def _cut(self, take: Take) -> Iterator[Batch]:
        pieces = [self._pieces(tensor, take) for tensor in (self._inputs, *self._targets)]
        masks = [None if mask is None else self._pieces(mask, take) for mask in self._masks]
        present = _present(masks, len(pieces[0]))
        for i, inputs in enumerate(pieces[0]):
            targets = tuple(piece[i] for piece in pieces[1:])
            yield Batch(inputs, targets, tuple(None if mask is None else mask[i] for mask in masks), present[i])

    def _pieces(self, tensor: Tensor, take: Take) -> tuple[Tensor, ...]:
        return torch.split(take(tensor).to(self.device, non_blocking=True), self.batch_size)


def _present(masks: list[tuple[Tensor, ...] | None], count: int) -> list[tuple[bool, ...] | None]:
    """Which tasks have a label in each batch of a chunk: one copy from the device for all of them."""
    if all(mask is None for mask in masks):
        return [None] * count
    columns = [[True] * count if mask is None else torch.stack([m.any() for m in mask]).tolist() for mask in masks]
    return list(zip(*columns, strict=True))


def _stacked_present(
    masks: list[tuple[Tensor, ...] | None], count: int, runs: int
) -> list[tuple[tuple[bool, ...], ...] | None]:
    """Which tasks have a label in each run's rows of each batch: one copy from the device for a task."""
    if all(mask is None for mask in masks):
        return [None] * count
    full = [[True] * runs] * count
    columns = [
        full if mask is None else torch.stack([m.flatten(1).any(dim=1) for m in mask]).tolist() for mask in masks
    ]
    return [tuple(zip(*batch, strict=True)) for batch in zip(*columns, strict=True)]


def _select(tensor: Tensor, rows: Tensor) -> Tensor:
    return tensor.index_select(0, rows)


def _range(tensor: Tensor, first: int, last: int) -> Tensor:
    return tensor[first:last]


def check_single_rows(model: nn.Module, rows: int, input_shape: tuple[int, ...]) -> None:
    """See that a model can be trained on batches of one row: batch normalisation may have a single value then.

    Args:
        model: On any device; left as it is.
        rows: Rows of the training split, which say what to do about it.
        input_shape: Shape of a row.

    Raises:
        InputError: It cannot.
    """
    if not any(isinstance(module, _BatchNorm) for module in model.modules()):
        return
    trial = copy.deepcopy(model).to("cpu").train()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            trial(torch.zeros(1, *input_shape))
    except ValueError:
        rule = "batch normalisation needs at least two rows a batch"
        if rows > 1:
            fix = "Take at least 2, or layer normalisation."
            raise InputError("training.batch_size", rule, found=1, fix=fix) from None
        fix = "Take more, or layer normalisation."
        raise InputError("dataset.split.train", rule, found="one training row", fix=fix) from None


def fits(split_bytes: int, device: torch.device) -> bool:
    """Whether data of that size may lie on the device as a whole, leaving it half of its free memory."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return split_bytes < free // 2


def split_bytes(splits: Mapping[str, Split]) -> int:
    """The size of some splits in memory."""
    return sum(
        tensor.nbytes
        for split in splits.values()
        for tensor in (split.inputs, *split.targets.values(), *split.masks.values())
    )
