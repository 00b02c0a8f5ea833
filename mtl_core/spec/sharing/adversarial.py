"""Adversarial shared-private networks: a shared trunk and a private one for each task."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import (
    SHARED,
    Block,
    SchemeDiagram,
    TrunkLayers,
    heads,
    tasks_around_shared,
)


class Adversarial(BaseSharing):
    """A shared trunk and a copy of it per task; an adversary keeps what is of one task alone out of the shared one.

    Liu et al. 2017. Task layers read both, one behind the other. The adversary guesses from the shared features which
    task a row is of, so there is something to guess only where rows have a label for some tasks but not for others.
    """

    title: ClassVar[str] = "Adversarial shared-private"
    kind: Literal["adversarial"] = "adversarial"
    adversary: float = field(
        0.05,
        "How strongly the shared trunk hides whose a row is; of use only where rows lack the labels of some tasks.",
        title="Adversary weight",
        ge=0,
        le=100,
        scale="log",
    )
    orthogonality: float = field(
        0.01,
        "How strongly shared and own features are kept apart.",
        title="Orthogonality weight",
        ge=0,
        le=10_000,
        scale="log",
    )

    def input_copies(self, tasks: int) -> int:
        """A shared one, and one for each task."""
        return tasks + 1

    def representation(self, shape: Shape) -> Shape:
        """Shared and own features, one behind the other."""
        return (2 * shape[0], *shape[1:])

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """The shared trunk with the adversary below it, between the private trunks of the tasks."""
        inputs = Block(role="input", wide=True)
        trunks = {
            owner: Block(
                role="layers",
                layers=trunk.all,
                task=owner,
                title="shared" if owner == SHARED else "own",
                reads=(inputs,),
            )
            for owner in tasks_around_shared(tasks)
        }
        shared = trunks[SHARED]
        adversary = Block(role="unit", title="adversary", reads=(shared,))
        task_heads = heads([(shared, trunks[task]) for task in range(tasks)])
        last = tuple(adversary if owner == SHARED else task_heads[owner] for owner in trunks)
        return SchemeDiagram(((inputs,), tuple(trunks.values()), last))
