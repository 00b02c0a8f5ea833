"""Several inputs on the Model page: a tab for each encoder, the fusion with its fix, and the diagram.

Covers: app/pages/model/shared_card.py, app/pages/model/fusion_panel.py, app/pages/model/input_layout.py.
"""

from itertools import combinations
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.pages.model import ModelPage
from app.pages.model.diagram_layout import plan_of
from app.pages.model.templates import TEMPLATES
from app.session import Session
from app.settings import Settings
from mtl_core.architectures import build_model, describe_model
from mtl_core.architectures.fusion.encoded_inputs import EncodedInputs
from mtl_core.spec import ModelInfo, ModelSpec, Sharing, TargetInfo, kind_of, members
from mtl_core.spec.sharing import sharing_of
from tests.app.pages.model.test_model_page import FakeSession
from tests.app.pages.model.test_scheme_diagrams import overlap, reached

SHAPES = {"numbers": (10,), "title": (14,), "picture": (3, 16, 16)}
DATASET: dict[str, Any] = {
    "kind": "table",
    "path": "/x/a.csv",
    "inputs": {
        "numbers": {"kind": "table", "columns": ["a"]},
        "title": {"kind": "text", "column": "t"},
        "picture": {"kind": "image", "column": "p"},
    },
}
MODEL: dict[str, Any] = {
    "inputs": {
        "title": [
            {"kind": "embedding", "dimensions": 8},
            {"kind": "gru", "hidden_size": 8},
            {"kind": "global_max_pool"},
        ],
        "picture": [{"kind": "conv2d", "out_channels": 4}, {"kind": "relu"}, {"kind": "global_avg_pool"}],
    },
    "shared": [{"kind": "linear", "out_features": 16}, {"kind": "relu"}, {"kind": "linear", "out_features": 8}],
}
TARGETS = {name: TargetInfo(name=name, kind="binary", classes=("no", "yes")) for name in ("left", "right")}


def info_of(model: Any) -> ModelInfo:
    spec = model if isinstance(model, ModelSpec) else ModelSpec.model_validate(model, strict=False)
    return describe_model(spec, SHAPES, TARGETS)


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path) -> FakeSession:
    session = FakeSession(Settings(tmp_path))
    session.document.load_data({**session.document.data, "dataset": DATASET, "model": MODEL})
    assert session.document.valid
    return session


@pytest.fixture
def page(qtbot: QtBot, session: FakeSession) -> ModelPage:
    page = ModelPage(cast(Session, session))
    qtbot.addWidget(page)
    page.resize(1188, 726)
    page.show()
    answer(session)
    return page


def answer(session: FakeSession) -> None:
    """Describe the document's model as the worker does."""
    assert session.document.spec is not None
    session.answer(info_of(session.document.spec.model))


def tab_titles(page: ModelPage) -> list[str]:
    return [page.shared.tabs.bar.tabText(i) for i in range(page.shared.tabs.count())]


def test_there_is_a_tab_for_each_encoder_one_for_the_fusion_and_one_for_what_is_shared(page: ModelPage) -> None:
    assert tab_titles(page) == ["numbers", "title", "picture", "Fusion", "Shared"]
    assert page.shared.current.title == "Shared"
    page.select("model.inputs.title[1]")
    assert page.shared.current.title == "title"
    assert page.shared.encoders["title"].rows[1].line.shape.full_text() == "16×14"
    assert page.shared.fusion.line.shape.full_text().startswith("30")
    assert not page.shared.more.isVisible()


def test_a_box_of_the_diagram_opens_the_layer_or_the_fusion(page: ModelPage) -> None:
    page.diagram.view.boxClicked.emit("model.inputs.title[1]")
    assert page.shared.input == "title"
    assert page.shared.encoders["title"].open_index == 1
    page.diagram.view.boxClicked.emit("model.shared[0]")
    assert (page.shared.current.title, page.shared.encoders["title"].open_index) == ("Shared", -1)
    page.diagram.view.boxClicked.emit("model.fusion")
    assert page.shared.current.title == "Fusion"
    assert not page.shared.add.isVisible()
    page.diagram.view.boxClicked.emit("model.inputs.numbers")
    assert page.shared.input == "numbers"


