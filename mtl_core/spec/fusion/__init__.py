"""The kinds of fusion: how several encoded inputs become one.

A kind is registered here, in :data:`Fusion`, and nowhere else; its module in :mod:`mtl_core.architectures.fusion` is
found by its name.
"""

from typing import Annotated

from pydantic import Field

from mtl_core.spec.fusion.base import BaseFusion
from mtl_core.spec.fusion.bilinear import Bilinear
from mtl_core.spec.fusion.bottleneck import Bottleneck
from mtl_core.spec.fusion.concat import Concat
from mtl_core.spec.fusion.cross_attention import CrossAttention
from mtl_core.spec.fusion.gated import Gated
from mtl_core.spec.fusion.mean import Mean
from mtl_core.spec.fusion.mixture import Mixture
from mtl_core.spec.fusion.sum import Sum

Fusion = Annotated[
    Concat | Sum | Mean | Gated | Bilinear | CrossAttention | Bottleneck | Mixture,
    Field(discriminator="kind"),
]

__all__ = [
    "BaseFusion",
    "Bilinear",
    "Bottleneck",
    "Concat",
    "CrossAttention",
    "Fusion",
    "Gated",
    "Mean",
    "Mixture",
    "Sum",
]
