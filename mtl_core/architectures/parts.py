"""What the builders of sharing schemes put together."""

from collections.abc import Sequence

from torch import nn

from mtl_core.architectures.plan import Plan
from mtl_core.architectures.stack import Step, modules_of


def copy_of(steps: Sequence[Step]) -> nn.Sequential:
    """A copy of some layers, with numbers of its own."""
    return nn.Sequential(*modules_of(steps))


def copies_of(steps: Sequence[Step], count: int) -> list[nn.Sequential]:
    """Several of them."""
    return [copy_of(steps) for _ in range(count)]


def heads_of(plan: Plan) -> dict[str, nn.Sequential]:
    """Each task's layers, the output layer included, in task order."""
    return {task: copy_of([*head.layers, *head.output]) for task, head in plan.heads.items()}
