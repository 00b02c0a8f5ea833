"""One forward pass of a batch: the losses, and where the graph was cut; and what a model adds to them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.tasks import TaskHead
from mtl_core.training.batching.batches import Batch
from mtl_core.training.step.forward_engine import Computed, Computing
from mtl_core.weighting import ForwardPass, SharedRepresentation, Weighting, detach_at_representation


def forward(model: Computing, tasks: Sequence[TaskHead], batch: Batch, *, cut: bool) -> ForwardPass:
    """The tasks' losses on a batch.

    Args:
        model: In training mode.
        tasks: In the model's order.
        batch: The rows.
        cut: Whether to cut the graph where the shared half of the model ends.
    """
    model.set_label_masks(batch.masks)
    if cut:
        outputs, representation = detach_at_representation(model.features(batch.inputs), model.head, len(tasks))
        representation.recomputes = isinstance(model, Computed) and model.in_pieces
        return ForwardPass(losses_of(tasks, outputs, batch), batch.present, representation, outputs)
    outputs = model(batch.inputs)
    return ForwardPass(losses_of(tasks, outputs, batch), batch.present, None, outputs)


def cuts(weighting: Weighting, model: Computing) -> bool:
    """Whether a weighting wants this model's passes cut."""
    return weighting.detach_representation == "always" or (
        weighting.detach_representation == "when_costly" and isinstance(model, Computed)
    )


def losses_of(tasks: Sequence[TaskHead], outputs: Sequence[Tensor], batch: Batch) -> list[Tensor]:
    """Each task's loss, 0-d, over the rows that have its label."""
    pairs = zip(tasks, outputs, batch.targets, batch.masks, strict=True)
    return [task.loss(output, target, mask) for task, output, target, mask in pairs]


def parted(batch: Batch, parts: int) -> list[Batch]:
    """A batch dealt out to several of nearly equal size; whole to each where they would have fewer than two rows."""
    if len(batch.inputs) < 2 * parts:
        return [batch] * parts
    return [batch.rows(slice(part, None, parts)) for part in range(parts)]


def mean_losses(passes: Sequence[ForwardPass]) -> list[Tensor]:
    """Each task's loss over all parts of a batch, without graph."""
    if len(passes) == 1:
        return [loss.detach_() for loss in passes[0].losses]
    return list(torch.stack([torch.stack(list(one.losses)).detach() for one in passes]).mean(dim=0).unbind())


class Penalty:
    """The gradient of what is added to the losses, taken before the weighting's pass frees the graph.

    It is added as it is, whatever the weighting makes of the tasks' gradients; frozen parameters have none.

    Args:
        penalty: 0-d, with its graph.
        parameters: That may learn from it.
        cut: Where the graph was cut, if the penalty comes from behind that place.
    """

    def __init__(
        self, penalty: Tensor, parameters: Sequence[nn.Parameter], cut: SharedRepresentation | None = None
    ) -> None:
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad and penalty.requires_grad]
        self._gradients: Sequence[Tensor | None] = ()
        if self._parameters and cut is not None:
            self._gradients = cut.joint_loss_gradients(penalty, self._parameters)
        elif self._parameters:
            self._gradients = torch.autograd.grad(penalty, self._parameters, retain_graph=True, allow_unused=True)

    def add(self) -> None:
        """Add it to the parameters' gradients."""
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            if gradient is not None:
                parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
