"""The kinds of fusion: how several inputs become one.

A kind is registered here, in :data:`Fusion`, and nowhere else; its module in :mod:`mtl_core.architectures.fusion` is
found by its kind.
"""

from mtl_core.spec.fusion.base import BaseFusion
from mtl_core.spec.fusion.concat import Concat

Fusion = Concat

__all__ = ["BaseFusion", "Concat", "Fusion"]
