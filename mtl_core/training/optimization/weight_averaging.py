"""Averages of the weights over a run (EMA, SWA), which are evaluated and saved instead of the last weights."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from mtl_core.architectures import MultiTaskModel
from mtl_core.spec import Averaging
from mtl_core.spec.training.averaging import Ema, Swa, Unaveraged
from mtl_core.training.batching.batches import Batches

_COUNT = ".taken"
"""Name of the number of averaged epochs in a saved state."""


class WeightAverage:
    """Average of a model's weights over a run.

    The exponential moving average (EMA) starts at the initial weights; its decay is ``min(decay, (1+t)/(10+t))`` at
    step t, so that the initial weights soon lose influence. Batch norm statistics are averaged like the weights. The
    mean over epochs (SWA) recomputes them from the training rows before each evaluation (Izmailov et al. 2018, section
    3.2); before it starts, the model itself is evaluated.

    Args:
        spec: Kind of average.
        model: The model.
        epochs: Epochs of the run.
    """

    def __init__(self, spec: Averaging, model: MultiTaskModel, epochs: int) -> None:
        self._spec, self._model, self._epochs = spec, model, epochs
        self._average = None if isinstance(spec, Unaveraged) else copy.deepcopy(model).requires_grad_(False)
        self._epochs_averaged = 0
        self._pairs = [] if self._average is None else _tensor_pairs(self._average, model)

    def after_step(self, step: int) -> None:
        """Update with the weights after a step; ``step`` is its number, from 0."""
        if isinstance(self._spec, Ema):
            self._update(1 - min(self._spec.decay, (1 + step) / (10 + step)))

    def after_epoch(self, epoch: int) -> None:
        """Update with the weights after an epoch; ``epoch`` is the number of epochs done."""
        if isinstance(self._spec, Swa) and epoch > self._spec.start * self._epochs:
            self._epochs_averaged += 1
            self._update(1 / self._epochs_averaged)

    def evaluation_model(self, train: Batches) -> MultiTaskModel:
        """Return the model to evaluate and save: the average, or the model itself.

        Args:
            train: The training rows.
        """
        if self._average is None or (isinstance(self._spec, Swa) and not self._epochs_averaged):
            return self._model
        if isinstance(self._spec, Swa):
            update_batch_norm(self._average, train)
        return self._average

    def state_dict(self) -> dict[str, Tensor]:
        """Return the averaged weights and the number of averaged epochs; empty without averaging."""
        if self._average is None:
            return {}
        return {**self._average.state_dict(), _COUNT: torch.tensor(self._epochs_averaged)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore a state.

        Raises:
            KeyError, RuntimeError: It is the state of another average.
        """
        if self._average is not None:
            tensors = dict(state)
            self._epochs_averaged = int(tensors.pop(_COUNT))
            self._average.load_state_dict(tensors)

    def begin_with(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with weights of the model, as if the average had been theirs."""
        if self._average is not None:
            self._average.load_state_dict(weights)

    @torch.no_grad()
    def _update(self, weight: float) -> None:
        """Interpolate the average towards the model by a weight; copy integer values."""
        averaged_values, model_values = zip(
            *((averaged, current) for averaged, current in self._pairs if averaged.is_floating_point()), strict=True
        )
        torch._foreach_lerp_(averaged_values, model_values, weight)
        for averaged, current in self._pairs:
            if not averaged.is_floating_point():
                averaged.copy_(current)


def _tensor_pairs(average: MultiTaskModel, model: MultiTaskModel) -> list[tuple[Tensor, Tensor]]:
    """Pair each parameter and buffer of the average with the model's; all are only changed in place."""
    return list(zip(average.state_dict().values(), model.state_dict().values(), strict=True))


@torch.no_grad()
def update_batch_norm(model: MultiTaskModel, train: Batches) -> None:
    """Recompute the batch norm statistics from the training rows, without drawing random numbers.

    Like ``torch.optim.swa_utils.update_bn``.

    Args:
        model: Left in evaluation mode.
        train: The rows.
    """
    model.eval()
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over the batches
        norm.train()
    for batch in train.iter_in_order():
        if len(batch) > 1:
            model(batch.inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
