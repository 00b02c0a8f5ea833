"""Forward pass of a training batch: task losses, split batches, gradients of penalties."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.tasks import TaskHead
from mtl_core.training.batching.batches import Batch
from mtl_core.training.step.forward_engine import ForwardEngine, ModelForwardEngine
from mtl_core.weighting import ForwardPass, SharedRepresentation, Weighting, detach_at_representation


def forward(model: ForwardEngine, tasks: Sequence[TaskHead], batch: Batch, *, detach: bool) -> ForwardPass:
    """Compute the task losses of a batch.

    Args:
        model: In training mode.
        tasks: In the model's order.
        batch: The rows.
        detach: Whether to detach the autograd graph at the shared representation.
    """
    model.set_label_masks(batch.masks)
    if detach:
        outputs, representation = detach_at_representation(model.features(batch.inputs), model.head, len(tasks))
        representation.recomputes = isinstance(model, ModelForwardEngine) and model.uses_micro_batches
        return ForwardPass(compute_losses(tasks, outputs, batch), batch.present, representation, outputs)
    outputs = model(batch.inputs)
    return ForwardPass(compute_losses(tasks, outputs, batch), batch.present, None, outputs)


def needs_detached_representation(weighting: Weighting, model: ForwardEngine) -> bool:
    """Whether a weighting method needs the graph of this model detached at the shared representation."""
    return weighting.detach_representation == "always" or (
        weighting.detach_representation == "when_costly" and isinstance(model, ModelForwardEngine)
    )


def compute_losses(tasks: Sequence[TaskHead], outputs: Sequence[Tensor], batch: Batch) -> list[Tensor]:
    """Compute each task's loss, 0-d, over the rows that have its label; of a mixed batch the mixture of both losses."""
    losses = _losses(tasks, outputs, batch.targets, batch.masks)
    if (partners := batch.partner_labels) is None:
        return losses
    partner_losses = _losses(tasks, outputs, partners.targets, partners.masks)
    share, pairs = partners.share, zip(losses, partner_losses, strict=True)
    return [share * loss + (1 - share) * partner_loss for loss, partner_loss in pairs]


def _losses(
    tasks: Sequence[TaskHead], outputs: Sequence[Tensor], targets: Sequence[Tensor], masks: Sequence[Tensor | None]
) -> list[Tensor]:
    rows = zip(tasks, outputs, targets, masks, strict=True)
    return [task.loss(output, target, mask) for task, output, target, mask in rows]


def split_batch(batch: Batch, parts: int) -> list[Batch]:
    """Split a batch into parts of nearly equal size; each is the whole batch if they had fewer than two rows."""
    if len(batch) < 2 * parts:
        return [batch] * parts
    return [batch.select(slice(part, None, parts)) for part in range(parts)]


def mean_losses(passes: Sequence[ForwardPass]) -> list[Tensor]:
    """Compute each task's mean loss over the parts of a batch, detached."""
    if len(passes) == 1:
        return [loss.detach_() for loss in passes[0].losses]
    return list(
        torch.stack([torch.stack(list(forward_pass.losses)).detach() for forward_pass in passes]).mean(dim=0).unbind()
    )


class PenaltyGradient:
    """Gradient of a penalty on the losses, computed before the weighting method's backward pass frees the graph.

    It is added unchanged, whatever the weighting method does with the task gradients; frozen parameters get none.

    Args:
        penalty: 0-d, with its graph.
        parameters: Those that the penalty may train.
        representation: The shared representation at which the graph is detached, if the penalty depends on the heads.
    """

    def __init__(
        self, penalty: Tensor, parameters: Sequence[nn.Parameter], representation: SharedRepresentation | None = None
    ) -> None:
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad and penalty.requires_grad]
        self._gradients: Sequence[Tensor | None] = ()
        if self._parameters and representation is not None:
            self._gradients = representation.joint_loss_gradients(penalty, self._parameters)
        elif self._parameters:
            self._gradients = torch.autograd.grad(penalty, self._parameters, retain_graph=True, allow_unused=True)

    def add(self) -> None:
        """Add the gradient to that of each parameter."""
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            if gradient is not None:
                parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
