"""Whether the first layers can read what the data set gives: a text takes layers of its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mtl_core.errors import Problem
from mtl_core.spec.base import Spec
from mtl_core.spec.dataset import Dataset
from mtl_core.spec.layers import Embedding, Pretrained
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.paths import join

_TOKENIZER = "dataset.text.tokenizer"
_Firsts = dict[str, Spec | None]
"""The first layer of each way into the model, by its path."""


def reading_problems(dataset: Dataset, model: ModelSpec, tasks: Sequence[str]) -> Iterator[Problem]:
    """What of data set and model does not fit together.

    Args:
        dataset: The data.
        model: The model.
        tasks: Names of the tasks.
    """
    if model.shared:
        firsts: _Firsts = {"model.shared[0]": model.shared[0]}
    else:
        heads = {task: model.heads.get(task, ()) for task in tasks}
        firsts = {join(("model", "heads", task, 0)): next(iter(layers), None) for task, layers in heads.items()}
    if dataset.input_kind != "text":
        yield from _without_text(dataset, firsts)
    elif not all(isinstance(layer, Embedding | Pretrained) for layer in firsts.values()):
        fix = "Add one, or read the column as categories."
        yield Problem("model.shared", "a text must first go through an Embedding or a pretrained model", fix=fix)
    else:
        yield from _tokens(dataset.text.tokenizer, firsts)


def _without_text(dataset: Dataset, firsts: _Firsts) -> Iterator[Problem]:
    if dataset.input_kind == "table":
        for path, layer in firsts.items():
            if isinstance(layer, Pretrained):
                fix = "Make a column read as text the only input, or take another layer."
                yield Problem(path, "a pretrained model reads images or a text, not columns of a table", fix=fix)


def _tokens(tokenizer: str, firsts: _Firsts) -> Iterator[Problem]:
    """The numbers of tokens mean something only to the model they are made for."""
    for layer in firsts.values():
        folder = layer.path if isinstance(layer, Pretrained) else ""
        if Path(tokenizer) != Path(folder):
            if folder:
                fix = f"Set it to {folder}."
                yield Problem(_TOKENIZER, "must be the folder of the pretrained model that reads the text", fix=fix)
            else:
                fix = "Make that the first layer, or leave this empty."
                yield Problem(_TOKENIZER, "only its pretrained model reads these tokens", fix=fix)
            return
