"""Every sharing scheme trains with every kind of weighting, and resumes bit-equal after a crash."""

import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.preparation import load
from mtl_core.spec import InputError, ModelSpec, kind_of, members, spec_from_data
from mtl_core.spec.sharing import Sharing
from tests.architectures.fusion.examples import KINDS as FUSIONS
from tests.architectures.fusion.examples import SETTINGS as FUSION_SETTINGS
from tests.training.test_resume import assert_resumes
from tests.training.toy import PER_EPOCH, STEPS, TASKS, experiment, run
from tests.training.toy_pictures import ENCODERS, INPUTS, toy_with_pictures

SCHEMES = [kind_of(member) for member in members(Sharing)]
CLASSICS = ("equal", "uncertainty", "gradnorm", "pcgrad", "mgda")
OTHERS = ("famo", "nash_mtl", "imtl", "graddrop", "moco", "modo")
"""One of each sort that is not among the classics; ``test_resume_random.py`` draws any pair."""
LEARNING = ("equal", "uncertainty", "pcgrad", "nash_mtl", "famo")

every_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def assert_trains(folder: Path, data: TaskData | None = None, **changes: Any) -> None:
    toy_run = run(experiment(**{"training__epochs": 1, **changes}), folder, data=data)
    assert toy_run.final_state == "finished"
    assert all(tensor.isfinite().all() for tensor in toy_run.parameters().values())


@every_scheme
@pytest.mark.parametrize("weighting", CLASSICS)
def test_every_scheme_trains_with_a_weighting_of_each_sort_though_labels_are_missing(
    tmp_path: Path, scheme: str, weighting: str
) -> None:
    assert_trains(tmp_path, model__sharing={"kind": scheme}, weighting={"kind": weighting})


@pytest.mark.slow
@every_scheme
@pytest.mark.parametrize("weighting", OTHERS)
def test_every_scheme_trains_with_a_weighting_of_each_other_sort_too(
    tmp_path: Path, scheme: str, weighting: str
) -> None:
    assert_trains(tmp_path, model__sharing={"kind": scheme}, weighting={"kind": weighting})


@every_scheme
@pytest.mark.parametrize("weighting", ["equal", "pcgrad"])
@pytest.mark.parametrize("how", [{"training__accumulate": 2}, {"training__precision": "bf16"}], ids=str)
def test_every_scheme_trains_in_pieces_and_in_half_the_precision(
    tmp_path: Path, scheme: str, weighting: str, how: dict[str, Any]
) -> None:
    assert_trains(tmp_path, model__sharing={"kind": scheme}, weighting={"kind": weighting}, **how)


@every_scheme
def test_every_scheme_trains_on_when_what_is_shared_was_frozen_for_an_epoch(tmp_path: Path, scheme: str) -> None:
    part = {"freeze_epochs": 1, "depth_factor": 0.5}
    assert_trains(tmp_path, model__sharing={"kind": scheme}, training__shared=part, training__epochs=2)


@pytest.mark.parametrize("scheme", ["cross_stitch", "sluice", "nddr"])
def test_units_may_learn_at_a_rate_of_their_own(tmp_path: Path, scheme: str) -> None:
    layers = [{"kind": "linear", "out_features": 4}, {"kind": "relu"}] * 3
    sharing = {"kind": scheme, "lr_factor": 100.0}
    changes = {"model__sharing": sharing, "model__shared": layers, "training__shared": {"depth_factor": 0.5}}
    toy_run = run(experiment(**changes, training__optimizer={"kind": "sgd", "lr": 1e-4}, training__epochs=1), tmp_path)
    names = {id(parameter): name for name, parameter in toy_run.state.model.named_parameters()}
    rates = {names[id(p)]: group["lr"] for group in toy_run.state.optimizer.param_groups for p in group["params"]}
    places = [rates[f"towers.task_price.stages.{place // 2}.{place}.weight"] for place in (0, 2, 4)]
    assert places == sorted(places)
    for place in (0, 2, 4):
        units = [rate for name, rate in rates.items() if name.startswith(f"units.{place + 1}.")]
        assert units
        assert min(units) >= 100 * rates[f"towers.task_price.stages.{place // 2}.{place}.weight"]
    assert rates.get("beta", 1e-2) == pytest.approx(1e-2)


