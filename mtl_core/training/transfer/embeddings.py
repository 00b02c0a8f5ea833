"""Remaps pretrained embedding rows from the vocabulary of another run to that of the current data."""

from dataclasses import replace

import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.layers.modules.sequences import Embedding
from mtl_core.datasets.data import TaskData
from mtl_core.spec.inputs.text import PADDING, UNKNOWN
from mtl_core.tabular.text.vocabulary import token_ids
from mtl_core.training.transfer.initial_weights import InitialWeights


def remap_vocabulary(data: TaskData, model: MultiTaskModel, initial: InitialWeights) -> InitialWeights:
    """Reorder embedding vectors by the indices that words have in the current vocabulary.

    A word that the other vocabulary lacks gets the vector of the unknown token, as which it was read there.

    Args:
        data: Data with the current vocabulary.
        model: Model with the embeddings.
        initial: The initial weights; returned unchanged if they have no vocabulary.
    """
    saved_words, words = initial.header.get("vocabulary", []), data.preprocessing.get("vocabulary", [])
    if not saved_words or saved_words == words:
        return initial
    names = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, Embedding)}
    remapped = {name: _remap_rows(initial.tensors[name], saved_words, words) for name in names & initial.tensors.keys()}
    return replace(initial, tensors=initial.tensors | remapped)


def _remap_rows(vectors: Tensor, saved_words: list[str], words: list[str]) -> Tensor:
    """Return ``[V, D]`` vectors in the order of the current words; words from index V on count as unknown."""
    saved_indices, count = token_ids(saved_words), len(vectors)
    pairs = [(new, saved_indices[word]) for word, new in token_ids(words).items() if word in saved_indices]
    index_pairs = torch.tensor([pair for pair in pairs if max(pair) < count], dtype=torch.long).view(-1, 2)
    remapped = vectors[UNKNOWN].repeat(count, 1)
    remapped[PADDING] = vectors[PADDING]
    remapped[index_pairs[:, 0]] = vectors[index_pairs[:, 1]]
    return remapped
