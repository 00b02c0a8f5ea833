"""The Training page: weighting, optimizer, schedule and length of training."""

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.document import Document
from app.forms import ChoiceEditor, NumberEditor, SearchedChoice
from app.pages.training import TrainingPage
from app.pages.training.choices import device_choices
from app.pages.training.run_length import run_length, run_length_text
from app.pages.training.start_study_card import StartStudyCard
from app.pages.training.study_seeds import parse_seeds, study_text
from app.pages.training.weighting_text import (
    WEIGHTINGS,
    measured_text,
    method_entries,
    moves_text,
    weighting_help,
    weights_text,
)
from app.session import Session
from app.settings import Settings
from app.widgets import WeightSlider
from mtl_core.spec import DatasetInfo, DeviceInfo, load_preset
from mtl_core.spec.method_costs import measured_cost


class EndlessStore:
    def call(self, *_: object) -> None:
        """Never answer."""


class NoStudies(QObject):
    changed = Signal(int)

    def newest_of_methods(self) -> None:
        """No study compares methods."""


class FakeSession(QObject):
    methodChoiceRequested = Signal()
    datasetInfoChanged = Signal()
    devicesChanged = Signal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.document = Document(self)
        self.document.load_spec(load_preset("multidigits"))
        self.store = EndlessStore()
        self.study_progress = NoStudies(self)
        self.dataset_info: DatasetInfo | None = None
        self.devices: list[DeviceInfo] = []
        self.settings = Settings(folder)
        self.studies: list[tuple[list[int], bool, bool]] = []

    def request_study(self, seeds: Iterable[int], *, baselines: bool, together: bool = False) -> None:
        self.studies.append((list(seeds), baselines, together))


DATA = DatasetInfo(
    name="multidigits",
    title="Two digits",
    description="",
    rows=10_000,
    input_kind="image",
    input_shapes={"image": (1, 16, 16)},
    columns=(),
)


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path) -> FakeSession:
    return FakeSession(tmp_path)


@pytest.fixture
def page(qtbot: QtBot, session: FakeSession) -> TrainingPage:
    found = TrainingPage(cast(Session, session))
    qtbot.addWidget(found)
    found.resize(1188, 726)
    found.show()
    qtbot.waitExposed(found)
    return found


def choose(combo: QComboBox, text: str) -> None:
    index = combo.findText(text)
    assert index >= 0
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


def slider(page: TrainingPage, task: str) -> WeightSlider:
    found = page.weights.findChild(WeightSlider, f"weight-{task}")
    assert isinstance(found, WeightSlider)
    return found


def test_moving_a_slider_under_another_method_switches_to_manual_weights(
    page: TrainingPage, session: FakeSession
) -> None:
    assert page.weights.description.text().startswith("Uncertainty sets the weights itself.")
    slider(page, "left").slider.setValue(700)
    weights = session.document.get("weighting.weights")
    assert session.document.get("weighting.kind") == "manual"
    assert weights["right"] == 1.0
    assert weights["left"] == slider(page, "left").value() > 1
    assert page.weighting.form.combo.currentText() == "Manual"
    assert session.document.undo_stack.undoText() == "Switch to manual weights"
    session.document.undo_stack.undo()
    assert session.document.get("weighting.kind") == "uncertainty"
    assert slider(page, "left").value() == 1.0


def test_a_drag_of_a_slider_is_one_step_of_undo(page: TrainingPage, session: FakeSession) -> None:
    session.document.set("weighting", {"kind": "manual", "weights": {}, "moves": []})
    for position in range(500, 700, 10):
        slider(page, "right").slider.setValue(position)
    assert session.document.undo_stack.count() == 2
    assert session.document.get("weighting.weights") == {"right": slider(page, "right").value()}


def test_manual_weights_can_be_switched_to_and_evened_by_links(
    qtbot: QtBot, page: TrainingPage, session: FakeSession
) -> None:
    qtbot.mouseClick(page.weights.manual_link, Qt.MouseButton.LeftButton)
    assert session.document.get("weighting.weights") == {"left": 1.0, "right": 1.0}
    slider(page, "left").slider.setValue(900)
    qtbot.mouseClick(page.weights.reset_link, Qt.MouseButton.LeftButton)
    assert slider(page, "left").value() == 1.0


