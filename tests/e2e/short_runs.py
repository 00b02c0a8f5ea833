"""Runs of a few epochs, begun on the Training page."""

from app.navigation import Page
from mtl_core.store import RunStore, SeriesKey
from tests.e2e.person import Person


def train_shortly(
    person: Person, store: RunStore, *, epochs: int = 4, batch_size: int = 8, learning_rate: str = "0.01"
) -> int:
    """Train what the window shows for a few epochs; the loss of every task falls on the validation rows.

    Returns:
        The number of the run.
    """
    runs = len(store.runs())
    person.page(Page.TRAINING)
    person.type_over("training.epochs", str(epochs))
    person.type_over("training.batch_size", str(batch_size))
    person.type_over("training.optimizer.lr", learning_rate)
    person.click("run")
    person.wait(lambda: len(store.runs()) > runs and store.runs()[0].has_ended, "the run to end")
    run = store.runs()[0]
    assert (run.state, run.error) == ("finished", "")
    points = store.read(run.id)[0]
    for task in store.spec(run.id).task_names:
        losses = points[SeriesKey(task, "val", "loss")].values
        assert losses[-1] < losses[0], f"the loss of {task} does not fall: {losses}"
    return run.id
