"""The diagrams of all sharing schemes: their blocks and edges, without overlaps."""

from itertools import combinations
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.document import Document
from app.pages.model.cards import TasksCard
from app.pages.model.diagram import Diagram
from app.pages.model.diagram_geometry import Box, Plan
from app.pages.model.diagram_layout import plan_of
from app.pages.model.shared_card import SharedCard
from mtl_core.architectures import describe_model
from mtl_core.spec import ModelInfo, ModelSpec, Sharing, TargetInfo, kind_of, load_preset, members

_SHARED: list[dict[str, Any]] = [
    {"kind": "conv2d", "out_channels": 8},
    {"kind": "relu"},
    {"kind": "max_pool2d"},
    {"kind": "conv2d", "out_channels": 8},
    {"kind": "flatten"},
]
KINDS = [kind_of(scheme) for scheme in members(Sharing)]
every_scheme = pytest.mark.parametrize("kind", KINDS)


def info_of(sharing: dict[str, Any] | str, tasks: int = 3, shared: list[dict[str, Any]] = _SHARED) -> ModelInfo:
    names = ("left", "right", "sum", "parity")[:tasks]
    given = {"kind": sharing} if isinstance(sharing, str) else sharing
    spec = {"sharing": given, "shared": shared, "heads": {"left": [{"kind": "linear", "out_features": 4}]}}
    if not shared or shared[-1]["kind"] != "flatten":
        spec["heads"] = {}
    targets = {name: TargetInfo(name=name, kind="binary", classes=("no", "yes")) for name in names}
    return describe_model(ModelSpec.model_validate(spec, strict=False), {"image": (1, 8, 8)}, targets)


def titles(plan: Plan, task: int) -> list[str]:
    return [box.title for box in plan.boxes if box.task == task]


def reached(plan: Plan, start: int) -> set[int]:
    """The boxes that lead to a box."""
    found, waiting = {start}, [start]
    while waiting:
        at = waiting.pop()
        before = {a for a, b in plan.links if b == at} - found
        found |= before
        waiting += before
    return found


def overlap(one: Box, two: Box) -> bool:
    across = one.x < two.x + two.width and two.x < one.x + one.width
    return across and one.y < two.y + two.height and two.y < one.y + one.height


@every_scheme
@pytest.mark.parametrize("tasks", [1, 2, 4])
def test_no_box_stands_on_another_and_all_are_on_the_page(kind: str, tasks: int) -> None:
    plan = plan_of(info_of(kind, tasks))
    assert not [(a.title, b.title) for a, b in combinations(plan.boxes, 2) if overlap(a, b)]
    for area in (*plan.boxes, *plan.frames):
        assert area.x >= 0
        assert area.x + area.width <= plan.width
        assert area.y >= 0
        assert area.y + area.height <= plan.height


@every_scheme
@pytest.mark.parametrize("tasks", [1, 2, 4])
def test_the_input_reaches_every_output(kind: str, tasks: int) -> None:
    info = info_of(kind, tasks)
    plan = plan_of(info)
    for task in info.outputs:
        (output,) = (i for i, box in enumerate(plan.boxes) if box.title == task)
        assert 0 in reached(plan, output)


@every_scheme
def test_without_shared_layers_and_with_a_fault_a_plain_model_is_drawn(kind: str) -> None:
    assert titles(plan_of(info_of(kind, shared=[])), -1) == ["image"]
    faulty = info_of(kind, shared=[{"kind": "linear"}])
    assert titles(plan_of(faulty), -1) == ["image", "Linear"]


def test_towers_have_a_copy_per_task_and_what_joins_them() -> None:
    plan = plan_of(info_of("cross_stitch"))
    assert titles(plan, 1) == ["Conv2d · ReLU", "MaxPool2d", "Conv2d", "Flatten", "right"]
    assert [box.title for box in plan.boxes if box.unit] == ["cross-stitch 1", "cross-stitch 2"]
    assert plan_of(info_of("separate")).ties == ()
    assert len(plan_of(info_of("soft")).ties) == 2 * 4


def test_experts_are_piles_and_every_task_has_a_gate() -> None:
    plan = plan_of(info_of({"kind": "cgc", "shared_experts": 3, "own_experts": 2}))
    assert [(frame.title, frame.task, frame.copies) for frame in plan.frames] == [
        ("own ×2", 0, 2),
        ("shared ×3", -1, 3),
        ("own ×2", 1, 2),
        ("own ×2", 2, 2),
    ]
    assert [box.task for box in plan.boxes if box.unit] == [0, 1, 2]
    assert len(plan_of(info_of({"kind": "mmoe"})).frames) == 1
    assert len(plan_of(info_of({"kind": "cgc", "own_experts": 0})).frames) == 1


def test_levels_stand_below_each_other_with_a_shared_gate_between() -> None:
    plan = plan_of(info_of("ple", tasks=2))
    assert len({frame.y for frame in plan.frames}) == 2
    assert sorted(box.task for box in plan.boxes if box.unit) == [-1, 0, 0, 1, 1]


def test_a_tree_has_its_nodes_and_every_way_that_can_be_chosen() -> None:
    plan = plan_of(info_of({"kind": "branch", "nodes": 3}, tasks=2))
    assert titles(plan, -1).count("Conv2d · ReLU") == 3
    output = next(i for i, box in enumerate(plan.boxes) if box.title == "right")
    assert len([a for a, b in plan.links if b == output]) == 3


def test_private_copies_stand_beside_the_shared_one_and_its_adversary() -> None:
    plan = plan_of(info_of("adversarial", tasks=2))
    assert [frame.title for frame in plan.frames] == ["own", "shared", "own"]
    assert [box.title for box in plan.boxes if box.unit] == ["adversary"]
    output = next(i for i, box in enumerate(plan.boxes) if box.title == "right")
    assert len([a for a, b in plan.links if b == output]) == 2


@every_scheme
def test_the_diagram_draws_any_scheme(qtbot: QtBot, kind: str) -> None:
    view = Diagram()
    qtbot.addWidget(view)
    view.resize(400, 600)
    view.show_model(info_of(kind))
    assert not view.grab().isNull()
    assert "right" in view.accessibleDescription()


def test_the_scheme_is_chosen_with_the_shared_layers(qtbot: QtBot, qapp: QApplication) -> None:
    document = Document()
    document.load_spec(load_preset("multidigits"))
    card = SharedCard(document, QWidget())
    qtbot.addWidget(card)
    assert [card.sharing.combo.itemText(i) for i in range(card.sharing.combo.count())] == [
        scheme.title for scheme in members(Sharing)
    ]
    card.sharing.combo.setCurrentIndex(KINDS.index("mmoe"))
    card.sharing.combo.activated.emit(KINDS.index("mmoe"))
    assert document.get("model.sharing") == {"kind": "mmoe", "experts": 4}
    document.undo_stack.undo()
    assert card.sharing.combo.value() == "hard"
    document.deleteLater()


def test_task_layers_are_told_what_arrives_under_the_scheme(qtbot: QtBot, qapp: QApplication) -> None:
    document = Document()
    document.load_spec(load_preset("multidigits"))
    card = TasksCard(document)
    qtbot.addWidget(card)
    card.show_model(info_of("adversarial", tasks=2))
    assert card.lists["right"]._input_text == "256 features"
    card.show_model(info_of("hard", tasks=2))
    assert card.lists["right"]._input_text == "128 features"
    document.deleteLater()
