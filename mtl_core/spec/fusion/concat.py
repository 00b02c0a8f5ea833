"""Concatenation of the features of all inputs."""

from typing import ClassVar, Literal

from mtl_core.spec.fusion.base import BaseFusion


class Concat(BaseFusion):
    """The features of all inputs side by side, in one row."""

    title: ClassVar[str] = "Concatenation"
    kind: Literal["concat"] = "concat"