def test_a_fusion_that_does_not_fit_is_shown_where_it_stands_and_mended_by_a_click(
    page: ModelPage, session: FakeSession
) -> None:
    session.document.set("model.fusion.in_features", 512)
    answer(session)
    assert page.problems.text() == "1 problem"
    assert page.shared.fusion.error.label.text()
    assert [box.title for box in plan_of(info_of(session.document.spec.model)).boxes if box.error] == ["Concatenation"]
    page.shared.fusion.error.link.click()
    answer(session)
    assert not page.problems.isVisible()
    session.document.undo_stack.undo()
    assert session.document.get("model.fusion.in_features") == 512


def test_the_query_of_cross_attention_is_one_of_the_inputs(page: ModelPage, session: FakeSession) -> None:
    fusion = page.shared.fusion
    page.shared.show_block("model.fusion")
    assert not fusion.query.isVisible()
    fusion.form.combo.setValue("cross_attention")
    fusion.form.combo.valueChanged.emit("cross_attention")
    assert fusion.query.isVisible()
    assert fusion.query.value() == "numbers"
    fusion.query.setValue("title")
    fusion.query.valueChanged.emit("title")
    assert session.document.get("model.fusion.query") == "title"
    assert session.document.valid


def test_a_template_replaces_the_layers_of_the_shown_input_alone(page: ModelPage, session: FakeSession) -> None:
    shared = session.document.get("model.shared")
    page.shared.show_block("model.inputs.picture")
    page.apply(next(template for template in TEMPLATES if template.name == "cnn-small"))
    assert len(session.document.get("model.inputs.picture")) > 6
    assert session.document.get("model.shared") == shared
    answer(session)
    assert not page.problems.isVisible()


def test_a_single_input_has_no_tabs_until_it_gets_layers_of_its_own(page: ModelPage, session: FakeSession) -> None:
    session.document.set("dataset.inputs", ["a"])
    assert tab_titles(page) == ["Shared"]
    assert not page.shared.tabs.isVisible()
    page.shared.more.menu().aboutToShow.emit()
    (action,) = page.shared.more.menu().actions()
    assert action.text() == "Add an encoder of table"
    action.trigger()
    assert tab_titles(page) == ["table", "Shared"]
    assert page.shared.input == "table"
    page.shared.encoders["table"].add("linear")
    assert session.document.get("model.inputs.table[0].kind") == "linear"
    assert session.document.valid
    session.document.undo_stack.undo()
    session.document.undo_stack.undo()
    assert tab_titles(page) == ["Shared"]


@pytest.mark.parametrize("kind", [kind_of(scheme) for scheme in members(Sharing)])
def test_every_scheme_draws_all_inputs_and_as_many_copies_as_it_builds(kind: str) -> None:
    model = ModelSpec.model_validate({**MODEL, "sharing": {"kind": kind}}, strict=False)
    info = info_of(model)
    plan = plan_of(info)
    assert not [(a.title, b.title) for a, b in combinations(plan.boxes, 2) if overlap(a, b)]
    inputs = [i for i, box in enumerate(plan.boxes) if box.title in SHAPES]
    for task in TARGETS:
        (output,) = (i for i, box in enumerate(plan.boxes) if box.title == task)
        assert {*inputs} <= reached(plan, output)
    built = build_model(model, SHAPES, {name: target.outputs for name, target in TARGETS.items()})
    copies = sum(isinstance(module, EncodedInputs) for module in built.modules())
    assert copies == sharing_of(info).input_copies(len(TARGETS))
    assert [frame.copies for frame in plan.frames if frame.title.startswith("copies")] == [copies][: copies > 1]
