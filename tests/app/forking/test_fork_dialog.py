"""The dialog of a fork: what it proposes, and the experiment that it makes.

Covers: app/forking/fork_flow.py.
"""

from pytestqt.qtbot import QtBot

from app.forking.fork_dialog import ForkDialog
from mtl_core.forking.checkpoint_list import RunCheckpoint, list_checkpoints
from mtl_core.forking.fork import create_fork
from mtl_core.runner.execution import execute
from mtl_core.spec import ExperimentSpec
from mtl_core.store import RunStore
from tests.app.forking.conftest import experiment

Started = list[tuple[RunCheckpoint, ExperimentSpec]]


def open_dialog(qtbot: QtBot, store: RunStore, chosen: int, note: str = "", run: int = 1) -> tuple[ForkDialog, Started]:
    started: Started = []
    checkpoints = list_checkpoints(store, run)
    dialog = ForkDialog(
        checkpoints,
        checkpoints[chosen],
        store.spec(run),
        lambda checkpoint, spec: started.append((checkpoint, spec)),
        length_note=note,
    )
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog, started


def test_it_proposes_the_epochs_that_are_left_and_half_as_many_again_from_the_last(
    records: RunStore, qtbot: QtBot
) -> None:
    dialog, started = open_dialog(qtbot, records, 0)
    assert dialog.choice.itemText(0) == "Step 7 (kept) · epoch 1"
    assert dialog.epochs.value() == 3
    assert dialog.note.text() == "It trains until epoch 4."
    dialog.choice.setCurrentIndex(dialog.choice.count() - 1)
    assert dialog.epochs.value() == 2
    dialog.accept()
    ((checkpoint, spec),) = started
    assert checkpoint.kind == "last"
    assert spec == experiment(training__epochs=6)


def test_learning_rate_and_weights_go_to_the_fork_that_then_trains(records: RunStore, qtbot: QtBot) -> None:
    dialog, started = open_dialog(qtbot, records, 1)
    dialog.rate.setValue(0.0005)
    dialog.weights["sold"].setValue(4.0)
    dialog.epochs.setValue(1)
    dialog.accept()
    fork = create_fork(records, *started[0])
    assert execute(records, fork).state == "finished"
    spec = records.spec(fork)
    assert (spec.training.epochs, spec.training.optimizer.lr) == (3, 0.0005)
    assert [(move.step, move.weights) for move in spec.weighting.moves] == [(14, {"price": 1.0, "sold": 4.0})]


def test_weights_alone_and_a_schedule_of_the_length_are_explained(records: RunStore, qtbot: QtBot) -> None:
    checkpoints = list_checkpoints(records, 1)
    best = next(place for place, checkpoint in enumerate(checkpoints) if checkpoint.kind == "best")
    dialog, _ = open_dialog(qtbot, records, best, "the schedule 'Cosine' depends on the number of epochs")
    assert "begin anew" in dialog.text.text()
    dialog.epochs.setValue(9)
    assert "The schedule 'Cosine' depends on the number of epochs" in dialog.note.text()
    assert not dialog.stopping.isVisible()


def test_early_stopping_that_would_end_the_fork_at_once_is_off(records: RunStore, qtbot: QtBot) -> None:
    spec = experiment(training__early_stopping={"patience": 1, "min_delta": 100.0})
    run = records.create_run(spec)
    assert execute(records, run).state == "finished"
    dialog, started = open_dialog(qtbot, records, -1, run=run)
    assert not dialog.stopping.isEnabled()
    dialog.accept()
    assert started[0][1].training.early_stopping is None