def test_weights_of_which_none_counts_are_told_at_the_weights(
    qtbot: QtBot, page: TrainingPage, session: FakeSession
) -> None:
    error = page.weights.error
    session.document.set("weighting", {"kind": "manual", "weights": {"left": 0.0}})
    assert not error.isVisible()
    session.document.set("weighting.weights", {"left": 0.0, "right": 0.0})
    assert error.label.text() == "Nothing would be learned: at least one task needs a weight above 0."
    assert error.isVisible()
    qtbot.mouseClick(error.link, Qt.MouseButton.LeftButton)
    assert not error.isVisible()
    assert session.document.valid


def test_moves_by_hand_are_told_and_can_be_removed(qtbot: QtBot, page: TrainingPage, session: FakeSession) -> None:
    session.document.set("weighting.moves", [{"step": 2600, "weights": {"left": 2.0}}])
    assert "step 2\u202f600" in page.weights.moves_label.text()
    qtbot.mouseClick(page.weights.clear_moves_link, Qt.MouseButton.LeftButton)
    assert session.document.get("weighting.moves") == []


def test_a_method_shows_its_paper_cost_and_parameters(page: TrainingPage, session: FakeSession) -> None:
    choose(page.weighting.form.combo, "GradNorm (Chen et al. 2018)")
    assert "One more gradient" in page.weighting.form.help.text()
    alpha = page.weighting.findChild(NumberEditor, "weighting.alpha")
    assert isinstance(alpha, NumberEditor)
    alpha.stepBy(1)
    assert session.document.get("weighting.alpha") == 1.6


def test_the_measured_cost_follows_method_and_level(page: TrainingPage, session: FakeSession) -> None:
    words = page.weighting.form.help
    session.document.set("weighting", {"kind": "equal"})
    assert "Measured" not in words.text()
    choose(page.weighting.form.combo, "PCGrad (Yu et al. 2020)")
    published = words.text()
    assert "Measured at 8 tasks" in published
    assert "Compares the gradients of all shared parameters" in published
    session.document.set("weighting.level", "representation")
    assert measured_text({"kind": "pcgrad", "level": "representation"}) in words.text()
    assert "another objective" in words.text()


def test_the_schedule_is_drawn_as_it_will_be_used(page: TrainingPage, session: FakeSession) -> None:
    assert page.schedule.plot.curve_keys() == ["rate"]
    choose(page.schedule.form.combo, "One cycle")
    assert session.document.get("training.schedule.kind") == "one_cycle"
    lr = page.optimizer.findChild(NumberEditor, "training.optimizer.lr")
    assert isinstance(lr, NumberEditor)
    session.document.set("training.optimizer.lr", 0.001)
    lr.stepBy(1)
    assert page.schedule.subtitle.full_text() == "peak 0.002"


def test_fine_tuning_is_drawn_with_the_schedule_in_both_phases(page: TrainingPage, session: FakeSession) -> None:
    document = session.document
    document.set("training.start_from", {"kind": "from_run", "run": 1})
    document.set("training.fine_tuning", {"freeze_epochs": 2})
    assert document.problems == []
    assert page.schedule.subtitle.full_text() == "peak 0.001, all layers from epoch 3"
    assert page.shared.tuning.isVisibleTo(page)


def test_a_schedule_that_depends_on_results_says_so(page: TrainingPage) -> None:
    choose(page.schedule.form.combo, "Reduce on plateau")
    assert page.schedule.subtitle.full_text() == "peak 0.001, while results improve"


