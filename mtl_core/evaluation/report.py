"""The metrics of a saved model on a split."""

from pathlib import Path
from typing import Literal

from mtl_core.architectures import build_model
from mtl_core.datasets import load
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.tasks import build_task
from mtl_core.training.batches import Batches
from mtl_core.training.checkpoints import Checkpoint, load_model
from mtl_core.training.devices import choose_device
from mtl_core.training.loop import EVALUATION_ROWS
from mtl_core.training.validation import Scores, score


def evaluate(
    spec: ExperimentSpec, checkpoint: Path, split: Literal["train", "val", "test"], fingerprint: str = ""
) -> Scores:
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
    if fingerprint and fingerprint != data.fingerprint:
        fix = "Put the old data back, or run the experiment again."
        raise InputError("dataset", "the data has changed since the run was trained", fix=fix)
    tasks = [build_task(task, data.targets[task.name]) for task in spec.tasks]
    model = build_model(spec.model, data.input_shape, {task.name: task.out_features for task in tasks}).to(device)
    load_model(model, checkpoint, Checkpoint.load(checkpoint, device).parts.get("model", {}))
    rows = {"train": data.train, "val": data.val, "test": data.test}[split]
    return score(model, tasks, Batches(rows, spec.task_names, EVALUATION_ROWS, device))
