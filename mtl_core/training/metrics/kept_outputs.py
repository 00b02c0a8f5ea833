"""Outputs of some rows that are kept while a split is evaluated, which costs no second forward pass."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.analysis.diagnostics.predictions import Integers
from mtl_core.training.batching.batches import Batch

MOST_ROWS = 2048
MOST_BYTES = 2**24
"""Limit for the outputs and targets of the rows that are kept of all tasks."""
SAMPLES = 12
_Part = tuple[Tensor, Tensor, Tensor | None]


class KeptOutputs:
    """Keeps outputs, targets and masks of rows that are spread evenly over a split.

    How many is decided at the first batch, by what a row takes. Whole batches are kept as they are, without a copy.

    Args:
        rows: Number of rows of the split.
        samples_only: For each task whether only :data:`SAMPLES` of the rows are kept.
    """

    def __init__(self, rows: int, samples_only: Sequence[bool]) -> None:
        self._split_rows, self._samples_only = rows, tuple(samples_only)
        self.rows: Integers = np.zeros(0, np.int64)
        self.samples: Integers = np.zeros(0, np.int64)
        self._selections: dict[tuple[int, bool], Tensor | None] = {}
        self._parts: list[list[_Part]] = []
        self._first = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._parts or not self._parts[0]

    def clear(self) -> None:
        """Drop what is kept, before the split is evaluated again."""
        self._parts = [[] for _ in self._samples_only]
        self._first = 0

    def add(self, outputs: Sequence[Tensor], batch: Batch) -> None:
        """Keep the chosen rows of the next batch in the order of the split.

        Args:
            outputs: ``[B, …]`` of each task, without members.
            batch: The batch.
        """
        if not len(self.rows):
            self._choose_rows(outputs, batch)
        for task, (output, samples_only) in enumerate(zip(outputs, self._samples_only, strict=True)):
            chosen = self._selection(len(batch), output.device, samples_only=samples_only)
            part = (output, batch.targets[task], batch.masks[task])
            if chosen is None:
                self._parts[task].append(part)
            elif len(chosen):
                kept = [None if tensor is None else tensor.index_select(0, chosen) for tensor in part]
                self._parts[task].append((kept[0], kept[1], kept[2]))  # type: ignore[arg-type]
        self._first += len(batch)

    def task(self, task: int) -> _Part:
        """Return outputs, targets and mask of the kept rows of a task, on the CPU."""
        outputs, targets, masks = zip(*self._parts[task], strict=True)
        mask = None if masks[0] is None else torch.cat(masks).cpu()
        return torch.cat(outputs).cpu(), torch.cat(targets).cpu(), mask

    def _choose_rows(self, outputs: Sequence[Tensor], batch: Batch) -> None:
        kept = zip(outputs, batch.targets, self._samples_only, strict=True)
        row_bytes = sum((o.nbytes + t.nbytes) // len(batch) for o, t, samples_only in kept if not samples_only)
        count = min(self._split_rows, MOST_ROWS, max(MOST_BYTES // max(row_bytes, 1), SAMPLES))
        self.rows = _spread(self._split_rows, count)
        self.samples = _spread(count, min(count, SAMPLES))

    def _selection(self, count: int, device: torch.device, *, samples_only: bool) -> Tensor | None:
        """The chosen rows of a batch, by their places in it; None for all."""
        key = self._first, samples_only
        if key not in self._selections:
            rows = self.rows[self.samples] if samples_only else self.rows
            low, high = np.searchsorted(rows, (self._first, self._first + count))
            places = torch.from_numpy(rows[low:high] - self._first).to(device)
            self._selections[key] = None if len(places) == count else places
        return self._selections[key]


def _spread(rows: int, count: int) -> Integers:
    """``count`` of the numbers below ``rows``, spread evenly."""
    return np.linspace(0, rows - 1, count).round().astype(np.int64)