def test_milestones_are_typed_as_a_list(qtbot: QtBot, page: TrainingPage, session: FakeSession) -> None:
    choose(page.schedule.form.combo, "Multi-step")
    line = page.schedule.findChild(QLineEdit, "training.schedule.milestones")
    assert isinstance(line, QLineEdit)
    assert line.text() == "10, 15"
    line.clear()
    qtbot.keyClicks(line, "3, 7 9")
    assert session.document.get("training.schedule.milestones") == [3, 7, 9]
    assert session.document.valid
    qtbot.keyClicks(line, " x")
    assert [p.path for p in session.document.problems] == ["training.schedule.milestones[3]"]


def test_the_task_to_balance_by_is_chosen_among_those_with_classes(page: TrainingPage, session: FakeSession) -> None:
    combo = page.sampling.task.combo
    assert page.sampling.task.isHidden()
    choose(page.sampling.form.combo, "Balanced by class")
    assert not page.sampling.task.isHidden()
    assert combo.currentText() == "The first with classes (left)"
    choose(combo, "right")
    assert session.document.get("training.sampling") == {"kind": "balanced_classes", "task": "right"}
    session.document.set("tasks[1]", {"kind": "regression", "name": "price", "target": "price"})
    assert [combo.itemText(i) for i in range(combo.count())] == ["The first with classes (left)", "left"]
    assert session.document.get("training.sampling.task") == ""


