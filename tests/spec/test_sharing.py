"""Sharing schemes in the spec: diagrams and the series that they learn."""

from itertools import pairwise

import pytest

from mtl_core.spec import Sharing, kind_of, members
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.block_diagram import Block, SchemeDiagram, TrunkLayers

STAGES = TrunkLayers(5, (range(0, 2), range(2, 4)), range(4, 5))
NO_TAIL = TrunkLayers(4, (range(0, 2), range(2, 4)))
SCHEMES = [scheme for scheme in members(Sharing) if issubclass(scheme, BaseSharing)]

every_diagram = pytest.mark.parametrize(
    ("diagram", "trunk", "tasks"),
    [
        pytest.param(scheme().diagram(trunk, tasks), trunk, tasks, id=f"{kind_of(scheme)}-{trunk.count}-{tasks}")
        for scheme in SCHEMES
        for trunk in (STAGES, NO_TAIL)
        for tasks in (1, 2, 5)
    ],
)


def blocks(diagram: SchemeDiagram) -> list[Block]:
    return [block for row in diagram.rows for block in row if block is not None]


def test_every_scheme_is_one() -> None:
    assert len(SCHEMES) == len(members(Sharing))


@every_diagram
def test_a_diagram_begins_with_the_input_and_ends_with_a_head_for_each_task(
    diagram: SchemeDiagram, trunk: TrunkLayers, tasks: int
) -> None:
    first, *others = blocks(diagram)
    assert first.role == "input"
    assert [block.task for block in others if block.role == "head"] == [*range(tasks)]
    assert all(block.role != "input" for block in others)


@every_diagram
def test_a_block_reads_blocks_that_are_placed_before_it(diagram: SchemeDiagram, trunk: TrunkLayers, tasks: int) -> None:
    placed: list[Block] = []
    for block in blocks(diagram):
        assert block.reads or block.role == "input"
        assert set(block.reads) <= set(placed)
        placed.append(block)


@every_diagram
def test_all_shared_layers_are_drawn(diagram: SchemeDiagram, trunk: TrunkLayers, tasks: int) -> None:
    drawn = {index for block in blocks(diagram) if block.role == "layers" for index in block.layers}
    assert drawn == set(trunk.all)


@every_diagram
def test_tied_columns_are_neighbors_of_the_same_layers(diagram: SchemeDiagram, trunk: TrunkLayers, tasks: int) -> None:
    for left, right in diagram.ties:
        assert left.layers == right.layers
        assert any((left, right) in pairwise(row) for row in diagram.rows)


@pytest.mark.parametrize("scheme", SCHEMES, ids=kind_of)
def test_the_name_of_a_learned_series_is_read_as_it_was_written(scheme: type[BaseSharing]) -> None:
    for series in scheme.learns:
        sources = ("stage 3", "node 2", "expert 1")
        readable = [source for source in sources if series.read(series.metric(source, 2))]
        assert readable
        for source in readable:
            share = series.read(series.metric(source, 2))
            assert share is not None
            assert share.source == source
            assert "{" not in share.place
