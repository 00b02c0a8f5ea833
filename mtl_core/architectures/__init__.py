"""From the model part of an experiment to a torch module, and what that module looks like before it exists."""

from mtl_core.architectures.base import MultiTaskModel
from mtl_core.architectures.build import SCHEMES, build_model
from mtl_core.architectures.describe import describe_model
from mtl_core.architectures.kinds import KINDS
from mtl_core.architectures.pretrained import Pretrained

__all__ = ["KINDS", "SCHEMES", "MultiTaskModel", "Pretrained", "build_model", "describe_model"]
