"""Every preset trains as it stands, and every loss falls."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_core import train
from mtl_core.architectures import build_model, describe_model
from mtl_core.spec import (
    ExperimentSpec,
    TargetInfo,
    apply_overrides,
    load_preset,
    set_at,
    spec_from_data,
    spec_to_data,
)
from mtl_core.store import SeriesKey, open_store

HIGHER_IS_BETTER = {"multiclass": "accuracy", "regression": "r2", "ordinal": "quadratic_kappa", "box": "iou"}


def preset(name: str, epochs: int) -> ExperimentSpec:
    return spec_from_data(apply_overrides(spec_to_data(load_preset(name)), [f"training.epochs={epochs}"]))


@pytest.mark.parametrize(
    ("name", "epochs"),
    [
        ("two_heads", 15),
        ("many_heads", 10),
        ("gradnorm_toy", 10),
        ("sentences", 1),
        ("reviews", 1),
        ("sounds", 2),
        ("cagrad_toy", 15),
        pytest.param("shapes", 2, marks=pytest.mark.slow),
    ],
)
def test_every_loss_of_a_preset_falls(name: str, epochs: int, tmp_path: Path) -> None:
    spec = preset(name, epochs)
    with open_store(tmp_path / "runs.sqlite") as store:
        run = train(spec, store)
        assert run.state == "finished"
        points = store.read(run.id)[0]
    for task in spec.task_names:
        losses = points[SeriesKey(task, "train", "loss")].values
        tenth = max(len(losses) // 10, 1)
        assert np.mean(losses[-tenth:]) < np.mean(losses[:tenth])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "epochs"), [("talents", 6), ("captions", 8), ("two_views", 5)])
def test_every_task_is_learned_better_from_all_inputs_than_from_any_one(name: str, epochs: int, tmp_path: Path) -> None:
    spec = preset(name, epochs)
    inputs = {key: spec_to_data(value) for key, value in (spec.dataset.named_inputs or {}).items()}
    with open_store(tmp_path / "runs.sqlite") as store:
        run = train(spec, store)
        scores = {task.name: run.test[task.name][HIGHER_IS_BETTER[task.kind]] for task in spec.tasks}
        for alone, value in inputs.items():
            data = spec_to_data(spec)
            data["dataset"]["inputs"] = {alone: value}
            data["model"]["inputs"] = {alone: data["model"]["inputs"][alone]}
            single = train(spec_from_data(data), store)
            for task in spec.tasks:
                assert scores[task.name] > single.test[task.name][HIGHER_IS_BETTER[task.kind]] + 0.1, (alone, task.name)


@pytest.mark.parametrize(
    ("mistake", "path"),
    [
        ("model.fusion={kind: concat, in_features: 512}", "model.fusion"),
        ("model.shared[0].in_features=512", "model.shared[0]"),
    ],
)
def test_two_encoders_into_a_layer_that_takes_one_are_refused_there_with_the_fix(mistake: str, path: str) -> None:
    spec = load_preset("two_views")
    assert spec.training.epochs == 100
    assert spec_to_data(spec.training.optimizer)["lr"] == 1e-3
    data = apply_overrides(spec_to_data(spec), [mistake])
    shapes = dict.fromkeys(spec.model.inputs, (1000,))
    targets = {"class": TargetInfo(name="class", kind="multiclass", classes=tuple("0123456789"))}
    (layer,) = describe_model(spec_from_data(data).model, shapes, targets).problems
    assert layer.path == path
    assert layer.error is not None
    assert "512" in layer.error
    assert layer.fix is not None
    assert layer.fix.value == 1024
    mended = spec_from_data(set_at(data, layer.fix.path, layer.fix.value)).model
    assert describe_model(mended, shapes, targets).problems == ()
    (output,) = build_model(mended, shapes, {"class": 10})({name: torch.zeros(2, 1000) for name in shapes})
    assert output.shape == (2, 10)


def test_the_class_head_and_the_box_head_of_the_shapes_are_as_wide_as_published() -> None:
    model = load_preset("shapes").model
    widths = {task: layers[1].out_features for task, layers in model.heads.items()}
    assert widths == {"shape": 128, "box": 256}
    assert [layer.kind for layer in model.shared].count("max_pool2d") == 2


@pytest.mark.slow
def test_the_two_objectives_end_among_their_best_compromises(tmp_path: Path) -> None:
    """On the line y = -8, -7 <= x <= 7, no objective can fall without the other rising."""
    with open_store(tmp_path / "runs.sqlite") as store:
        run = train(preset("cagrad_toy", 40), store)
    left, right = run.test["left"]["value"], run.test["right"]["value"]
    assert np.sqrt(10 * (left + 20)) + np.sqrt(10 * (right + 20)) == pytest.approx(14, abs=0.1)


@pytest.mark.slow
def test_gradnorm_orders_the_weights_of_the_toy_by_scale_and_brings_its_losses_together(tmp_path: Path) -> None:
    names = load_preset("gradnorm_toy").task_names
    spreads = {}
    for weighting in ("{kind: gradnorm, alpha: 0.12}", "{kind: equal}"):
        data = apply_overrides(spec_to_data(preset("gradnorm_toy", 30)), [f"weighting={weighting}"])
        with open_store(tmp_path / "runs.sqlite") as store:
            points = store.read(train(spec_from_data(data), store).id)[0]
        losses = np.array([points[SeriesKey(name, "train", "loss")].values for name in names])
        spreads[weighting] = np.std(losses[:, -14:].mean(1) / losses[:, 0])
        if "gradnorm" in weighting:
            weights = [points[SeriesKey(name, "train", "weight")].values[-1] for name in names]
            assert weights == sorted(weights, reverse=True)
    learned, equal = spreads.values()
    assert learned < 0.7 * equal


def test_parts_of_speech_and_topics_of_sentences_are_learned_together(tmp_path: Path) -> None:
    """One word of a sentence says its topic, and the words before a word whether it is a noun or a verb."""
    with open_store(tmp_path / "runs.sqlite") as store:
        run = train(preset("sentences", 3), store)
    assert run.state == "finished"
    assert run.test["tags"]["accuracy"] > 0.97
    assert run.test["topic"]["accuracy"] > 0.9