@every_scheme
@pytest.mark.parametrize("weighting", ["pcgrad", "mgda"])
def test_the_gradients_may_be_those_of_the_last_shared_layer_alone(tmp_path: Path, scheme: str, weighting: str) -> None:
    assert_trains(tmp_path, model__sharing={"kind": scheme}, weighting={"kind": weighting, "level": "last_layer"})


@every_scheme
def test_the_gradients_are_those_of_a_common_representation_only_where_there_is_one(
    tmp_path: Path, scheme: str
) -> None:
    changes = {"model__sharing": {"kind": scheme}, "weighting": {"kind": "pcgrad", "level": "representation"}}
    (member,) = (member for member in members(Sharing) if kind_of(member) == scheme)
    if member().one_representation:  # type: ignore[attr-defined]
        assert_trains(tmp_path, **changes)
    else:
        with pytest.raises(InputError, match=r"weighting\.level"):
            experiment(**changes)


@every_scheme
def test_every_scheme_trains_at_every_level_with_several_inputs(tmp_path: Path, scheme: str) -> None:
    """Rows lack pictures, which an encoder with batch normalization reads; another fusion at each scheme."""
    data, fusion = toy_with_pictures(tmp_path), FUSIONS[SCHEMES.index(scheme) % len(FUSIONS)]
    (member,) = (member for member in members(Sharing) if kind_of(member) == scheme)
    levels = ["parameters", "last_layer", *["representation"] * member().one_representation]  # type: ignore[attr-defined]
    for number, level in enumerate(levels):
        how = {"kind": fusion, "missing": ("stand_in", "mask")[number % 2], **FUSION_SETTINGS.get(fusion, {})}
        inputs = {"dataset__inputs": INPUTS, "model__inputs": ENCODERS, "model__fusion": how}
        weighting = {"kind": "pcgrad", "level": level}
        assert_trains(tmp_path / level, data, model__sharing={"kind": scheme}, weighting=weighting, **inputs)


@every_scheme
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_resuming_is_bit_equal_under_every_scheme(tmp_path: Path, scheme: str, optimizer: str) -> None:
    step = random.Random(scheme + optimizer).randrange(1, STEPS - 1)
    changes = {"model__sharing": {"kind": scheme}, "training__optimizer": {"kind": optimizer, "lr": 0.02}}
    assert_resumes(tmp_path, {**changes, "weighting": {"kind": "pcgrad"}}, step)


@every_scheme
def test_resuming_between_two_epochs_is_bit_equal_under_every_scheme(tmp_path: Path, scheme: str) -> None:
    assert_resumes(tmp_path, {"model__sharing": {"kind": scheme}}, 2 * PER_EPOCH)


@every_scheme
def test_what_a_scheme_learns_is_recorded_after_every_epoch(tmp_path: Path, scheme: str) -> None:
    toy_run = run(experiment(model__sharing={"kind": scheme}), tmp_path)
    for task, name in toy_run.state.model.sharing_metrics():
        steps, values = toy_run.recording.series[task, "train", name]
        assert steps.tolist() == [PER_EPOCH - 1, 2 * PER_EPOCH - 1, 3 * PER_EPOCH - 1]
        assert np.isfinite(values).all()
        assert task in TASKS


def test_cross_stitch_learns_its_units(tmp_path: Path) -> None:
    toy_run = run(experiment(model__sharing={"kind": "cross_stitch"}), tmp_path)
    _, values = toy_run.recording.series["price", "train", "stitch 1 from sold"]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("weighting", ["equal", "gradnorm", "pcgrad", "mgda"])
