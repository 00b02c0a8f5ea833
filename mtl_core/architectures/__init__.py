"""Builds the torch module for an experiment's model spec, and describes it without building it."""

from mtl_core.architectures.build import SCHEMES, build_model
from mtl_core.architectures.describe import describe_model
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.architectures.layers.registry import BLOCKS, KINDS
from mtl_core.architectures.multi_task_model import MultiTaskModel

__all__ = ["BLOCKS", "KINDS", "SCHEMES", "MultiTaskModel", "Pretrained", "build_model", "describe_model"]
