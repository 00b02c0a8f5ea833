"""Contract: every kind that can be chosen has a form, a builder and a round trip through YAML.

Covers: mtl_core/spec/fusion/, mtl_core/spec/sharing/, mtl_core/spec/tasks/, mtl_core/spec/weighting/.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from app.document import Document
from app.forms import KindForm, bind
from app.pages.data.roles import KIND_TITLES
from app.pages.model.templates import TEMPLATES, template_settings
from mtl_core import train
from mtl_core.architectures import build_model, describe_model
from mtl_core.protocol.requests import StopRequest
from mtl_core.runner.execution import execute
from mtl_core.spec import (
    ModelSpec,
    Spec,
    TargetInfo,
    dump_spec,
    kind_of,
    load_spec,
    save_spec,
    spec_from_data,
    spec_to_data,
)
from mtl_core.spec.method_costs import levels_of, measured_cost
from mtl_core.store import SeriesKey, open_store
from mtl_core.training import trainer
from tests.architectures.folders import with_defaults
from tests.architectures.tables import TABLE
from tests.contracts.unions import experiment_with, kinds_by_place, path_of
from tests.training.toy import without_resources

PLACES = kinds_by_place()
EVERY = [pytest.param(place, kind, id=f"{place}-{kind_of(kind)}") for place, kinds in PLACES.items() for kind in kinds]
LAYERS = [kind for place, kind in (one.values for one in EVERY) if place == "model.shared"]
TRAINED = [
    one
    for one in EVERY
    if one.values[0] not in ("model.inputs", "model.shared", "model.heads") and one.id != "training.start_from-from_run"
]
"""A run that begins with another needs that one: ``tests/runner`` has it."""
NAMES_OF_TWO = {"random", "table"}
"""Kinds that are another thing at another place: rows can be divided at random, and losses weighted so; a data set is a
table, and an input is columns of one."""
SHAPES: tuple[tuple[int, ...], ...] = ((16,), (16, 16), (16, 12, 12), TABLE)
"""A row of features, of a sequence, of an image; of a table with its columns."""


def test_every_place_where_a_kind_is_chosen_stands_under_this_contract() -> None:
    """A new union makes this fail: it needs an experiment in ``unions.py`` and whatever trains it."""
    assert set(PLACES) == {
        "dataset",
        "dataset.inputs",
        "dataset.inputs.augmentation",
        "dataset.inputs.categorical_inputs",
        "dataset.inputs.numeric_inputs",
        "dataset.numeric_inputs",
        "dataset.categorical_inputs",
        "dataset.split",
        "dataset.split.tasks",
        "tasks",
        "model.inputs",
        "model.fusion",
        "model.sharing",
        "model.shared",
        "model.heads",
        "weighting",
        "training.sampling",
        "training.optimizer",
        "training.start_from",
        "training.keep",
        "training.averaging",
        "training.schedule",
    }


def test_a_kind_means_the_same_wherever_it_can_be_chosen() -> None:
    classes: dict[str, set[type[Spec]]] = defaultdict(set)
    for kinds in PLACES.values():
        for kind in kinds:
            classes[kind_of(kind)].add(kind)
    assert {kind for kind, found in classes.items() if len(found) > 1} - NAMES_OF_TWO == set()


@pytest.mark.parametrize(("place", "kind"), EVERY)
def test_an_experiment_with_any_kind_survives_its_file(place: str, kind: type[Spec], tmp_path: Path) -> None:
    spec = experiment_with(place, kind, tmp_path)
    save_spec(spec, tmp_path / "experiment.yaml")
    read = load_spec(tmp_path / "experiment.yaml")
    assert read == spec
    assert dump_spec(read) == dump_spec(spec)


@pytest.mark.parametrize(("place", "kind"), EVERY)
def test_a_form_shows_any_kind_and_gives_it_back_unchanged(
    qtbot: QtBot, place: str, kind: type[Spec], tmp_path: Path
) -> None:
    spec, path = experiment_with(place, kind, tmp_path), path_of(place, kind)
    document = Document()
    document.load_spec(spec)
    form = KindForm(PLACES[place], path)
    qtbot.addWidget(form)
    bind(form, document)
    shown = form.value()
    assert shown["kind"] == kind_of(kind)
    document.set(path, shown)
    assert not document.dirty
    assert document.spec == spec
    document.deleteLater()


@pytest.mark.parametrize(("place", "kind"), TRAINED)
def test_any_kind_trains_and_is_kept(place: str, kind: type[Spec], tmp_path: Path) -> None:
    spec = experiment_with(place, kind, tmp_path)
    with open_store(tmp_path / "runs.sqlite") as store:
        run = train(spec, store)
        assert (run.state, run.error) == ("finished", "")
        points = store.read(run.id)[0]
        for task in spec.tasks:
            losses = points[SeriesKey(task.name, "train", "loss")]
            assert list(losses.steps) == list(range(len(losses)))
            assert len(losses) > 1
            assert set(task.metrics) <= set(run.test[task.name])
        assert store.spec(run.id) == spec


@pytest.mark.parametrize("kind", PLACES["model.sharing"], ids=kind_of)
def test_any_sharing_scheme_goes_on_where_it_was_stopped(
    kind: type[Spec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "TICK_SECONDS", 0.0)
    spec = experiment_with("model.sharing", kind, tmp_path)
    with open_store(tmp_path / "runs.sqlite") as store:
        whole, run = store.create_run(spec), store.create_run(spec)
        assert execute(store, whole).state == "finished"
        stopped = execute(store, run, observer=lambda told: told.step == 2 and store.add_request(run, StopRequest()))
        assert stopped.state == "stopped"
        assert execute(store, run).state == "finished"
        found = store.read(run)[0]
        for key, points in without_resources(store.read(whole)[0]).items():
            assert found[key].steps.tolist() == points.steps.tolist(), key
            assert found[key].values.tobytes() == points.values.tobytes(), key


@pytest.mark.parametrize("kind", LAYERS, ids=kind_of)
def test_any_layer_is_built_as_it_was_described(kind: type[Spec], tmp_path: Path) -> None:
    target = {"t": TargetInfo(name="t", kind="binary", classes=("no", "yes"))}
    model = ModelSpec.model_validate({"shared": [spec_to_data(with_defaults(kind, tmp_path))]}, strict=False)
    fits = [shape for shape in SHAPES if not describe_model(model, {"table": shape}, target).problems]
    assert fits
    described = describe_model(model, {"table": fits[0]}, target)
    built = build_model(model, {"table": fits[0]}, {"t": 1})
    assert tuple(built.features({"table": torch.zeros(2, *fits[0])})[0].shape[1:]) == described.shared[0].output_shape


def test_the_data_page_offers_every_kind_of_task() -> None:
    assert set(KIND_TITLES) == {kind_of(kind) for kind in PLACES["tasks"]}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_every_template_is_a_valid_model(template: object, tmp_path: Path) -> None:
    data = spec_to_data(experiment_with("weighting", PLACES["weighting"][0], tmp_path))
    document = Document()
    document.load_data(data)
    document.set_many(template_settings(template, ["first", "second"], image=False), "Template")  # type: ignore[arg-type]
    assert document.problems == []
    assert spec_from_data(document.data).model.shared is not None
    document.deleteLater()


@pytest.mark.parametrize("weighting", [kind for kind in PLACES["weighting"] if not kind.builder], ids=kind_of)
def test_every_weighting_names_its_source_and_what_it_was_measured_to_cost(weighting: type[Spec]) -> None:
    for level in levels_of(weighting):
        cost = measured_cost(kind_of(weighting), level)
        assert cost is not None
        assert cost.mlp > 0.5
        assert cost.cnn > 0.5
    words = weighting.title + (weighting.__doc__ or "")
    assert re.search(r"\b(19|20)\d\d\)", words) or kind_of(weighting) in ("equal", "manual")
