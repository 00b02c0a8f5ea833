"""Checks of the inputs: their columns, their encoders, and the first layers that read them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mtl_core.errors import Problem
from mtl_core.spec.augmentation import MixUp
from mtl_core.spec.base import Spec
from mtl_core.spec.data.dataset import Dataset
from mtl_core.spec.inputs import ImageInput, SoundInput, TextInput
from mtl_core.spec.layers import Embedding, Pretrained
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.paths import Key, join
from mtl_core.spec.tasks import BoxTask, SegmentationTask, Task

INPUTS = ("dataset", "inputs")
_FirstLayers = dict[str, Spec | None]
"""The layers that read an input, by path: the first of its encoder, of the shared layers, or of each head."""


def input_problems(dataset: Dataset, model: ModelSpec, tasks: Sequence[Task]) -> Iterator[Problem]:
    """Finds inputs without columns, encoders without an input, and first layers that cannot read their input.

    Args:
        dataset: The data.
        model: The model.
        tasks: The tasks of the experiment.
    """
    yield from _column_problems(dataset, (*dataset.split.tasks, *tasks))
    kinds = dataset.input_kinds
    yield from _augmentation_problems(dataset, tasks)
    for name in model.inputs:
        if name not in kinds:
            yield Problem(join(("model", "inputs", name)), "there is no such input", repr(name), _input_list(kinds))
    for name, kind in kinds.items():
        layers = _first_layers(name, model, tasks, alone=len(kinds) == 1)
        if kind == "text":
            yield from _text_problems(name, dataset, layers, alone=len(kinds) == 1)
        elif kind == "table":
            yield from _table_problems(layers)


def _augmentation_problems(dataset: Dataset, tasks: Sequence[Task]) -> Iterator[Problem]:
    """Problems of masks of waveforms, of changes that move what a target says a place of, and of mixtures."""
    yield from _mix_up_problems(dataset, tasks)
    for name, value in (dataset.named_inputs or {}).items():
        if isinstance(value, SoundInput) and value.form == "waveform" and value.augmentation:
            path, fix = join((*INPUTS, name, "augmentation")), "Leave them out, or read spectrograms."
            yield Problem(path, "masks are those of spectrograms, and the sound is read as its waveform", fix=fix)
    task = next((task for task in tasks if isinstance(task, BoxTask | SegmentationTask)), None)
    if task is None:
        return
    for name, value in (dataset.named_inputs or {}).items():
        for i, change in enumerate(value.augmentation if isinstance(value, ImageInput) else ()):
            if change.is_geometric:
                rule = f"moves what is in a picture, and the target of task {task.name!r} says where it is"
                path = join((*INPUTS, name, "augmentation", i))
                yield Problem(path, rule, change.kind, "Leave it out; colors and cutout may change.")


def _mix_up_problems(dataset: Dataset, tasks: Sequence[Task]) -> Iterator[Problem]:
    inputs = dataset.named_inputs or {}
    for name, value in inputs.items():
        changes = value.augmentation if isinstance(value, ImageInput) else ()
        places = [
            join((*INPUTS, name, "augmentation", i)) for i, change in enumerate(changes) if isinstance(change, MixUp)
        ]
        for path in places[1:]:
            yield Problem(path, "pictures are mixed once", "mix_up", "Leave it out.")
        for path in places[:1]:
            if len(inputs) > 1:
                rule, found = "mixes whole rows, so the picture must be the only input", f"{len(inputs)} inputs"
                yield Problem(path, rule, found, "Leave it out.")
            for task in (task for task in tasks if not task.mixes):
                title = type(task).title.lower()
                rule = f"mixes the losses of two rows, which has no meaning for task {task.name!r} ({title})"
                yield Problem(path, rule, "mix_up", "Leave it out.")


def _input_list(kinds: Mapping[str, str]) -> str:
    return f"Inputs: {', '.join(kinds)}."


def _column_problems(dataset: Dataset, tasks: Sequence[Task]) -> Iterator[Problem]:
    """Problems of columns that no input, several inputs, or inputs and tasks read."""
    places = _column_places(dataset)
    if not places and not (dataset.inputs is None and dataset.has_default_inputs):
        empty = isinstance(dataset.inputs, dict)
        yield Problem(join(INPUTS), "name at least one input" if empty else "name at least one input column")
    targets = {target: task.name for task in tasks for target in task.targets}
    for path, column in places:
        if column in targets:
            rule = f"a column is an input or a target, not both: it is the target of task {targets[column]!r}"
            yield Problem(path, rule, repr(column))
        if column in dataset.split.columns:
            rule, fix = "a column that divides the rows is no input", "Leave it out, or take another split."
            yield Problem(path, rule, repr(column), fix)
    if dataset.named_inputs is None:
        yield from _repeated_columns(join(INPUTS), [column for _, column in places])
    else:
        for name, value in dataset.named_inputs.items():
            yield from _repeated_columns(join((*INPUTS, name)), value.source_columns)


def _repeated_columns(path: str, columns: Sequence[str]) -> Iterator[Problem]:
    for column in (column for column, count in Counter(columns).items() if count > 1):
        yield Problem(path, "each column once", repr(column))


def _column_places(dataset: Dataset) -> list[tuple[str, str]]:
    """The input columns with their paths in the spec; those by default stand nowhere but in the setting itself."""
    if dataset.inputs is None:
        named = dataset.named_inputs or {}
        return [(join(INPUTS), column) for value in named.values() for column in value.source_columns]
    inputs = dataset.inputs or ()
    if not isinstance(inputs, dict):
        return [(join((*INPUTS, i)), column) for i, column in enumerate(inputs)]
    return [place for name, value in inputs.items() for place in _places_of(name, value)]


def _places_of(name: str, value: Spec) -> Iterator[tuple[str, str]]:
    for setting in ("column", "columns"):
        columns = getattr(value, setting, ())
        if isinstance(columns, str):
            yield join((*INPUTS, name, setting)), columns
        else:
            yield from ((join((*INPUTS, name, setting, i)), column) for i, column in enumerate(columns))


def _first_layers(name: str, model: ModelSpec, tasks: Sequence[Task], *, alone: bool) -> _FirstLayers:
    if encoder := model.inputs.get(name):
        return {join(("model", "inputs", name, 0)): encoder[0]}
    if not alone:
        return {join(("model", "inputs", name)): None}
    if model.shared:
        return {"model.shared[0]": model.shared[0]}
    heads = {task.name: model.heads.get(task.name, ()) for task in tasks}
    return {join(("model", "heads", task, 0)): next(iter(layers), None) for task, layers in heads.items()}


def _table_problems(first_layers: _FirstLayers) -> Iterator[Problem]:
    for path, layer in first_layers.items():
        if isinstance(layer, Pretrained):
            fix = "Make a column read as text the only input, or take another layer."
            yield Problem(path, "a pretrained model reads images or a text, not columns of a table", fix=fix)


def _text_problems(name: str, dataset: Dataset, layers: _FirstLayers, *, alone: bool) -> Iterator[Problem]:
    if not all(isinstance(layer, Embedding | Pretrained) for layer in layers.values()):
        path = (
            "model.shared"
            if alone and not next(iter(layers)).startswith("model.inputs")
            else join(("model", "inputs", name))
        )
        fix = "Add one, or read the column as categories."
        yield Problem(path, "a text must first go through an Embedding or a pretrained model", fix=fix)
        return
    text = (dataset.named_inputs or {}).get(name)
    if isinstance(text, TextInput):
        yield from _tokenizer_problems(text.tokenizer, (*INPUTS, name, "tokenizer"), layers)
    else:
        yield from _tokenizer_problems(dataset.text.tokenizer, ("dataset", "text", "tokenizer"), layers)


def _tokenizer_problems(tokenizer: str, place: tuple[Key, ...], first_layers: _FirstLayers) -> Iterator[Problem]:
    """Problems of a tokenizer that is not the one of the pretrained model: its token ids fit that model alone."""
    path = join(place)
    for layer in first_layers.values():
        folder = layer.path if isinstance(layer, Pretrained) else ""
        if Path(tokenizer) != Path(folder):
            if folder:
                fix = f"Set it to {folder}."
                yield Problem(path, "must be the folder of the pretrained model that reads the text", fix=fix)
            else:
                fix = "Make that the first layer, or leave this empty."
                yield Problem(path, "only its pretrained model reads these tokens", fix=fix)
            return
