"""Every sharing scheme trains with every weighting, resumes bit-equal and tells what it learned."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.architectures import build_model
from mtl_core.spec import Weighting as WeightingUnion
from mtl_core.spec import kind_of, members
from mtl_core.spec.model import Sharing
from mtl_core.spec.weighting import MgdaWeighting
from mtl_core.weighting import Pass, build_weighting, cut_forward
from tests.training.test_resume import assert_resumes
from tests.training.toy import PER_EPOCH, TASKS, experiment, run

_SHARED = [
    {"kind": "linear", "out_features": 8},
    {"kind": "batch_norm1d"},
    {"kind": "relu"},
    {"kind": "dropout", "p": 0.3},
    {"kind": "linear", "out_features": 6},
    {"kind": "tanh"},
]
LEARNING: list[dict[str, Any]] = [
    {"kind": "mmoe", "experts": 2},
    {"kind": "cgc"},
    {"kind": "ple"},
    {"kind": "dselect_k", "per_row": True},
    {"kind": "branch", "warmup": 3, "half_life": 5},
]
SCHEMES: list[dict[str, Any]] = [*LEARNING, {"kind": "adversarial"}]
every_scheme = pytest.mark.parametrize("sharing", SCHEMES, ids=lambda sharing: sharing["kind"])
every_weighting = pytest.mark.parametrize("weighting", list(map(kind_of, members(WeightingUnion))))


@every_scheme
@every_weighting
def test_any_scheme_trains_with_any_weighting(tmp_path: Path, sharing: Any, weighting: str) -> None:
    changes = {"model__shared": _SHARED, "model__sharing": sharing, "weighting": {"kind": weighting}}
    ran = run(experiment(**changes, training__epochs=1), tmp_path)
    assert ran.state == "finished"
    assert all(bool(value.isfinite().all()) for value in ran.parameters().values())


@every_scheme
@pytest.mark.parametrize("step", [3, PER_EPOCH])
def test_any_scheme_resumes_bit_equal(tmp_path: Path, sharing: Any, step: int) -> None:
    changes = {"model__shared": _SHARED, "model__sharing": sharing, "weighting": {"kind": "pcgrad"}}
    assert_resumes(tmp_path, changes, step)


@pytest.mark.parametrize("sharing", LEARNING, ids=lambda sharing: sharing["kind"])
def test_what_a_scheme_learned_is_told_at_the_last_step_of_every_epoch(tmp_path: Path, sharing: Any) -> None:
    ran = run(experiment(model__shared=_SHARED, model__sharing=sharing), tmp_path)
    names = {name for _, name in ran.trainer.model.learned()}
    for task in TASKS:
        steps = [ran.recording.series[task, "train", name][0].tolist() for name in names if (task, name) in _keys(ran)]
        assert steps
        assert all(one == [4, 9, 14] for one in steps)
    assert np.isfinite(list(ran.trainer.model.learned().values())).all()


def _keys(ran: Any) -> set[tuple[str, str]]:
    return {(task, metric) for task, split, metric in ran.recording.series if split == "train"}


@every_scheme
def test_frozen_shared_layers_stay_as_they_are(tmp_path: Path, sharing: Any) -> None:
    spec = experiment(model__shared=_SHARED, model__sharing=sharing)
    torch.manual_seed(0)
    model = build_model(spec.model, (3,), {"price": 1, "sold": 1, "kind": 3})
    for parameter in model.shared_parameters():
        parameter.requires_grad_(False)
    weighting = build_weighting(MgdaWeighting(), spec.tasks)
    outputs, cut = cut_forward(model.features(torch.randn(9, 3)), model.head, 3)
    weighting.backward_parts([Pass([output.square().mean() for output in outputs], cut=cut)], model)
    assert all(parameter.grad is None for parameter in model.shared_parameters())
    assert all(p.grad is not None for task in TASKS for p in model.head_parameters(task))


def test_every_scheme_of_this_kind_is_tried() -> None:
    assert {sharing["kind"] for sharing in SCHEMES} <= set(map(kind_of, members(Sharing)))
