"""The metrics of a saved model on a split."""

from pathlib import Path
from typing import Literal

import torch

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.datasets import Split, TaskData, load
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.tasks import build_task
from mtl_core.training.checkpoints import Checkpoint, load_model
from mtl_core.training.devices import choose_device
from mtl_core.training.validation import Scores, evaluation_batches, score

SplitName = Literal["train", "val", "test"]


def evaluate(spec: ExperimentSpec, checkpoint: Path, split: SplitName, fingerprint: str = "") -> Scores:
    """Losses and metrics of a checkpoint's model.

    Args:
        spec: The run's experiment.
        checkpoint: The file of its best or last model.
        split: Which rows.
        fingerprint: Digest of the data the run was trained on; ``""`` to take any data.

    Raises:
        InputError: The checkpoint is not whole or of another model, the data has changed, or the device is not here.
    """
    device = choose_device(spec.training.device)
    data = load(spec.dataset, spec.tasks)
    check_data(data, fingerprint)
    tasks = [build_task(task, data.targets[task.name]) for task in spec.tasks]
    model = saved_model(spec, checkpoint, data, device)
    return score(model, tasks, evaluation_batches(rows_of(data, split), spec.task_names, device))


def check_data(data: TaskData, fingerprint: str) -> None:
    """See that data is that of a digest; ``""`` is any data's.

    Raises:
        InputError: It is not.
    """
    if fingerprint and fingerprint != data.fingerprint:
        fix = "Put the old data back, or run the experiment again."
        raise InputError("dataset", "the data has changed since the run was trained", fix=fix)


def saved_model(spec: ExperimentSpec, checkpoint: Path, data: TaskData, device: torch.device) -> MultiTaskModel:
    """The model of a checkpoint, on a device.

    Raises:
        InputError: The checkpoint is not whole or of another model.
    """
    outputs = {name: target.outputs for name, target in data.targets.items()}
    model = build_model(spec.model, data.input_shape, outputs).to(device)
    load_model(model, checkpoint, Checkpoint.load(checkpoint, device).parts.get("model", {}))
    return model


def rows_of(data: TaskData, split: SplitName) -> Split:
    """The rows of a split."""
    return {"train": data.train, "val": data.val, "test": data.test}[split]
