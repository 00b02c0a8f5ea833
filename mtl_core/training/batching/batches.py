"""Iterators over batches of a split, cut from tensors in memory; replaces ``DataLoader``.

A ``DataLoader`` over small tensors takes a quarter to four fifths of the training speed; one index gather for many
batches at once costs next to nothing.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mtl_core.datasets.data import Split, decode
from mtl_core.datasets.decoding import Decoder
from mtl_core.spec import InputError
from mtl_core.spec.reports import Shape
from mtl_core.training.batching.mixing import Pairing, PartnerLabels, draw_pairing, partner_labels
from mtl_core.training.batching.read_ahead import Rows, read_ahead
from mtl_core.training.batching.row_order import RowOrder
from mtl_core.training.runtime.seeding import batch_generator, epoch_order, mixing_generator

_CHUNK_BYTES = 2**20
_CHUNK_BATCHES = 64


@dataclass(frozen=True)
class Batch:
    """A batch of rows of a split.

    Attributes:
        inputs: ``[B, …]`` of each input.
        targets: Targets of each task, in task order.
        masks: For each task a ``[B]`` mask of labeled rows, or ``[B, W]`` of labeled values; None if all are labeled.
        present: For each task whether the batch has a label of it; None if no task has a mask.
        partner_labels: Of a batch whose rows are mixed in pairs; None of other batches.
    """

    inputs: dict[str, Tensor]
    targets: tuple[Tensor, ...]
    masks: tuple[Tensor | None, ...]
    present: tuple[bool, ...] | None
    partner_labels: PartnerLabels | None = None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def select(self, rows: slice) -> "Batch":
        """Return the batch of a slice of the rows."""
        masks = tuple(None if mask is None else mask[rows] for mask in self.masks)
        partners = None if self.partner_labels is None else self.partner_labels.select(rows)
        labeled = masks if partners is None else tuple(map(_either, masks, partners.masks))
        present = (
            None
            if self.present is None
            else _labeled_tasks([None if mask is None else (mask,) for mask in labeled], 1)[0]
        )
        inputs = {name: tensor[rows] for name, tensor in self.inputs.items()}
        return Batch(inputs, tuple(target[rows] for target in self.targets), masks, present, partners)


@dataclass(frozen=True)
class StackedBatch:
    """One batch for each of S runs, stacked.

    Attributes:
        inputs: ``[S, B, …]`` of each input.
        targets: For each task ``[S, B, …]``, in task order.
        masks: For each task ``[S, B]`` or ``[S, B, W]``, or None if all rows are labeled.
        present: For each run, whether its batch has a label of each task; None if no task has a mask.
    """

    inputs: dict[str, Tensor]
    targets: tuple[Tensor, ...]
    masks: tuple[Tensor | None, ...]
    present: tuple[tuple[bool, ...], ...] | None


class Batches:
    """Iterates over a split in batches on the training device.

    Args:
        split: The rows; if they are on another device, they are copied chunk by chunk.
        tasks: Names of the tasks, in the order of the targets.
        batch_size: Rows per batch.
        device: Device of the batches.
        drop_single: Drop a last batch of one row, which batch normalization cannot process.
        order: Row order of an epoch; by default a random permutation.
    """

    def __init__(
        self,
        split: Split,
        tasks: tuple[str, ...],
        batch_size: int,
        device: torch.device,
        *,
        drop_single: bool = False,
        order: RowOrder | None = None,
    ) -> None:
        self.rows = len(split)
        self.batch_size = min(batch_size, max(self.rows, 1))
        self.device = device
        full, rest = divmod(self.rows, self.batch_size)
        self.count = full + (rest > 0) - (drop_single and full > 0 and rest == 1)
        self._inputs, self._decoders, self._storage = split.inputs, split.decoders, split.device
        self._augmentations, self._mix_up, self._is_mapped = split.augmentations, split.mix_up, split.is_mapped
        self._targets = tuple(split.targets[task] for task in tasks)
        self._masks = tuple(split.masks.get(task) for task in tasks)
        self._order = order or partial(epoch_order, self.rows)
        row_bytes = max(split.row_bytes, 1)
        self._chunk = max(1, min(_CHUNK_BATCHES, _CHUNK_BYTES // (row_bytes * self.batch_size)))

    def iter_shuffled(self, seed: int, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Iterate over the batches of an epoch, from batch ``start`` on.

        Chunks are aligned independently of ``start``, so that a resumed run computes on the same memory layout.
        """
        order = self._order(seed, epoch).to(self._storage)
        first_batches = range(start - start % self._chunk, self.count, self._chunk)
        rows = (order[self._chunk_rows(first, self._chunk)] for first in first_batches)
        for first_batch, chunk in zip(first_batches, self._select_chunks(rows), strict=True):
            augmented = self._augment(chunk, [seed], epoch, first_batch)
            batches = self._batches(*self._mix(augmented, seed, epoch, first_batch))
            yield from (batch for number, batch in enumerate(batches, first_batch) if number >= start)

    def iter_stacked(self, seeds: Sequence[int], epoch: int) -> Iterator[StackedBatch]:
        """Iterate over the stacked batches of an epoch for several runs, each in the row order of its own seed."""
        orders = torch.stack([self._order(seed, epoch) for seed in seeds]).to(self._storage)
        count = max(self._chunk // len(seeds), 1)
        first_batches = range(0, self.count, count)
        rows = [orders[:, self._chunk_rows(first, count)] for first in first_batches]
        chunks = self._select_chunks(chunk_rows.reshape(-1) for chunk_rows in rows)
        for first_batch, chunk, chunk_rows in zip(first_batches, chunks, rows, strict=True):
            yield from self._stacked_batches(self._augment(chunk, seeds, epoch, first_batch), chunk_rows.shape)

    def _chunk_rows(self, first_batch: int, count: int) -> slice:
        """The rows of up to so many batches, in the order of an epoch."""
        return slice(first_batch * self.batch_size, min(first_batch + count, self.count) * self.batch_size)

    def _stacked_batches(self, chunk: "_Chunk", shape: torch.Size) -> Iterator[StackedBatch]:
        def split_rows(tensor: Tensor) -> tuple[Tensor, ...]:
            return torch.split(tensor.view(*shape, *tensor.shape[1:]), self.batch_size, dim=1)

        batches = chunk.decode(self._decoders).map(split_rows)
        present = _stacked_labeled_tasks(batches.masks, batches.count, shape[0])
        yield from (StackedBatch(*batches.at(i), present[i]) for i in range(batches.count))

    def iter_in_order(self) -> Iterator[Batch]:
        """Iterate over all rows once, in the order of the split."""
        step = self.batch_size * self._chunk
        rows = (slice(first, first + step) for first in range(0, self.rows, step))
        for chunk in self._select_chunks(rows):
            yield from self._batches(chunk)

    def _batches(self, chunk: "_Chunk", pairings: Sequence[Pairing] = ()) -> Iterator[Batch]:
        split_rows = partial(torch.split, split_size_or_sections=self.batch_size)
        batches = chunk.decode(self._decoders).map(split_rows)
        present = _labeled_tasks(batches.masks, batches.count)
        for i in range(batches.count):
            inputs, targets, masks = batches.at(i)
            partners = partner_labels(pairings[i], targets, masks) if pairings else None
            yield Batch(inputs, targets, masks, present[i], partners)

    def _select_chunks(self, rows: Iterator[Rows]) -> Iterator["_Chunk"]:
        """Select the rows of many batches at a time, on the device."""
        if self._is_mapped:
            rows = read_ahead(rows, list(self._inputs.values()))
        for chunk_rows in rows:
            chunk = _Chunk(
                {name: _select_rows(tensor, chunk_rows) for name, tensor in self._inputs.items()},
                [_select_rows(target, chunk_rows) for target in self._targets],
                [None if mask is None else _select_rows(mask, chunk_rows) for mask in self._masks],
            )
            yield chunk.to(self.device)

    def _augment(self, chunk: "_Chunk", seeds: Sequence[int], epoch: int, first_batch: int) -> "_Chunk":
        """Change stored inputs at random: each batch of each run by its own generator, however they are chunked."""
        if not self._augmentations:
            return chunk
        inputs = dict(chunk.inputs)
        for name, augmentation in self._augmentations.items():
            runs = zip(seeds, torch.chunk(inputs[name], len(seeds)), strict=True)
            inputs[name] = torch.cat(
                [
                    augmentation(batch, batch_generator(seed, epoch, number))
                    for seed, run_rows in runs
                    for number, batch in enumerate(torch.split(run_rows, self.batch_size), first_batch)
                ]
            )
        return replace(chunk, inputs=inputs)

    def _mix(self, chunk: "_Chunk", seed: int, epoch: int, first_batch: int) -> "tuple[_Chunk, Sequence[Pairing]]":
        """Mix the rows within each batch; returns also which, by batch."""
        if self._mix_up is None:
            return chunk, ()
        split = {name: torch.split(tensor, self.batch_size) for name, tensor in chunk.inputs.items()}
        pairings, mixed = [], []
        for i, first in enumerate(next(iter(split.values()))):
            pairings.append(draw_pairing(self._mix_up, len(first), mixing_generator(seed, epoch, first_batch + i)))
            mixed.append(pairings[-1].mix({name: batches[i] for name, batches in split.items()}))
        inputs = {name: torch.cat([batch[name] for batch in mixed]) for name in split}
        return replace(chunk, inputs=inputs), pairings


@dataclass(frozen=True)
class _Chunk:
    """The rows of many batches; the inputs are as stored until they are decoded."""

    inputs: dict[str, Tensor]
    targets: list[Tensor]
    masks: list[Tensor | None]

    def to(self, device: torch.device) -> "_Chunk":
        """The same rows on a device."""
        return _Chunk(
            {name: tensor.to(device, non_blocking=True) for name, tensor in self.inputs.items()},
            [target.to(device, non_blocking=True) for target in self.targets],
            [None if mask is None else mask.to(device, non_blocking=True) for mask in self.masks],
        )

    def decode(self, decoders: Mapping[str, Decoder]) -> "_Chunk":
        """The inputs as the model reads them."""
        return replace(self, inputs=decode(self.inputs, decoders))

    def map(self, split: Callable[[Tensor], tuple[Tensor, ...]]) -> "_ChunkBatches":
        """Split every tensor into batches."""
        return _ChunkBatches(
            {name: split(tensor) for name, tensor in self.inputs.items()},
            [split(target) for target in self.targets],
            [None if mask is None else split(mask) for mask in self.masks],
        )


@dataclass(frozen=True)
class _ChunkBatches:
    """Every tensor of a chunk, split into batches."""

    inputs: dict[str, tuple[Tensor, ...]]
    targets: list[tuple[Tensor, ...]]
    masks: list[tuple[Tensor, ...] | None]

    @property
    def count(self) -> int:
        """Number of batches."""
        return len(next(iter(self.inputs.values())))

    def at(self, i: int) -> tuple[dict[str, Tensor], tuple[Tensor, ...], tuple[Tensor | None, ...]]:
        """The inputs, targets and masks of a batch."""
        return (
            {name: batches[i] for name, batches in self.inputs.items()},
            tuple(batches[i] for batches in self.targets),
            tuple(None if batches is None else batches[i] for batches in self.masks),
        )


def _labeled_tasks(masks: list[tuple[Tensor, ...] | None], count: int) -> list[tuple[bool, ...] | None]:
    """For each batch of a chunk tell which tasks are labeled, with one copy from the device per task."""
    if all(mask is None for mask in masks):
        return [None] * count
    columns = [[True] * count if mask is None else torch.stack([m.any() for m in mask]).tolist() for mask in masks]
    return list(zip(*columns, strict=True))


def _stacked_labeled_tasks(
    masks: list[tuple[Tensor, ...] | None], count: int, runs: int
) -> list[tuple[tuple[bool, ...], ...] | None]:
    """For each batch and run tell which tasks are labeled, with one copy from the device per task."""
    if all(mask is None for mask in masks):
        return [None] * count
    all_labeled = [[True] * runs] * count
    columns = [
        all_labeled if mask is None else torch.stack([m.flatten(1).any(dim=1) for m in mask]).tolist() for mask in masks
    ]
    return [tuple(zip(*batch, strict=True)) for batch in zip(*columns, strict=True)]


def _either(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    """Which rows or values have a label in one of two masks."""
    return None if first is None or second is None else first | second


def _select_rows(tensor: Tensor, rows: Rows) -> Tensor:
    return tensor[rows] if isinstance(rows, slice) else tensor.index_select(0, rows)


def check_single_rows(model: nn.Module, rows: int, input_shapes: Mapping[str, Shape]) -> None:
    """Check that a model can be trained on batches of one row, where batch normalization may see a single value.

    Args:
        model: On any device; not changed.
        rows: Rows of the training split, on which the proposed fix depends.
        input_shapes: Shape of a row of each input.

    Raises:
        InputError: The model cannot be trained on them.
    """
    if not any(isinstance(module, _BatchNorm) for module in model.modules()):
        return
    model_copy = copy.deepcopy(model).to("cpu").train()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            model_copy({name: torch.zeros(1, *shape) for name, shape in input_shapes.items()})
    except ValueError:
        rule = "batch normalization needs at least two rows a batch"
        if rows > 1:
            fix = "Take at least 2, or layer normalization."
            raise InputError("training.batch_size", rule, found=1, fix=fix) from None
        fix = "Take more, or layer normalization."
        raise InputError("dataset.split.train", rule, found="one training row", fix=fix) from None


def fits_on_device(split_bytes: int, device: torch.device) -> bool:
    """Whether data of that size takes less than half of the device's free memory."""
    if device.type != "cuda":
        return True
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return split_bytes < free_bytes // 2


def count_split_bytes(splits: Mapping[str, Split]) -> int:
    """Return the size of splits in memory, in bytes."""
    return sum(
        tensor.nbytes
        for split in splits.values()
        for tensor in (*split.inputs.values(), *split.targets.values(), *split.masks.values())
    )
