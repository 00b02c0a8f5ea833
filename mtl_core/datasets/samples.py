"""Some training rows as the model sees them: resized and augmented pictures, spectrograms, tokens, features."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.inputs.media_reader import MediaReader
from mtl_core.datasets.inputs.registry import input_preprocessing, inputs_of, open_inputs
from mtl_core.datasets.inputs.sound import display_spectrogram
from mtl_core.datasets.preparation import load_outline
from mtl_core.datasets.registry import open_source
from mtl_core.datasets.source import Source
from mtl_core.protocol.samples import InputSamples, SampleRows
from mtl_core.protocol.series_key import SplitName
from mtl_core.spec import Dataset, Task
from mtl_core.spec.inputs import presence_key
from mtl_core.spec.inputs.text import PADDING, UNKNOWN
from mtl_core.tabular.column import Rows

SAMPLES = 12
SIDE = 64
"""Longest side of a sample image; larger ones are thinned out."""
_FEATURES = 24
_UNKNOWN_TOKEN = "▢"


def sample_rows(dataset: Dataset, tasks: Sequence[Task]) -> SampleRows:
    """Show the first training rows as the model sees them in training; of files only these are decoded.

    Raises:
        InputError: The data cannot be read, or does not suit the inputs or targets.
    """
    data, source = load_outline(dataset, tasks), open_source(dataset)
    count = min(SAMPLES, len(data.train))
    rows: Rows = np.asarray(data.train.rows[:count]) if data.train.rows is not None else np.arange(count)
    readers = open_inputs(inputs_of(dataset, source, tasks), source, decoded=False)
    preprocessing = input_preprocessing(data.preprocessing)
    inputs: dict[str, InputSamples] = {}
    for name, reader in readers.items():
        stored = data.train.inputs[name][:count].cpu()
        if isinstance(reader, MediaReader):
            stored = torch.from_numpy(reader.decode_rows(rows))
        inputs[name] = _samples(preprocessing[name], _augmented(data, name, stored), _present(data, name, count))
    labels = {task.name: tuple(_label(source, task, row) for row in rows.tolist()) for task in tasks}
    return SampleRows(rows=count, inputs=inputs, labels=labels)


def row_samples(dataset: Dataset, tasks: Sequence[Task], split: SplitName, rows: Rows) -> dict[str, InputSamples]:
    """Show the pictures, sounds and texts of some rows as the model sees them in evaluation; inputs of columns are not.

    Args:
        dataset: The data.
        tasks: The tasks.
        split: The split of the rows.
        rows: Their indices in the data.

    Raises:
        InputError: The data cannot be read, or does not suit the inputs or targets.
    """
    data, source = load_outline(dataset, tasks), open_source(dataset)
    preprocessing = input_preprocessing(data.preprocessing)
    all_rows = data.splits[split].rows
    numbers = np.arange(len(data.splits[split])) if all_rows is None else all_rows.numpy()
    positions = torch.from_numpy(np.argsort(numbers)[np.searchsorted(np.sort(numbers), rows)])
    inputs: dict[str, InputSamples] = {}
    for name, reader in open_inputs(inputs_of(dataset, source, tasks), source, decoded=False).items():
        if preprocessing[name]["kind"] not in ("image", "sound", "text") or not len(rows):
            continue
        decoded = torch.from_numpy(reader.decode_rows(rows)) if isinstance(reader, MediaReader) else None
        stored = data.splits[split].inputs
        mask = stored.get(presence_key(name))
        present = [True] * len(rows) if mask is None else mask[positions].tolist()
        values = stored[name][positions].cpu() if decoded is None else decoded
        inputs[name] = _samples(preprocessing[name], values, present)
    return inputs


def _augmented(data: TaskData, name: str, stored: Tensor) -> Tensor:
    augmentation = data.train.augmentations.get(name)
    return stored if augmentation is None else augmentation(stored, Generator().manual_seed(0))


def _present(data: TaskData, name: str, count: int) -> list[bool]:
    mask = data.train.inputs.get(presence_key(name))
    return [True] * count if mask is None else [bool(value) for value in mask[:count].tolist()]


def _samples(preprocessing: Mapping[str, Any], stored: Tensor, present: Sequence[bool]) -> InputSamples:
    kind, array = str(preprocessing["kind"]), stored.numpy()
    rows = list(zip(array, present, strict=True))
    match kind:
        case "image":
            color = array.shape[1] >= 3
            images = tuple(_pixels(row, color=color) if there else None for row, there in rows)
            return InputSamples(kind=kind, images=images, color=color)
        case "sound":
            spectrograms = ((display_spectrogram(row, preprocessing), there) for row, there in rows)
            return InputSamples(
                kind=kind, images=tuple(_spectrogram(row) if there else None for row, there in spectrograms)
            )
        case "text":
            words = preprocessing.get("vocabulary")
            return InputSamples(kind=kind, texts=tuple(_tokens(row, words) if there else None for row, there in rows))
    return InputSamples(kind=kind, texts=tuple(_features(row) if there else None for row, there in rows))


def _pixels(image: NDArray[Any], *, color: bool) -> tuple[tuple[int, ...], ...]:
    """A picture ``[C, H, W]`` as rows of pixels."""
    thin = _thinned(image).astype(np.int64)
    rows = (thin[0] << 16) + (thin[1] << 8) + thin[2] if color else thin[0]
    return tuple(map(tuple, rows.tolist()))


def _spectrogram(image: NDArray[Any]) -> tuple[tuple[int, ...], ...]:
    """A spectrogram ``[1, mels, frames]`` as rows of gray pixels, low frequencies at the bottom."""
    values = _thinned(image)[0, ::-1].astype(np.float64)
    low, high = float(values.min()), float(values.max())
    gray = np.round(255 * (values - low) / ((high - low) or 1.0)).astype(np.int64)
    return tuple(map(tuple, gray.tolist()))


def _thinned(image: NDArray[Any]) -> NDArray[Any]:
    rows, columns = (-(-size // SIDE) for size in image.shape[1:])
    return image[:, ::rows, ::columns]


def _tokens(ids: NDArray[Any], vocabulary: Sequence[str] | None) -> str:
    """The tokens of a text, those that are not in the vocabulary as boxes; the ids of a pretrained tokenizer."""
    numbers = [int(number) for number in ids if number != PADDING]
    if vocabulary is None:
        return " ".join(map(str, numbers))
    first = UNKNOWN + 1
    return " ".join(_UNKNOWN_TOKEN if number == UNKNOWN else vocabulary[number - first] for number in numbers)


def _features(row: NDArray[Any]) -> str:
    more = f" … {len(row)} in all" if len(row) > _FEATURES else ""
    return "  ".join(f"{value:.3g}" for value in row[:_FEATURES].tolist()) + more


def _label(source: Source, task: Task, row: int) -> str:
    """The label of a row as the data has it."""
    texts = []
    for name in task.targets:
        column = source.columns.get(name)
        if column is None or not column.present[row]:
            continue
        is_number = column.type == "numeric"
        texts.append(f"{column.numbers[row]:.6g}" if is_number else str(column.texts[column.text[row]]))
    return ", ".join(texts)
