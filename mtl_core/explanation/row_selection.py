"""Some of the rows of a split."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mtl_core.datasets.data import Split


def select_rows(split: Split, rows: Tensor) -> Split:
    """The rows of a split at some positions ``[n]``, with inputs as they are stored."""
    rows = rows.to(split.device)
    return replace(
        split,
        inputs={name: tensor[rows] for name, tensor in split.inputs.items()},
        targets={name: tensor[rows] for name, tensor in split.targets.items()},
        masks={name: tensor[rows] for name, tensor in split.masks.items()},
        rows=None if split.rows is None else split.rows[rows.cpu()],
        is_mapped=False,
    )


def draw_rows(split: Split, most: int, seed: int) -> Split:
    """At most ``most`` rows of a split in their order, drawn without replacement."""
    count = len(split)
    if count <= most:
        return split
    rows = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    return select_rows(split, torch.from_numpy(rows))
