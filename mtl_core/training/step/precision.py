"""Mixed precision: autocast, and gradient scaling for fp16."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.spec import InputError, Precision
from mtl_core.training.persistence.checkpoints import read_count, read_number
from mtl_core.weighting import Weighting

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_INITIAL_SCALE, _GROWTH_INTERVAL = 2.0**16, 2000
"""Defaults of ``torch.amp.GradScaler``: the scale doubles after that many steps without overflow, halves at each."""


def check_precision(precision: Precision, device: torch.device) -> None:
    """Check that a device supports a precision.

    Raises:
        InputError: It does not.
    """
    on_cuda = device.type == "cuda"
    if precision == "fp16" and not on_cuda:
        fix = "Take bf16, which the CPU has, or float32."
        raise InputError("training.precision", "fp16 needs a CUDA device", found=str(device), fix=fix)
    if precision == "bf16" and on_cuda and not torch.cuda.is_bf16_supported(including_emulation=False):
        fix = "Take fp16 or float32."
        raise InputError("training.precision", "this CUDA device has no bf16", found=str(device), fix=fix)


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[Any]:
    """Return a context in which layers compute in the precision where that is safe; parameters stay float32."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=_DTYPES[precision])


class LossScaler:
    """Scales gradients so that small ones do not underflow in fp16 (Micikevicius et al. 2018).

    The gradient is multiplied where it enters the model and divided where it reaches a parameter, so that weighting
    methods, penalties and clipping see unscaled gradients.

    A step whose gradient overflows is skipped: the weighting method's state is restored and the scale halved.

    Args:
        model: The model whose parameter gradients are unscaled.
        active: Whether the precision needs scaling; otherwise nothing is done.

    Attributes:
        scale: The factor of the gradients inside the model.
    """

    def __init__(self, model: nn.Module, *, active: bool) -> None:
        self.active, self.scale = active, _INITIAL_SCALE if active else 1.0
        self._good_steps = 0
        self._weighting_state: dict[str, Tensor] = {}
        if active:
            for parameter in model.parameters():
                parameter.register_hook(lambda gradient: gradient / self.scale)  # type: ignore[no-untyped-call]

    def scale_gradient(self, tensor: Tensor) -> Tensor:
        """Return the tensor; its gradient is multiplied by the scale on the way into the model."""
        return _ScaledGradient.apply(tensor, self.scale) if self.active else tensor  # type: ignore[no-untyped-call]

    def unscale_gradient(self, tensor: Tensor) -> Tensor:
        """Return the tensor; its gradient is divided by the scale on the way out of the model."""
        return _ScaledGradient.apply(tensor, 1 / self.scale) if self.active else tensor  # type: ignore[no-untyped-call]

    def save_weighting_state(self, weighting: Weighting) -> None:
        """Save the weighting method's state before a step, in case the step is skipped."""
        if self.active:
            self._weighting_state = weighting.state_dict()

    def accept_step(self, parameters: Sequence[nn.Parameter], weighting: Weighting) -> bool:
        """Update the scale; return whether the gradients are finite, else undo what the step changed."""
        if not self.active:
            return True
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if not gradients or bool(torch.stack(torch._foreach_norm(gradients)).isfinite().all()):
            self._good_steps += 1
            if self._good_steps == _GROWTH_INTERVAL:
                self.scale, self._good_steps = self.scale * 2, 0
            return True
        weighting.load_state_dict(self._weighting_state)
        self.scale, self._good_steps = max(self.scale / 2, 1.0), 0
        return False

    def state_dict(self) -> dict[str, float]:
        """Return the scale and the steps since its last change."""
        return {"scale": self.scale, "good_steps": self._good_steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state; that of the first release is empty.

        Raises:
            TypeError, ValueError: It is not valid.
        """
        self.scale = read_number(state.get("scale", self.scale))
        self._good_steps = read_count(state.get("good_steps", 0))


class _ScaledGradient(torch.autograd.Function):
    """Identity whose gradient is multiplied by a factor."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return tensor.view_as(tensor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return gradients[0] * ctx.factor, None
