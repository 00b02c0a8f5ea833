"""Gated fusion."""

from typing import ClassVar, Literal

from mtl_core.spec.fusion.base import EqualWidthFusion


class Gated(EqualWidthFusion):
    """A weighted mean of the inputs; gates that read all of them weight each feature (Arevalo et al. 2017).

    The gates are a linear map of all inputs and a softmax over the inputs, so that for two inputs they are z and 1 - z.
    """

    title: ClassVar[str] = "Gated"
    kind: Literal["gated"] = "gated"
