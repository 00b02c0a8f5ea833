"""The optimizers, and the settings of the parameter groups of shared layers and task heads."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field

_DECAY = "Pull of the weights towards zero."


def _lr_field(default: float) -> float:
    rate: float = field(default, "Step size.", title="Learning rate", gt=0, le=100, scale="log")
    return rate


def _weight_decay_field(default: float) -> float:
    decay: float = field(default, _DECAY, ge=0, le=10, scale="log")
    return decay


def _beta_field(default: float, help: str) -> float:  # noqa: A002  # the word the form shows
    memory: float = field(default, help, ge=0, lt=1, advanced=True)
    return memory


class Sgd(Spec):
    """Stochastic gradient descent, with momentum."""

    title: ClassVar[str] = "SGD"
    kind: Literal["sgd"] = "sgd"
    lr: float = _lr_field(0.01)
    momentum: float = field(0.9, "Share of the last step that is kept.", ge=0, lt=1)
    nesterov: bool = field(False, "Look ahead along the momentum.")
    weight_decay: float = _weight_decay_field(0.0)


class Adam(Spec):
    """Adam (Kingma & Ba 2015)."""

    title: ClassVar[str] = "Adam"
    kind: Literal["adam"] = "adam"
    lr: float = _lr_field(1e-3)
    beta1: float = _beta_field(0.9, "Memory of the gradient.")
    beta2: float = _beta_field(0.999, "Memory of its square.")
    weight_decay: float = _weight_decay_field(0.0)


class AdamW(Spec):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019)."""

    title: ClassVar[str] = "AdamW"
    kind: Literal["adamw"] = "adamw"
    lr: float = _lr_field(1e-3)
    beta1: float = _beta_field(0.9, "Memory of the gradient.")
    beta2: float = _beta_field(0.999, "Memory of its square.")
    weight_decay: float = _weight_decay_field(0.01)


class NAdam(Spec):
    """Adam that looks ahead along its momentum (Dozat 2016)."""

    title: ClassVar[str] = "NAdam"
    kind: Literal["nadam"] = "nadam"
    lr: float = _lr_field(2e-3)
    beta1: float = _beta_field(0.9, "Memory of the gradient.")
    beta2: float = _beta_field(0.999, "Memory of its square.")
    momentum_decay: float = field(0.004, "How fast the look ahead grows to its full length.", ge=0, le=1, advanced=True)
    weight_decay: float = _weight_decay_field(0.0)


class RmsProp(Spec):
    """Steps divided by a running mean of the gradient's size (Tieleman & Hinton 2012)."""

    title: ClassVar[str] = "RMSprop"
    kind: Literal["rmsprop"] = "rmsprop"
    lr: float = _lr_field(1e-3)
    alpha: float = _beta_field(0.99, "Memory of the gradient's square.")
    momentum: float = field(0.0, "Share of the last step that is kept.", ge=0, lt=1)
    centered: bool = field(False, "Divide by the gradient's deviation from its mean instead.", advanced=True)
    weight_decay: float = _weight_decay_field(0.0)


class Adagrad(Spec):
    """Steps divided by the size of all gradients so far (Duchi et al. 2011)."""

    title: ClassVar[str] = "Adagrad"
    kind: Literal["adagrad"] = "adagrad"
    lr: float = _lr_field(0.01)
    lr_decay: float = field(
        0.0, "Share by which the rate falls at each step, in addition.", title="Rate decay", ge=0, le=1, advanced=True
    )
    weight_decay: float = _weight_decay_field(0.0)


class Adamax(Spec):
    """Adam by the largest gradient instead of the mean square (Kingma & Ba 2015)."""

    title: ClassVar[str] = "Adamax"
    kind: Literal["adamax"] = "adamax"
    lr: float = _lr_field(2e-3)
    beta1: float = _beta_field(0.9, "Memory of the gradient.")
    beta2: float = _beta_field(0.999, "Memory of its largest size.")
    weight_decay: float = _weight_decay_field(0.0)


class Muon(Spec):
    """Momentum made orthogonal for the matrices of linear layers (Jordan et al. 2024); AdamW for all else.

    Its steps are scaled to the size of AdamW's (Liu et al. 2025), so that one learning rate serves both.
    """

    title: ClassVar[str] = "Muon"
    kind: Literal["muon"] = "muon"
    lr: float = _lr_field(1e-3)
    momentum: float = field(0.95, "Share of the last step that is kept.", ge=0, lt=1)
    nesterov: bool = field(True, "Look ahead along the momentum.")
    beta1: float = _beta_field(0.9, "AdamW's memory of the gradient.")
    beta2: float = _beta_field(0.999, "AdamW's memory of its square.")
    weight_decay: float = _weight_decay_field(0.1)


Optimizer = Annotated[
    Sgd | Adam | AdamW | NAdam | RmsProp | Adagrad | Adamax | Muon,
    Field(discriminator="kind"),
]


class ParamGroupSpec(Spec):
    """Settings of a parameter group: learning rate, weight decay and penalties."""

    title: ClassVar[str] = "Parameter group"
    lr_factor: float = field(
        1.0, "The optimizer's learning rate times this.", title="LR multiplier", gt=0, le=1000, scale="log"
    )
    weight_decay: float | None = field(
        None, "Instead of the optimizer's; off: the same.", title="Own weight decay", ge=0, le=10
    )
    l1: float = field(
        0.0,
        "Adds this times the sum of the weights' sizes to the loss: small ones become 0.",
        title="L1 penalty",
        ge=0,
        le=100,
        scale="log",
    )
    l2: float = field(
        0.0,
        "Adds this times half the sum of the weights' squares to the loss.",
        title="L2 penalty",
        ge=0,
        le=100,
        scale="log",
    )


class SharedGroupSpec(ParamGroupSpec):
    """Settings of the shared layers' parameters."""

    title: ClassVar[str] = "Shared layers"
    freeze_epochs: int = field(
        0, "Epochs at the beginning in which they stay as they are.", title="Frozen for", ge=0, unit="epochs"
    )
    depth_factor: float = field(
        1.0,
        "Each layer's learning rate as a share of the next one's: below 1, the first layers change least.",
        title="LR multiplier by depth",
        gt=0,
        le=1,
    )


class HeadsGroupSpec(ParamGroupSpec):
    """Settings of the task heads' parameters."""

    title: ClassVar[str] = "Task heads"
