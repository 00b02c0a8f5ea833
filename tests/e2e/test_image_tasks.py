"""Bundled images by clicking only: class and box on one trunk, a vision transformer with two heads, a mask."""

import pytest

from app.navigation import Page
from app.plots import CurvePlot
from mtl_core.store import RunStore, SeriesKey
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person


@pytest.mark.slow
def test_class_and_box_of_shapes_train_on_one_trunk(open_window: OpenWindow, store: RunStore) -> None:
    person = open_window()
    choose_set(person, "Shapes", tasks=("shape", "box"))
    choose_shares(person, train="20")
    person.page(Page.MODEL)
    reads_layers(person, "Conv2d, 16×64×64", "ReLU, 16×64×64", "MaxPool2d, 16×32×32")
    reads_outputs(person, {"shape": "Linear 4, 4 classes", "box": "Linear 4, 4 numbers"})
    train(person, store, {"shape": "accuracy", "box": "iou"}, epochs=3, batch_size=16)


@pytest.mark.slow
def test_a_vision_transformer_reads_two_digits_with_two_heads(open_window: OpenWindow, store: RunStore) -> None:
    person = open_window()
    choose_set(person, "Two digits", tasks=("left", "right"))
    choose_shares(person, train="10")
    person.page(Page.MODEL)
    choose_template(person, "Vision transformer, small", first="Patch embedding, 64×16")
    choose_patches(person, typed="9", fix="Set the patch size to 8", first="Patch embedding, 64×4")
    reads_outputs(person, {"left": "Linear 10, 10 classes", "right": "Linear 10, 10 classes"})
    train(person, store, {"left": "accuracy", "right": "accuracy"}, epochs=3, batch_size=32)


@pytest.mark.slow
def test_a_segmenter_draws_the_masks_of_shapes(open_window: OpenWindow, store: RunStore) -> None:
    person = open_window()
    choose_set(person, "Shapes", tasks=("shape", "box"))
    choose_shares(person, train="20")
    person.click("remove-task-box")
    person.wait(lambda: person.look("task-box") is None, "the box to go")
    person.pick_from("add-task", "mask")
    person.find("distribution-mask")
    person.page(Page.MODEL)
    person.choose_tab("task-tabs", "mask")
    person.click("output-fix")
    reads_layers(person, "Patch embedding, 64×64")
    choose_patches(person, typed="30", fix="Set the patch size to 16", first="Patch embedding, 64×16")
    reads_outputs(person, {"shape": "Linear 4, 4 classes", "mask": "Conv2d 5×16×16, 5 classes"})
    train(person, store, {"shape": "accuracy", "mask": "iou"}, epochs=3, batch_size=16)


def choose_set(person: Person, title: str, tasks: tuple[str, ...]) -> None:
    """Choose a bundled set; its tasks come with it."""
    person.page(Page.DATA)
    person.choose_row("data-sets", title)
    for task in tasks:
        person.find(f"task-{task}")


def choose_shares(person: Person, train: str) -> None:
    """Train on few rows and validate on fewer."""
    person.type_over("split-val", "1")
    person.type_over("split-train", train)


def choose_template(person: Person, title: str, first: str) -> None:
    """Choose a template from the menu; it fits the images as it is."""
    person.pick_from("templates", title)
    reads_layers(person, first)


def choose_patches(person: Person, typed: str, fix: str, first: str) -> None:
    """Type a size of patches that does not divide the image, and take the one that is offered instead."""
    path = "model.shared[0]"
    person.click(f"row:{path}")
    person.type_over(f"{path}.patch_size", typed)
    person.reads(f"fix:{path}", fix)
    person.reads("model-problems", "1 problem")
    person.click(f"fix:{path}")
    reads_layers(person, first)
    person.wait(lambda: person.look("model-problems") is None, "patches that fit")


def reads_layers(person: Person, *layers: str) -> None:
    """The first shared layers are these, as the page shows them: title and what leaves them."""
    for number, layer in enumerate(layers):
        person.reads(f"row:model.shared[{number}]", *layer.split(", "))


def reads_outputs(person: Person, outputs: dict[str, str]) -> None:
    """Each task has an output layer for what it predicts."""
    for task, output in outputs.items():
        person.choose_tab("task-tabs", task)
        person.reads("output-layer", output)


def train(person: Person, store: RunStore, metrics: dict[str, str], epochs: int, batch_size: int) -> None:
    """Train; the validation loss of each task falls, and its curve and the metric of its test rows are shown."""
    person.page(Page.TRAINING)
    person.type_over("training.epochs", str(epochs))
    person.type_over("training.batch_size", str(batch_size))
    person.click("run")
    person.wait(lambda: store.runs() and store.runs()[0].has_ended, "the run to end")
    run = store.runs()[0]
    assert (run.state, run.error) == ("finished", "")
    series = store.read(run.id)[0]
    for task, metric in metrics.items():
        losses = series[SeriesKey(task, "val", "loss")].values
        assert len(losses) == epochs
        assert losses[-1] < losses[0], task
        person.find(f"live-plot-loss-{task}", CurvePlot)
        assert 0 <= series[SeriesKey(task, "test", metric)].values[-1] <= 1
