"""The toy with a second input: pictures that lie in a file, change at random, and are lacking in some rows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mtl_core.datasets.data import Split, TaskData
from mtl_core.datasets.decoding import ImageChanges, PixelScaling
from mtl_core.spec import presence_key
from mtl_core.spec.augmentation import Cutout, HorizontalFlip
from tests.training.toy import toy_data

NAME, SHAPE = "picture", (1, 4, 4)
INPUTS: dict[str, Any] = {
    "table": {"kind": "table", "columns": ["a", "b", "c"]},
    NAME: {"kind": "image", "column": "file"},
}
"""The inputs of the experiment, as spec data."""
ENCODERS: dict[str, Any] = {
    "table": [{"kind": "linear", "out_features": 6}],
    NAME: [{"kind": "conv2d", "out_channels": 6}, {"kind": "batch_norm2d"}, {"kind": "dropout", "p": 0.2}],
}


def toy_with_pictures(folder: Path) -> TaskData:
    """The toy's data; the pictures are memory-mapped from a file in a folder."""
    data = toy_data()
    path = folder / "pictures.npy"
    rows = [len(split) for split in data.splits.values()]
    if not path.exists():
        np.save(path, np.random.default_rng(3).integers(0, 256, (sum(rows), *SHAPE), np.uint8))
    pictures = torch.from_numpy(np.load(path, mmap_mode="c"))
    splits = dict(zip(data.splits, torch.split(pictures, rows), strict=True))
    return replace(
        data,
        train=_with_pictures(data.train, splits["train"], changes=True),
        val=_with_pictures(data.val, splits["val"]),
        test=_with_pictures(data.test, splits["test"]),
        input_shapes={**data.input_shapes, NAME: SHAPE},
        preprocessing={"kind": "named", "inputs": {"table": {"kind": "table"}, NAME: {"kind": "image"}}},
    )


def _with_pictures(split: Split, pictures: torch.Tensor, *, changes: bool = False) -> Split:
    present = torch.arange(len(split)) % 3 > 0
    return replace(
        split,
        inputs={**split.inputs, NAME: pictures, presence_key(NAME): present},
        decoders={NAME: PixelScaling((120.0,), (70.0,))},
        augmentations={NAME: ImageChanges((HorizontalFlip(), Cutout()))} if changes else {},
        is_mapped=True,
    )
