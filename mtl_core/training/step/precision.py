"""The precision a model is computed in, and the loss scale that half precision needs."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.spec import InputError, Precision
from mtl_core.training.persistence.checkpoints import count, number
from mtl_core.weighting import Weighting

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_START, _STEPS_TO_GROW = 2.0**16, 2000
"""torch's own: the scale doubles after so many steps without an overflow, and halves at each overflow."""


def check_precision(precision: Precision, device: torch.device) -> None:
    """See that a device can compute in a precision.

    Raises:
        InputError: It cannot.
    """
    here = device.type == "cuda"
    if precision == "fp16" and not here:
        fix = "Take bf16, which the CPU has, or float32."
        raise InputError("training.precision", "fp16 needs a CUDA device", found=str(device), fix=fix)
    if precision == "bf16" and here and not torch.cuda.is_bf16_supported(including_emulation=False):
        fix = "Take fp16 or float32."
        raise InputError("training.precision", "this CUDA device has no bf16", found=str(device), fix=fix)


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[Any]:
    """Inside, layers compute in the precision as far as it is safe; parameters stay in float32."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=_TYPES[precision])


class LossScale:
    """Keeps small gradients from vanishing in half precision (Micikevicius et al. 2018).

    The gradient is multiplied where it enters the model and divided again where it reaches a parameter. So all that
    comes after, be it a weighting method, a penalty or clipping, sees the gradient as it is.

    A step whose gradient overflows is not made, what the weighting method learned from it is forgotten, and the
    scale is halved.

    Args:
        model: Whose parameters' gradients are divided.
        active: Whether the precision needs it; else nothing is done.

    Attributes:
        scale: What the gradient is multiplied by inside the model.
    """

    def __init__(self, model: nn.Module, *, active: bool) -> None:
        self.active, self.scale = active, _START if active else 1.0
        self._good_steps = 0
        self._kept: dict[str, Tensor] = {}
        if active:
            for parameter in model.parameters():
                parameter.register_hook(lambda gradient: gradient / self.scale)  # type: ignore[no-untyped-call]

    def enter(self, tensor: Tensor) -> Tensor:
        """The same tensor, whose gradient is multiplied on its way into the model."""
        return _Scaled.apply(tensor, self.scale) if self.active else tensor  # type: ignore[no-untyped-call]

    def leave(self, tensor: Tensor) -> Tensor:
        """The same tensor, whose gradient is divided on its way out of the model."""
        return _Scaled.apply(tensor, 1 / self.scale) if self.active else tensor  # type: ignore[no-untyped-call]

    def before(self, weighting: Weighting) -> None:
        """Keep what a weighting method knows before a step."""
        if self.active:
            self._kept = weighting.state_dict()

    def allows(self, parameters: Sequence[nn.Parameter], weighting: Weighting) -> bool:
        """Whether the gradients of a step are all numbers; if not, the step is undone as far as it was made."""
        if not self.active:
            return True
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if not gradients or bool(torch.stack(torch._foreach_norm(gradients)).isfinite().all()):
            self._good_steps += 1
            if self._good_steps == _STEPS_TO_GROW:
                self.scale, self._good_steps = self.scale * 2, 0
            return True
        weighting.load_state_dict(self._kept)
        self.scale, self._good_steps = max(self.scale / 2, 1.0), 0
        return False

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"scale": self.scale, "good_steps": self._good_steps}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back a kept state."""
        self.scale, self._good_steps = number(state.get("scale", self.scale)), count(state.get("good_steps", 0))


class _Scaled(torch.autograd.Function):
    """A tensor as it is, its gradient times a factor."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return tensor.view_as(tensor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return gradients[0] * ctx.factor, None
