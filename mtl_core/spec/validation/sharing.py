"""Warnings about a sharing scheme that can do nothing as it stands; the experiment can run nevertheless."""

from collections.abc import Iterator

from mtl_core.errors import Problem
from mtl_core.spec.layers import Pretrained
from mtl_core.spec.layers.nesting import holds_layer
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.training.initial_weights import InitialWeights, Scratch

START_PATH = "training.start_from"


def sharing_warnings(model: ModelSpec, start_from: InitialWeights) -> Iterator[Problem]:
    """What keeps the sharing scheme of a model from doing what it is for, and what to do about it.

    Args:
        model: The model.
        start_from: The initial weights of its shared layers.
    """
    if problem := model.sharing.trunk_problem(model.shared):
        yield problem
    layers = (*model.shared, *(layer for encoder in model.inputs.values() for layer in encoder))
    is_new = isinstance(start_from, Scratch) and not holds_layer(layers, Pretrained)
    if model.sharing.freezes_trunk and is_new and layers:
        rule = "the shared layers are frozen and begin with new, random weights"
        yield Problem(START_PATH, rule, fix="Let them begin with a run or a file that was trained.")
