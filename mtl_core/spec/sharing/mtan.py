"""MTAN: one trunk, with an attention mask for each task on every stage."""

from typing import ClassVar, Literal

from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import Block, Row, SchemeDiagram, TrunkLayers, heads


class Mtan(BaseSharing):
    """One trunk for all tasks; each task learns a mask on the features of every stage (Liu et al. 2019)."""

    title: ClassVar[str] = "Attention masks (MTAN)"
    kind: Literal["mtan"] = "mtan"

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """The trunk, and beside each of its stages a mask for each task."""
        last = Block(role="input", wide=True)
        rows: list[Row] = [(last, *[None] * tasks)]
        masks: list[tuple[Block, ...]] = [()] * tasks
        for number, layers in enumerate(trunk.parts, 1):
            last = Block(role="layers", layers=layers, reads=(last,), wide=True)
            if number > len(trunk.stages):
                rows.append((last, *[None] * tasks))
                continue
            units = [
                Block(role="unit", title=f"mask {number}", task=task, reads=(last, *masks[task]))
                for task in range(tasks)
            ]
            rows.append((last, *units))
            masks = [(unit,) for unit in units]
        return SchemeDiagram((*rows, (None, *heads(masks))))
