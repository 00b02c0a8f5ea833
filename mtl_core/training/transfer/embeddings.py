"""Remaps pretrained embedding rows from the vocabulary of another run to that of the current data."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.fusion.components.input_modules import is_in_encoder
from mtl_core.architectures.layers.modules import Embedding
from mtl_core.datasets.data import TaskData
from mtl_core.datasets.inputs.registry import input_preprocessing
from mtl_core.spec.inputs.text import PADDING, UNKNOWN
from mtl_core.tabular.text.vocabulary import token_ids
from mtl_core.training.transfer.initial_weights import InitialWeights

_MAX_WORDS = 500_000
"""Limit of a vocabulary in a header: each save writes it."""
_TEXT = "text"
"""The name of the text of the short form of inputs."""


def vocabulary_header(preprocessing: Mapping[str, Any]) -> dict[str, Any]:
    """The vocabularies of the texts, for the header of a checkpoint; empty without any.

    That of a text which is the only input stands alone, as it did before inputs had names.
    """
    words = {
        name: fitted.get("vocabulary", [])[:_MAX_WORDS] for name, fitted in input_preprocessing(preprocessing).items()
    }
    words = {name: vocabulary for name, vocabulary in words.items() if vocabulary}
    if not words:
        return {}
    return {"vocabulary": words[_TEXT]} if tuple(words) == (_TEXT,) else {"vocabularies": words}


def saved_vocabularies(header: Mapping[str, Any]) -> dict[str, list[str]]:
    """The vocabularies of a header by input, as :func:`vocabulary_header` writes them."""
    words = header.get("vocabularies") or {_TEXT: header.get("vocabulary", [])}
    return {name: vocabulary for name, vocabulary in words.items() if vocabulary}


def remap_vocabulary(data: TaskData, model: MultiTaskModel, initial: InitialWeights) -> InitialWeights:
    """Reorder embedding vectors by the indices that words have in the current vocabulary.

    A word that the other vocabulary lacks gets the vector of the unknown token, as which it was read there.

    Args:
        data: Data with the current vocabularies.
        model: Model with the embeddings.
        initial: The initial weights; returned unchanged if they have no vocabulary.
    """
    saved, current = saved_vocabularies(initial.header), saved_vocabularies(vocabulary_header(data.preprocessing))
    if not saved or saved == current:
        return initial
    tensors = dict(initial.tensors)
    for name, module in model.named_modules():
        weight = f"{name}.weight"
        if isinstance(module, Embedding) and weight in tensors:
            text = next((text for text in current if is_in_encoder(name, text)), _TEXT)
            if words := saved.get(text):
                tensors[weight] = _remap_rows(tensors[weight], words, current.get(text, []))
    return replace(initial, tensors=tensors)


def _remap_rows(vectors: Tensor, saved_words: list[str], words: list[str]) -> Tensor:
    """Return ``[V, D]`` vectors in the order of the current words; words from index V on count as unknown."""
    saved_indices, count = token_ids(saved_words), len(vectors)
    pairs = [(new, saved_indices[word]) for word, new in token_ids(words).items() if word in saved_indices]
    index_pairs = torch.tensor([pair for pair in pairs if max(pair) < count], dtype=torch.long).view(-1, 2)
    remapped = vectors[UNKNOWN].repeat(count, 1)
    remapped[PADDING] = vectors[PADDING]
    remapped[index_pairs[:, 0]] = vectors[index_pairs[:, 1]]
    return remapped
