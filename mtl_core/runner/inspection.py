"""Inspection of a spec without training: data, model shapes and the checks before a run."""

from dataclasses import dataclass
from pathlib import Path

from mtl_core.architectures import MultiTaskModel, build_model, describe_model
from mtl_core.datasets.common_labels import common_labels
from mtl_core.datasets.data import TaskData
from mtl_core.datasets.description import describe, describe_sample
from mtl_core.datasets.preparation import load_outline
from mtl_core.datasets.registry import data_version
from mtl_core.datasets.samples import sample_rows
from mtl_core.protocol.samples import SampleRows
from mtl_core.spec import DataNote, DatasetInfo, ExperimentSpec, InputError, ModelInfo, ModelSpec, TargetInfo
from mtl_core.spec.data.dataset import Dataset
from mtl_core.spec.layers import Linear, ReLU
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.initial_weights import FromFile
from mtl_core.training.batching.batches import check_single_rows
from mtl_core.training.runtime.devices import choose_device
from mtl_core.training.step.precision import check_precision
from mtl_core.training.transfer.heads import load_heads
from mtl_core.training.transfer.initial_weights import load_shared_layers, read_initial_weights


@dataclass(frozen=True)
class Inspection:
    """Result of :func:`inspect`: targets in the data, the model to be built, split sizes, and notes about the data."""

    targets: dict[str, TargetInfo]
    model: ModelInfo
    splits: dict[str, int]
    notes: tuple[DataNote, ...] = ()


def inspect_dataset(dataset: Dataset, *, preview: bool = False, known: str = "") -> DatasetInfo | None:
    """Describe a data set for the Data page.

    Args:
        dataset: The data set.
        preview: Whether some rows of it suffice where it takes long to read all.
        known: A version of the data; None is returned if it is the present one.
    """
    version = data_version(dataset)
    if version == known:
        return None
    info = (describe_sample(dataset) if preview else None) or describe(dataset)
    return info.model_copy(update={"version": version})


def inspect_model(spec: ExperimentSpec) -> ModelInfo:
    """Describe the model of a spec: shapes and parameter counts of every layer, with the errors of invalid layers."""
    data = load_outline(spec.dataset, spec.tasks)
    info = describe_model(spec.model, data.input_shapes, data.targets)
    labels, complete = common_labels(data)
    return info.model_copy(update={"notes": data.notes, "common_labels": labels, "complete_rows": complete})


def inspect_samples(spec: ExperimentSpec) -> SampleRows:
    """Describe how the model sees some training rows, augmentation included."""
    return sample_rows(spec.dataset, spec.tasks)


def warm_up() -> None:
    """Describe a small model: the first description in a process takes a second, later ones milliseconds."""
    target = TargetInfo(name="y", kind="regression")
    describe_model(ModelSpec(shared=(Linear(), ReLU())), {"table": (1,)}, {"y": target})


def inspect(spec: ExperimentSpec) -> Inspection:
    """Check data, model and device of a spec, and describe the model.

    Raises:
        InputError: The data, the model or the device is invalid.
    """
    check_precision(spec.training.precision, choose_device(spec.training.device))
    data = load_outline(spec.dataset, spec.tasks)
    model = describe_model(spec.model, data.input_shapes, data.targets)
    if min(spec.training.batch_size, len(data.train)) == 1 and not model.problems:
        check_single_rows(_build_model(spec, data), len(data.train), data.input_shapes)
    if isinstance(spec.training.start_from, FromFile) and not model.problems:
        _check_initial_weights(spec, data, Path(spec.training.start_from.path))
    for layer in model.problems:
        fix = f"{layer.fix.label}." if layer.fix else ""
        raise InputError(layer.path, (layer.error or "cannot be built").removesuffix("."), fix=fix)
    sizes = {name: len(split) for name, split in data.splits.items()}
    return Inspection(data.targets, model, sizes, data.notes)


def _check_initial_weights(spec: ExperimentSpec, data: TaskData, path: Path) -> None:
    model, initial = _build_model(spec, data), read_initial_weights(path)
    load_shared_layers(model, initial)
    if not isinstance(spec.training.keep, NewHeads):
        load_heads(model, initial, data, spec.tasks)


def _build_model(spec: ExperimentSpec, data: TaskData) -> MultiTaskModel:
    return build_model(spec.model, data.input_shapes, {name: target.outputs for name, target in data.targets.items()})
