"""What a worker finds out about a spec without training it."""

from dataclasses import dataclass

from mtl_core.architectures import describe_model
from mtl_core.datasets import describe, load
from mtl_core.spec import DatasetInfo, ExperimentSpec, InputError, ModelInfo, TargetInfo
from mtl_core.spec.dataset import Dataset
from mtl_core.training.devices import choose_device


@dataclass(frozen=True)
class Inspection:
    """What :func:`inspect` found: the targets in the data, and the model as it would be built."""

    targets: dict[str, TargetInfo]
    model: ModelInfo
    splits: dict[str, int]


def inspect_dataset(dataset: Dataset) -> DatasetInfo:
    """A data set as the Data page shows it."""
    return describe(dataset)


def inspect_model(spec: ExperimentSpec) -> ModelInfo:
    """Shapes and parameter counts of every layer; a layer that cannot be built carries its error."""
    data = load(spec.dataset, spec.tasks)
    return describe_model(spec.model, data.input_shape, data.targets)


def inspect(spec: ExperimentSpec) -> Inspection:
    """Everything that can be known before training.

    Raises:
        InputError: The data, the model or the device is at fault.
    """
    choose_device(spec.training.device)
    data = load(spec.dataset, spec.tasks)
    model = describe_model(spec.model, data.input_shape, data.targets)
    for layer in model.problems:
        fix = f"{layer.fix.label}." if layer.fix else ""
        raise InputError(layer.path, (layer.error or "cannot be built").removesuffix("."), fix=fix)
    splits = {"train": data.train, "val": data.val, "test": data.test}
    return Inspection(data.targets, model, {name: len(split.inputs) for name, split in splits.items()})
