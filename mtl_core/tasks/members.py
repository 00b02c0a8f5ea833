"""Task heads for models with members (TabM): outputs ``[N, k, …]`` of k members instead of ``[N, …]``."""

from dataclasses import replace

from torch import Tensor

from mtl_core.tasks.task_head import TaskHead


def accept_members(head: TaskHead) -> TaskHead:
    """Return a task head whose loss, prediction and distance take outputs with or without members.

    The loss is the mean of the members' losses, each over the rows of the batch, so that a member learns as it would
    alone; it is computed over rows and members at once. Predictions are averaged as those of an ensemble of runs.
    """

    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if not head.has_members(prediction):
            return head.loss(prediction, target, mask)
        members = prediction.shape[1]
        member_mask = None if mask is None else mask.repeat_interleave(members, dim=0)
        return head.loss(prediction.flatten(0, 1), target.repeat_interleave(members, dim=0), member_mask)

    def predict(output: Tensor) -> Tensor:
        return head.predict(head.average_members(output))

    def distance(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
        if not head.has_members(student):
            return head.distance(student, teacher, temperature)
        return head.distance(student.flatten(0, 1), teacher.flatten(0, 1), temperature)

    return replace(head, loss=loss, predict=predict, distance=distance)
