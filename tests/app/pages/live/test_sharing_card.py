"""The card of what a sharing scheme has learned."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.pages.live.card_board import CardBoard
from app.pages.live.sharing_card import SharingCard
from app.plots import PlotTools, ticker
from mtl_core.architectures import build_model
from mtl_core.protocol.series_names import read_learned_name
from mtl_core.spec import ModelSpec, Sharing, kind_of, members
from mtl_core.store import Points, SeriesKey
from tests.inputs import as_table

TASKS = ("left", "right")


def points(names: list[str], value: float = 0.5) -> dict[SeriesKey, Points]:
    keys = [SeriesKey(task, "train", name) for task in TASKS for name in names]
    return {key: Points.of([10, 20], [value, value / 2]) for key in keys}


@pytest.fixture
def board(qtbot: QtBot, plot_tools: PlotTools) -> Iterator[CardBoard]:
    made = CardBoard(plot_tools, TASKS)
    qtbot.addWidget(made)
    made.resize(1150, 620)
    made.show()
    yield made
    made.hide()
    qtbot.waitUntil(ticker().is_idle)


def legend(card: SharingCard) -> list[str]:
    return [label.text() for label in card.legend.findChildren(QLabel) if label.isVisibleTo(card)]


@pytest.mark.parametrize("kind", [kind_of(scheme) for scheme in members(Sharing)])
def test_whatever_any_scheme_learns_has_a_place_on_the_card(kind: str) -> None:
    shared: list[dict[str, Any]] = [{"kind": "linear", "out_features": 4}, {"kind": "linear", "out_features": 4}]
    model = build_model(
        ModelSpec.model_validate({"sharing": {"kind": kind}, "shared": shared}, strict=False),
        {"table": (3,)},
        {"left": 1, "right": 2},
    )
    model(as_table(torch.randn(4, 3)))
    assert all(read_learned_name(name) is not None for _, name in model.sharing_metrics())


def test_the_card_is_hidden_and_nothing_moves_until_there_is_something_to_draw(board: CardBoard) -> None:
    before = [card.geometry() for card in (board.losses["left"], board.weights, board.log)]
    board.append({SeriesKey("left", "train", "loss"): Points.of([1], [1.0])}, reset=False)
    assert not board.sharing.isVisible()
    board.append(points(["gate of expert 1", "gate of expert 2"]), reset=False)
    assert board.sharing.isVisible()
    board.grab()
    after = [card.geometry() for card in (board.losses["left"], board.weights, board.log)]
    assert [(a.top(), a.height()) for a in after] == [(b.top(), b.height()) for b in before]


def test_every_task_has_a_plot_of_what_it_takes_from_where(qtbot: QtBot, board: CardBoard) -> None:
    board.append(points(["gate of expert 1", "gate of expert 2"]), reset=False)
    card = board.sharing
    assert card.current_place == "gates"
    assert not card.choice.isVisible()
    assert list(card.plots) == list(TASKS)
    assert all(len(plot.curve_keys()) == 2 for plot in card.plots.values())
    qtbot.waitUntil(lambda: legend(card) == ["expert 1", "expert 2"])


def test_one_place_is_shown_at_a_time(qtbot: QtBot, board: CardBoard) -> None:
    names = [f"stitch {number} from {task}" for number in (1, 2) for task in TASKS]
    board.append(points(names), reset=False)
    card = board.sharing
    assert [card.choice.itemText(i) for i in range(card.choice.count())] == ["stitch 1", "stitch 2"]
    card.choice.setCurrentIndex(1)
    assert {key.metric for key in card.plots["left"].curve_keys()} == {"stitch 2 from left", "stitch 2 from right"}  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: legend(card) == ["left", "right"])
    board.append(points(names, 0.9), reset=False)
    assert card.current_place == "stitch 2"


def test_another_run_starts_without_the_card(qtbot: QtBot, board: CardBoard) -> None:
    board.append(points(["gate of expert 1"]), reset=False)
    board.reset(TASKS)
    assert not board.sharing.isVisible()
    assert board.sharing.current_place == ""
    board.append(points(["stage 1, node 1"]), reset=True)
    assert board.sharing.current_place == "stage 1"
    qtbot.waitUntil(lambda: legend(board.sharing) == ["node 1"])
