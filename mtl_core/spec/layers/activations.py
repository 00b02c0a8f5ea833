"""Activations: elementwise functions."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field


class ReLU(Spec):
    """max(0, x)."""

    title: ClassVar[str] = "ReLU"
    kind: Literal["relu"] = "relu"


class LeakyReLU(Spec):
    """x, or a small multiple of x where it is negative."""

    title: ClassVar[str] = "LeakyReLU"
    kind: Literal["leaky_relu"] = "leaky_relu"
    negative_slope: float = field(0.01, "Slope where x is negative.", ge=0, le=1)


class ELU(Spec):
    """x, or exp(x) − 1 where it is negative (Clevert et al. 2016)."""

    title: ClassVar[str] = "ELU"
    kind: Literal["elu"] = "elu"


class GELU(Spec):
    """x times the normal distribution function of x (Hendrycks & Gimpel 2016)."""

    title: ClassVar[str] = "GELU"
    kind: Literal["gelu"] = "gelu"


class SiLU(Spec):
    """x times sigmoid(x), also called swish."""

    title: ClassVar[str] = "SiLU"
    kind: Literal["silu"] = "silu"


class Mish(Spec):
    """x times tanh(softplus(x)), smooth and not monotonic (Misra 2020)."""

    title: ClassVar[str] = "Mish"
    kind: Literal["mish"] = "mish"


class Tanh(Spec):
    """Hyperbolic tangent, between −1 and 1."""

    title: ClassVar[str] = "Tanh"
    kind: Literal["tanh"] = "tanh"


class Sigmoid(Spec):
    """Logistic function, between 0 and 1."""

    title: ClassVar[str] = "Sigmoid"
    kind: Literal["sigmoid"] = "sigmoid"


class Softplus(Spec):
    """log(1 + exp(x)), a smooth ReLU."""

    title: ClassVar[str] = "Softplus"
    kind: Literal["softplus"] = "softplus"
