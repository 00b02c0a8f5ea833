"""Averaged weights, which are validated and kept in place of the last ones."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from mtl_core.architectures import MultiTaskModel
from mtl_core.spec import Averaging
from mtl_core.spec.training.averaging import Ema, Swa, Unaveraged
from mtl_core.training.batching.batches import Batches


class Average:
    """The average of a model's weights over a run.

    The moving average begins at the initial weights and keeps ``min(decay, (1+t)/(10+t))`` of itself at step t, so that
    they are soon forgotten. Its batch normalisation's statistics are averaged as the weights are. The mean of epochs
    finds its statistics anew from the training rows whenever it is judged (Izmailov et al. 2018, section 3.2); until
    it begins, the model itself is judged.

    Args:
        spec: Which average.
        model: Of whose weights.
        epochs: Those of the run.
    """

    def __init__(self, spec: Averaging, model: MultiTaskModel, epochs: int) -> None:
        self._spec, self._model, self._epochs = spec, model, epochs
        self._average = None if isinstance(spec, Unaveraged) else copy.deepcopy(model).requires_grad_(False)
        self._taken = 0
        self._pairs = [] if self._average is None else _pairs(self._average, model)

    def after_step(self, step: int) -> None:
        """Take in the weights that a step left; ``step`` is its number, from 0."""
        if isinstance(self._spec, Ema):
            self._mix(1 - min(self._spec.decay, (1 + step) / (10 + step)))

    def after_epoch(self, epoch: int) -> None:
        """Take in the weights at the end of an epoch; ``epoch`` is how many are done."""
        if isinstance(self._spec, Swa) and epoch > self._spec.start * self._epochs:
            self._taken += 1
            self._mix(1 / self._taken)

    def judged(self, train: Batches) -> MultiTaskModel:
        """What is validated, tested and kept.

        Args:
            train: The training rows.
        """
        if self._average is None or (isinstance(self._spec, Swa) and not self._taken):
            return self._model
        if isinstance(self._spec, Swa):
            renew_statistics(self._average, train)
        return self._average

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        if self._average is None:
            return {}
        return {**self._average.state_dict(), ".taken": torch.tensor(self._taken)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back a kept state.

        Raises:
            KeyError, RuntimeError: It is that of another average.
        """
        if self._average is not None:
            kept = dict(state)
            self._taken = int(kept.pop(".taken"))
            self._average.load_state_dict(kept)

    @torch.no_grad()
    def _mix(self, share: float) -> None:
        """Move the average by a share of the way to the model; whole numbers are taken as they are."""
        ours, theirs = zip(*((one, two) for one, two in self._pairs if one.is_floating_point()), strict=True)
        torch._foreach_lerp_(ours, theirs, share)
        for one, two in self._pairs:
            if not one.is_floating_point():
                one.copy_(two)


def _pairs(average: MultiTaskModel, model: MultiTaskModel) -> list[tuple[Tensor, Tensor]]:
    """Each parameter and buffer of the average with the model's; they are only ever changed in place."""
    return list(zip(average.state_dict().values(), model.state_dict().values(), strict=True))


@torch.no_grad()
def renew_statistics(model: MultiTaskModel, train: Batches) -> None:
    """Find the statistics of batch normalisation anew from the training rows, drawing no random numbers.

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
    for batch in train.in_order():
        if len(batch.inputs) > 1:
            model(batch.inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
