"""Checks that the first layers can read the input: a text needs an embedding or a pretrained model."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mtl_core.errors import Problem
from mtl_core.spec.base import Spec
from mtl_core.spec.data.dataset import Dataset
from mtl_core.spec.layers import Embedding, Pretrained
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.paths import join

_TOKENIZER = "dataset.text.tokenizer"
_FirstLayers = dict[str, Spec | None]
"""The layers that read the input, by path: the first shared layer, or the first of each head."""


def text_input_problems(dataset: Dataset, model: ModelSpec, tasks: Sequence[str]) -> Iterator[Problem]:
    """Finds first layers that cannot read the input of the data set.

    Args:
        dataset: The data.
        model: The model.
        tasks: Names of the tasks.
    """
    if model.shared:
        first_layers: _FirstLayers = {"model.shared[0]": model.shared[0]}
    else:
        heads = {task: model.heads.get(task, ()) for task in tasks}
        first_layers = {join(("model", "heads", task, 0)): next(iter(layers), None) for task, layers in heads.items()}
    if dataset.input_kind != "text":
        yield from _non_text_problems(dataset, first_layers)
    elif not all(isinstance(layer, Embedding | Pretrained) for layer in first_layers.values()):
        fix = "Add one, or read the column as categories."
        yield Problem("model.shared", "a text must first go through an Embedding or a pretrained model", fix=fix)
    else:
        yield from _tokenizer_problems(dataset.text.tokenizer, first_layers)


def _non_text_problems(dataset: Dataset, first_layers: _FirstLayers) -> Iterator[Problem]:
    if dataset.input_kind == "table":
        for path, layer in first_layers.items():
            if isinstance(layer, Pretrained):
                fix = "Make a column read as text the only input, or take another layer."
                yield Problem(path, "a pretrained model reads images or a text, not columns of a table", fix=fix)


def _tokenizer_problems(tokenizer: str, first_layers: _FirstLayers) -> Iterator[Problem]:
    """Problems of a tokenizer that is not the one of the pretrained model: its token ids fit that model alone."""
    for layer in first_layers.values():
        folder = layer.path if isinstance(layer, Pretrained) else ""
        if Path(tokenizer) != Path(folder):
            if folder:
                fix = f"Set it to {folder}."
                yield Problem(_TOKENIZER, "must be the folder of the pretrained model that reads the text", fix=fix)
            else:
                fix = "Make that the first layer, or leave this empty."
                yield Problem(_TOKENIZER, "only its pretrained model reads these tokens", fix=fix)
            return
