"""Embeddings that begin with those of another run, whose rows have other words or number them otherwise."""

from dataclasses import replace

import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.layers.modules import Embedding
from mtl_core.datasets.data import TaskData
from mtl_core.spec.dataset import PADDING, UNKNOWN
from mtl_core.tabular.text.vocabulary import numbers_of
from mtl_core.training.transfer.initial_weights import Start


def in_words_of(data: TaskData, model: MultiTaskModel, start: Start) -> Start:
    """The same file with each word's vector at the number that the word has here.

    A word that was not known there begins with the vector of the unknown, as which it was read there.

    Args:
        data: Whose vocabulary is meant.
        model: Whose embeddings are meant.
        start: The file; what says nothing of its vocabulary is left as it is.
    """
    there, here = start.told.get("vocabulary", []), data.preprocessing.get("vocabulary", [])
    if not there or there == here:
        return start
    names = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, Embedding)}
    moved = {name: _moved(start.tensors[name], there, here) for name in names & start.tensors.keys()}
    return replace(start, tensors=start.tensors | moved)


def _moved(vectors: Tensor, there: list[str], here: list[str]) -> Tensor:
    """[V, D] vectors of the words here; those from V on are read as unknown."""
    old, count = numbers_of(there), len(vectors)
    pairs = [(new, old[word]) for word, new in numbers_of(here).items() if word in old]
    kept = torch.tensor([pair for pair in pairs if max(pair) < count], dtype=torch.long).view(-1, 2)
    found = vectors[UNKNOWN].repeat(count, 1)
    found[PADDING] = vectors[PADDING]
    found[kept[:, 0]] = vectors[kept[:, 1]]
    return found
