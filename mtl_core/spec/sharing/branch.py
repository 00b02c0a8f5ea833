"""Learning to branch: a tree of stages whose edges are learned."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import Block, Row, SchemeDiagram, TrunkLayers, heads
from mtl_core.spec.sharing.learned_series import LearnedSeries

NODE_PROBABILITIES = LearnedSeries("stage {number}, {source}", "stage {number}", source=r"node \d+")
"""The probability that a task's path leads through each node of a stage."""


class Branching(BaseSharing):
    """A tree is learned: every stage of the trunk has several nodes, each chooses its parent (Guo et al. 2020).

    A stage is a layer that learns features with the norm, activation and pooling behind it. While training, choices are
    drawn by their learned probabilities, ever less at random; at the end each node and task has the most probable
    parent.
    """

    title: ClassVar[str] = "Learning to branch"
    learns: ClassVar[tuple[LearnedSeries, ...]] = (NODE_PROBABILITIES,)
    kind: Literal["branch"] = "branch"
    nodes: int = field(2, "Nodes of every stage; no more than there are tasks are of use.", ge=1, le=16)
    warmup: int = field(
        100,
        "All parents have an equal part until then, so a run needs many more steps.",
        title="Warm-up",
        unit="steps",
        ge=0,
        le=10_000_000,
    )
    temperature: float = field(
        5.0, "How random the choices are at first; it falls to 0.1.", ge=0.1, le=1000, scale="log"
    )
    half_life: int = field(
        500,
        "The temperature falls by half in as many.",
        title="Half-life",
        unit="steps",
        ge=1,
        le=10_000_000,
        scale="log",
    )

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """The nodes of each stage with all edges that can be chosen; the tail belongs to those of the last stage."""
        *stages, last = trunk.stages
        nodes: tuple[Block, ...] = (Block(role="input", wide=True),)
        rows: list[Row] = [nodes]
        for layers in (*stages, range(last.start, trunk.count)):
            nodes = tuple(Block(role="layers", layers=layers, reads=nodes) for _ in range(self.nodes))
            rows.append(nodes)
        return SchemeDiagram((*rows, heads([nodes] * tasks)))