def test_soft_sharing_without_strength_trains_as_separate_models_do(tmp_path: Path, weighting: str) -> None:
    sharings = [{"kind": "soft", "strength": 0.0}, {"kind": "separate"}]
    both = [
        run(experiment(model__sharing=sharing, weighting={"kind": weighting}), tmp_path / sharing["kind"])
        for sharing in sharings
    ]
    soft, separate = (toy_run.parameters() for toy_run in both)
    assert all(torch.equal(tensor, separate[name]) for name, tensor in soft.items())


def test_soft_sharing_brings_the_trunks_closer_the_stronger_it_is(tmp_path: Path) -> None:
    distances = []
    for strength in (0.0, 0.1, 10.0):
        sharing, optimizer = {"kind": "soft", "strength": strength}, {"kind": "sgd", "lr": 0.01, "momentum": 0.0}
        spec = experiment(model__sharing=sharing, training__optimizer=optimizer)
        toy_run = run(spec, tmp_path / str(strength))
        distances.append(toy_run.recording.series["price", "train", "distance to sold"][1][-1])
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 0.2 * distances[0]


@pytest.mark.parametrize("scheme", ["nddr", "mtan"])
def test_a_batch_of_one_row_is_refused_where_the_scheme_normalises_over_the_batch(tmp_path: Path, scheme: str) -> None:
    changes = {"model__sharing": {"kind": scheme}, "model__shared": [{"kind": "linear", "out_features": 4}]}
    with pytest.raises(InputError, match="two rows"):
        run(experiment(**changes, training__batch_size=1), tmp_path)


SHORT = {"branch": {"warmup": 20, "half_life": 10}}
"""What is counted in steps, for a run that has only some hundred."""


@cache
def digits() -> TaskData:
    spec = pair_of_digits("hard", "equal")
    return load(spec.dataset, spec.tasks)


def pair_of_digits(scheme: str, weighting: str) -> Any:
    conv = [
        {"kind": "conv2d", "out_channels": 8, "stride": 2, "padding": 1},
        {"kind": "batch_norm2d"},
        {"kind": "relu"},
    ]
    dense = [{"kind": "linear", "out_features": 32}, {"kind": "batch_norm1d"}, {"kind": "relu"}]
    shared = [*conv, *conv, {"kind": "flatten"}, *dense]
    return spec_from_data(
        {
            "version": 1,
            "name": f"two digits, {scheme}",
            "dataset": {"kind": "bundled", "name": "multidigits", "split": {"train": 0.25, "val": 0.05, "test": 0.7}},
            "tasks": [{"name": name, "kind": "multiclass", "target": name} for name in ("left", "right")],
            "model": {"sharing": {"kind": scheme, **SHORT.get(scheme, {})}, "shared": shared, "heads": {}},
            "weighting": {"kind": weighting},
            "training": {"epochs": 2, "batch_size": 64, "optimizer": {"kind": "adam", "lr": 0.005}, "threads": 1},
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("scheme", sorted({*SCHEMES} - {"prompts", "prefixes", "lora"}))  # begun with trained trunks
@pytest.mark.parametrize("weighting", LEARNING)
def test_every_scheme_learns_both_digits_in_two_epochs(tmp_path: Path, scheme: str, weighting: str) -> None:
    toy_run = run(pair_of_digits(scheme, weighting), tmp_path, data=digits())
    for task in ("left", "right"):
        _, losses = toy_run.recording.series[task, "train", "loss"]
        assert losses[-10:].mean() < 0.85 * losses[:10].mean()
        _, accuracy = toy_run.recording.series[task, "val", "accuracy"]
        assert accuracy[-1] > 0.2


def test_a_scheme_needs_no_setting_but_its_kind() -> None:
    for scheme in SCHEMES:
        assert ModelSpec.model_validate({"sharing": {"kind": scheme}}, strict=False).sharing.kind == scheme
