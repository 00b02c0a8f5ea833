"""Default layers and training settings of a new experiment on images, by their size and number.

Convolutions and pooling halve an image until few positions are left, so that dense layers stay small and see the whole
image, whatever its size. What counts for convergence is the number of steps, so few images get small batches.
"""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from mtl_core.spec.experiment import spec_to_data
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.training.training_spec import TrainingSpec

STEPS = 1000
"""Least number of optimizer steps of a run."""
_LARGEST_SIDE = 8
"""Most positions of a side in front of the dense layers."""
_LEAST_BLOCKS, _MOST_BLOCKS = 2, 8
_WIDEST, _NARROWEST = 64, 16
_BATCHES_PER_EPOCH = 40
_SMALLEST_BATCH, _LARGEST_BATCH = 8, 128
_LEAST_EPOCHS = 20


def image_layers(shape: Sequence[int], tasks: Iterable[str]) -> dict[str, Any]:
    """Chooses shared layers and task heads, as spec data for ``model``.

    Args:
        shape: Channels, height and width of the images.
        tasks: Names of the tasks.
    """
    blocks = math.ceil(math.log2(max(*shape[1:], _LARGEST_SIDE) / _LARGEST_SIDE))
    return _layers(min(max(blocks, _LEAST_BLOCKS), _MOST_BLOCKS), tasks)


def is_image_default(shared: Sequence[Any]) -> bool:
    """Whether shared layers, as spec data, are the defaults for images of some size."""
    return any(list(shared) == _layers(blocks, ())["shared"] for blocks in range(_LEAST_BLOCKS, _MOST_BLOCKS + 1))


def image_training(rows: int) -> dict[str, Any]:
    """Chooses length, batch size, optimizer, schedule and early stopping, as spec data for ``training``.

    Args:
        rows: Number of training rows.
    """
    size = 2 ** round(math.log2(max(rows, 1) / _BATCHES_PER_EPOCH))
    batch = int(min(_LARGEST_BATCH, max(_SMALLEST_BATCH, size)))
    values = {
        "epochs": max(_LEAST_EPOCHS, min(rows, math.ceil(STEPS / math.ceil(max(rows, 1) / batch)))),
        "batch_size": batch,
        "optimizer": {"kind": "adamw", "lr": 1e-3},
        "schedule": {"kind": "cosine"},
        "early_stopping": None,
    }
    data = spec_to_data(TrainingSpec.model_validate_json(json.dumps(values)))
    return {name: data[name] for name in values}


def _layers(blocks: int, tasks: Iterable[str]) -> dict[str, Any]:
    widths = [max(_NARROWEST, _WIDEST >> (blocks - 1 - block)) for block in range(blocks)]
    relu = {"kind": "relu"}
    shared = [
        layer
        for width in widths
        for layer in (
            {"kind": "conv2d", "out_channels": width, "kernel_size": 3},
            relu,
            {"kind": "max_pool2d", "kernel_size": 2},
        )
    ]
    shared += [{"kind": "flatten"}, {"kind": "linear", "out_features": 128}, relu]
    heads = {task: [{"kind": "linear", "out_features": 64}, relu] for task in tasks}
    model = ModelSpec.model_validate_json(json.dumps({"shared": shared, "heads": heads}))
    return {name: spec_to_data(model)[name] for name in ("shared", "heads")}
