"""How a sharing scheme is drawn, as plain data: rows of blocks, and what each block reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

SHARED = -1
"""Stands in place of a task's index for what all tasks have in common."""


@dataclass(frozen=True)
class TrunkLayers:
    """The shared layers of a model, by index.

    Attributes:
        count: Number of shared layers.
        stages: The layers of each stage, or of each level in a scheme of levels.
        tail: The layers after the last stage; may be empty.
    """

    count: int
    stages: tuple[range, ...] = ()
    tail: range = range(0)

    @property
    def all(self) -> range:
        """All shared layers."""
        return range(self.count)

    @property
    def parts(self) -> tuple[range, ...]:
        """The stages, and the tail if there is one."""
        return (*self.stages, self.tail) if self.tail else self.stages


@dataclass(frozen=True, eq=False, kw_only=True)
class Block:
    """A block of the diagram; two blocks are equal only if they are the same one.

    Attributes:
        role: The input of the model, a column of shared layers, a unit that the scheme puts between layers, or a task's
            own layers with its output.
        reads: The blocks whose output it reads: of rows above, or further left in its own row.
        task: Index of the task that it belongs to, or ``SHARED``.
        title: Name of a unit; of layers, the title of the frame around them, empty for no frame.
        layers: The layers of a column.
        copies: Number of copies of a column; one is drawn.
        wide: Whether a column is as wide as the input; else it is as wide as a task's own layers.
        span: Number of the row's columns that it covers.
    """

    role: Literal["input", "layers", "unit", "head"]
    reads: tuple["Block", ...] = ()
    task: int = SHARED
    title: str = ""
    layers: range = range(0)
    copies: int = 1
    wide: bool = False
    span: int = 1


Row = tuple[Block | None, ...]
"""Blocks side by side, with None for an empty place. Rows of equal length have the same columns."""


@dataclass(frozen=True)
class SchemeDiagram:
    """The blocks of a model, from its input to its tasks.

    Attributes:
        rows: First to last.
        ties: Columns side by side whose layers a penalty keeps similar, layer by layer.
    """

    rows: tuple[Row, ...]
    ties: tuple[tuple[Block, Block], ...] = ()


def heads(reads: Sequence[Sequence[Block]]) -> tuple[Block, ...]:
    """The own layers of each task, in task order, by what they read."""
    return tuple(Block(role="head", task=task, reads=tuple(blocks)) for task, blocks in enumerate(reads))


def tasks_around_shared(tasks: int) -> list[int]:
    """The tasks' indices in order, with ``SHARED`` in the middle."""
    middle = tasks // 2
    return [*range(middle), SHARED, *range(middle, tasks)]


def trunk_diagram(trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
    """One trunk that all tasks read."""
    last = Block(role="input", wide=True)
    rows: list[Row] = [(last,)]
    if trunk.all:
        last = Block(role="layers", layers=trunk.all, reads=(last,), wide=True)
        rows.append((last,))
    return SchemeDiagram((*rows, heads([[last]] * tasks)))


def task_unit_diagram(trunk: TrunkLayers, tasks: int, title: str) -> SchemeDiagram:
    """One trunk that reads a unit of each task beside the input."""
    inputs = Block(role="input", wide=True)
    units = tuple(Block(role="unit", title=title, task=task, reads=(inputs,)) for task in range(tasks))
    layers = Block(role="layers", layers=trunk.all, reads=units, wide=True)
    return SchemeDiagram(((inputs,), units, (layers,), heads([[layers]] * tasks)))


def tower_diagram(trunk: TrunkLayers, tasks: int, *, unit: str = "", tied: bool = False) -> SchemeDiagram:
    """A tower for each task.

    Args:
        trunk: The layers of each tower.
        tasks: Number of tasks.
        unit: Name of the unit that mixes all towers after each stage, with ``{}`` for its number; empty for none.
        tied: Whether a penalty keeps neighboring towers similar.
    """
    rows: list[Row] = [(Block(role="input", wide=True),)]
    ties: list[tuple[Block, Block]] = []
    reads: list[tuple[Block, ...]] = [tuple(block for block in rows[0] if block)] * tasks
    for number, layers in enumerate(trunk.parts, 1):
        columns = tuple(Block(role="layers", layers=layers, task=i, reads=reads[i]) for i in range(tasks))
        rows.append(columns)
        reads = [(column,) for column in columns]
        ties += pairwise(columns) if tied else ()
        if unit and number <= len(trunk.stages):
            mixture = Block(role="unit", title=unit.format(number), reads=columns, span=tasks)
            rows.append((mixture,))
            reads = [(mixture,)] * tasks
    return SchemeDiagram((*rows, heads(reads)), tuple(ties))


def expert_diagram(levels: Sequence[range], tasks: int, *, shared: int, own: int = 0) -> SchemeDiagram:
    """Copies of the trunk as experts, mixed by a gate for each task; with several levels, also by a shared gate.

    Args:
        levels: The layers of the experts of each level.
        tasks: Number of tasks.
        shared: Number of experts that all tasks read.
        own: Number of further experts of each task.
    """
    inputs = Block(role="input", wide=True)
    owners = tasks_around_shared(tasks) if own else [SHARED]
    gate_owners = tasks_around_shared(tasks) if len(levels) > 1 else [*range(tasks)]
    rows: list[Row] = [(inputs,)]
    reads = dict.fromkeys([*range(tasks), SHARED], inputs)
    for number, layers in enumerate(levels, 1):
        experts = {owner: _experts(layers, owner, reads[owner], shared=shared, own=own) for owner in owners}
        is_last = number == len(levels)
        gates = {owner: _gate(owner, experts) for owner in gate_owners if owner != SHARED or not is_last}
        rows += [tuple(experts.values()), tuple(gates.get(owner) for owner in gate_owners)]
        reads = gates
    task_heads = heads([[reads[task]] for task in range(tasks)])
    return SchemeDiagram((*rows, tuple(None if owner == SHARED else task_heads[owner] for owner in gate_owners)))


def _experts(layers: range, owner: int, source: Block, *, shared: int, own: int) -> Block:
    title = "own" if owner != SHARED else "shared" if own else "experts"
    copies = shared if owner == SHARED else own
    return Block(role="layers", layers=layers, task=owner, title=title, copies=copies, reads=(source,))


def _gate(owner: int, experts: dict[int, Block]) -> Block:
    """A task's gate reads the shared and its own experts, the shared gate all experts."""
    read = tuple(block for task, block in experts.items() if owner == SHARED or task in (SHARED, owner))
    return Block(role="unit", title="gate", task=owner, reads=read)
