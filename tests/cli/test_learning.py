"""Sharing schemes and weighting methods learn two digits from the command line."""

import pytest

from mtl_core.spec import kind_of, members
from mtl_core.spec.sharing import Sharing
from mtl_core.store import SeriesKey, open_store
from tests.cli.conftest import Command

FROZEN = ("prompts", "prefixes", "lora")
"""Their trunks are trained before."""
SCHEMES = [kind for kind in map(kind_of, members(Sharing)) if kind not in FROZEN]
WEIGHTINGS = ("equal", "uncertainty", "pcgrad", "nash_mtl", "famo")
LAYERS = (
    "[{kind: conv2d, out_channels: 8, stride: 2, padding: 1}, {kind: relu}, {kind: flatten}, "
    "{kind: linear, out_features: 32}, {kind: relu}]"
)
SMALL = (
    f"model.shared={LAYERS}",
    "model.heads={}",
    "dataset.split={train: 0.35, val: 0.05, test: 0.6}",
    "training.epochs=2",
    "training.batch_size=64",
    "training.optimizer.lr=0.003",
)


@pytest.mark.slow
@pytest.mark.parametrize(("turn", "scheme"), list(enumerate(SCHEMES)), ids=SCHEMES)
def test_every_scheme_learns_both_digits_from_the_command_line(command: Command, turn: int, scheme: str) -> None:
    settings = [*SMALL, f"model.sharing.kind={scheme}", f"weighting={{kind: {WEIGHTINGS[turn % len(WEIGHTINGS)]}}}"]
    result = command("train", "multidigits", *(word for one in settings for word in ("--set", one)), "--json")
    assert (result.status, result.json["state"]) == (0, "finished")
    with open_store() as store:
        points = store.read(1)[0]
    for task in ("left", "right"):
        losses = points[SeriesKey(task, "train", "loss")].values
        assert losses[-10:].mean() < 0.9 * losses[:10].mean(), task