def test_the_file_of_the_shared_layers_is_chosen(
    page: TrainingPage, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/models/trunk.safetensors", ""))
    assert page.shared.choose.isHidden()
    choose(page.shared.form.combo, "A file")
    assert not page.shared.choose.isHidden()
    page.shared.choose.click()
    assert session.document.get("training.start_from") == {"kind": "from_file", "path": "/models/trunk.safetensors"}
    assert session.document.valid


def test_old_tasks_can_be_kept_when_the_run_begins_with_another(page: TrainingPage, session: FakeSession) -> None:
    assert page.keeping.isHidden()
    choose(page.shared.form.combo, "Another run")
    assert not page.keeping.isHidden()
    choose(page.keeping.form.combo, "Distilled")
    strength = page.keeping.findChild(NumberEditor, "training.keep.strength")
    assert isinstance(strength, NumberEditor)
    strength.stepBy(1)
    assert session.document.get("training.keep") == {"kind": "distil", "strength": 2.0, "temperature": 2.0}
    assert session.document.valid
    choose(page.shared.form.combo, "New weights")
    assert not page.keeping.isHidden()
    assert [problem.path for problem in session.document.problems] == ["training.keep"]
    choose(page.keeping.form.combo, "Not kept")
    assert page.keeping.isHidden()
    assert session.document.valid


def test_each_part_of_the_model_has_its_own_settings(page: TrainingPage, session: FakeSession) -> None:
    for part, card in (("shared", page.shared), ("heads", page.heads)):
        factor = card.findChild(NumberEditor, f"training.{part}.lr_factor")
        assert isinstance(factor, NumberEditor)
        factor.stepBy(1)
        assert session.document.get(f"training.{part}.lr_factor") == 2.0


def test_the_steps_follow_from_the_data_and_the_batch_size(page: TrainingPage, session: FakeSession) -> None:
    session.dataset_info = DATA
    session.datasetInfoChanged.emit()
    assert page.length.length_label.text() == "About 55 steps an epoch, 1\u202f100 in all."
    session.document.set("training.batch_size", 7000)
    assert page.length.length_label.text() == "About 1 steps an epoch, 20 in all."


def test_the_monitor_offers_total_losses_and_metrics(page: TrainingPage, session: FakeSession) -> None:
    combo = page.stopping.findChild(ChoiceEditor, "training.monitor")
    assert isinstance(combo, ChoiceEditor)
    words = [combo.itemText(i) for i in range(combo.count())]
    assert words[:3] == ["Total loss", "left · loss", "left · accuracy"]
    choose(combo, "left · accuracy")
    assert session.document.get("training.monitor") == "left.accuracy"
    session.document.set("tasks[0].name", "first")
    assert combo.currentText() == "first · accuracy"
    session.document.set("training.monitor", "right")
    assert combo.currentText() == "right · loss"


def test_devices_appear_when_the_worker_has_answered(page: TrainingPage, session: FakeSession) -> None:
    combo = page.run.findChild(ChoiceEditor, "training.device")
    assert isinstance(combo, ChoiceEditor)
    assert combo.value() == "auto"
    session.devices = [DeviceInfo(name="cpu", label="CPU"), DeviceInfo(name="cuda:0", label="CUDA 0 · H200")]
    session.devicesChanged.emit()
    choose(combo, "CUDA 0 · H200")
    assert session.document.get("training.device") == "cuda:0"


def test_a_tasks_metrics_and_smoothing_are_edited_on_its_tab(
    qtbot: QtBot, page: TrainingPage, session: FakeSession
) -> None:
    page.tasks.tabs.setCurrentIndex(1)
    box = page.tasks.findChild(QWidget, "tasks[1].metrics.recall")
    assert box is not None
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert session.document.get("tasks[1].metrics") == ["accuracy", "f1", "recall"]
    session.document.set("tasks", [{"kind": "regression", "name": "price", "target": "price"}])
    assert page.tasks.tabs.count() == 1
    assert page.tasks.description.text().startswith("Regression")


def test_a_problem_is_told_in_the_header_and_at_the_field(page: TrainingPage, session: FakeSession) -> None:
    session.document.set("training.optimizer.lr", -1.0)
    assert page.problems.text() == "1 problem"
    assert not page.problems.isHidden()
    session.document.undo_stack.undo()
    assert page.problems.isHidden()


def test_methods_are_grouped_by_what_they_work_on_with_their_cost() -> None:
    entries = method_entries()
    groups = list(dict.fromkeys(entry.group for entry in entries))
    assert groups == ["Fixed", "Weights the losses", "Combines the gradients"]
    assert {entry.kind for entry in entries} == set(WEIGHTINGS)
    of = {entry.kind: entry for entry in entries}
    assert of["equal"].group == of["manual"].group == "Fixed"
    assert of["uncertainty"].group == of["gradnorm"].group == of["famo"].group == "Weights the losses"
    assert of["pcgrad"].group == of["mgda"].group == of["imtl"].group == "Combines the gradients"
    cost = measured_cost("pcgrad", "parameters")
    assert cost is not None
    assert of["pcgrad"].note == f"{cost.mlp:g}–{cost.cnn:g} × step"
    assert all(entry.note.endswith("× step") for entry in entries)


def test_a_method_is_searched_and_chosen_from_its_menu(qtbot: QtBot, page: TrainingPage, session: FakeSession) -> None:
    combo = page.weighting.form.combo
    assert isinstance(combo, SearchedChoice)
    combo.showPopup()
    assert combo.menu is not None
    current = combo.menu.list.currentItem()
    assert current is not None
    assert current.text() == combo.currentText()
    qtbot.keyClicks(combo.menu.search, "pcg")
    qtbot.keyClick(combo.menu.search, Qt.Key.Key_Return)
    assert not combo.menu.isVisible()
    assert session.document.get("weighting.kind") == "pcgrad"
    assert combo.currentText() == "PCGrad (Yu et al. 2020)"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("uncertainty", "Uncertainty sets the weights itself."),
        ("gradnorm", "GradNorm sets the weights itself."),
        ("pcgrad", "PCGrad combines the tasks' gradients, without weights of the losses."),
        ("mgda", "MGDA combines the tasks' gradients, without weights of the losses."),
        ("imtl", "IMTL combines the tasks' gradients, without weights of the losses."),
    ],
)
def test_what_a_method_does_with_the_weights_is_said_rightly(kind: str, words: str) -> None:
    assert weights_text(kind).startswith(words)


def test_the_study_stands_at_the_top_under_run(page: TrainingPage) -> None:
    top = page.study.mapTo(page, page.study.rect().topLeft()).y()
    assert top < page.length.mapTo(page, page.length.rect().topLeft()).y()
    assert top + page.study.height() < page.height() / 2
    assert not page.to_study.isVisible()


def test_a_narrow_page_leads_to_the_study(qtbot: QtBot, page: TrainingPage) -> None:
    page.resize(760, 480)
    assert page.to_study.isVisible()
    qtbot.waitUntil(lambda: page.study.visibleRegion().isEmpty())
    qtbot.mouseClick(page.to_study, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.study.visibleRegion().boundingRect().height() == page.study.height())


def test_words_cover_every_method_and_state() -> None:
    for kind, spec in WEIGHTINGS.items():
        assert weights_text(kind)
        assert weighting_help(spec).count(".") >= 2
    assert moves_text([]) == ""
    assert device_choices([]) == (("auto",), ("Automatic",))
    assert "known once" in run_length_text(run_length(load_preset("multidigits"), None))


def test_a_study_is_asked_for_with_the_seeds_that_were_typed(
    qtbot: QtBot, page: TrainingPage, session: FakeSession
) -> None:
    assert "9 runs" in page.study.summary.text()
    page.study.seeds.setText("3-5, 9")
    assert "4 seeds × (all tasks + each of 2 alone) = 12 runs" in page.study.summary.text()
    qtbot.mouseClick(page.study.both, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.study.alone, Qt.MouseButton.LeftButton)
    assert session.studies == [([3, 4, 5, 9], True, False), ([3, 4, 5, 9], False, False)]
    assert session.settings.get("page/training/seeds", "") == "3-5, 9"


def test_several_seeds_may_train_together(
    qtbot: QtBot, qapp: QApplication, page: TrainingPage, session: FakeSession
) -> None:
    box = page.study.together
    box.click()
    assert box.isChecked()
    assert "9 runs, 3 at once" in page.study.summary.text()
    qtbot.mouseClick(page.study.alone, Qt.MouseButton.LeftButton)
    page.study.seeds.setText("7")
    assert not box.isEnabled()
    assert "one after the other" in page.study.summary.text()
    qtbot.mouseClick(page.study.alone, Qt.MouseButton.LeftButton)
    assert session.studies == [([0, 1, 2], False, True), ([7], False, False)]
    again = StartStudyCard(cast(Session, session))
    qtbot.addWidget(again)
    assert again.together.isChecked()


def test_seeds_that_are_none_are_told_and_run_nothing(page: TrainingPage, session: FakeSession) -> None:
    page.study.seeds.setText("1, x")
    assert page.study.error.label.text().startswith("'x' is no seed")
    assert not page.study.both.isEnabled()
    assert not page.study.alone.isEnabled()


def test_one_task_has_no_baselines(page: TrainingPage, session: FakeSession) -> None:
    session.document.set("tasks", session.document.data["tasks"][:1])
    assert not page.study.both.isEnabled()
    assert page.study.alone.isEnabled()


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0, 1, 2", (0, 1, 2)),
        (" 7 ", (7,)),
        ("0-2;5", (0, 1, 2, 5)),
        ("0–2", (0, 1, 2)),
        ("", ()),
        ("1,1", ()),
        ("0-2 1", ()),
        ("2-0", ()),
        ("-1", ()),
        ("0-100", ()),
        ("4294967296", ()),
        ("１", ()),
        ("1.5", ()),
    ],
)
def test_seeds_are_read_as_people_write_them(text: str, seeds: tuple[int, ...]) -> None:
    found, problem = parse_seeds(text)
    assert found == seeds
    assert bool(problem) == (not seeds)


def test_one_seed_is_said_to_say_nothing_of_chance() -> None:
    assert "take three or more" in study_text(1, 2)
    assert "chance" not in study_text(3, 2)


def test_the_columns_share_the_width_equally(page: TrainingPage) -> None:
    page.resize(1188, 726)
    widths = {card.width() for card in (page.tasks, page.optimizer, page.study)}
    assert max(widths) - min(widths) <= 2


def test_only_the_task_looked_at_has_a_form(page: TrainingPage) -> None:
    assert list(page.tasks.forms) == [0]
    page.tasks.tabs.setCurrentIndex(1)
    assert sorted(page.tasks.forms) == [0, 1]
    assert not page.tasks.forms[0].isVisibleTo(page)
    assert page.tasks.forms[1].isVisibleTo(page)
