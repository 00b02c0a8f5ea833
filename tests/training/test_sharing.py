"""Sharing schemes with random draws or counters, in micro-batches and in lower precision."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import ModelSpec, TrainingSpec
from mtl_core.training.step.forward import PenaltyGradient
from mtl_core.training.step.forward_engine import ForwardEngine, build_forward_engine
from mtl_core.training.step.precision import LossScaler
from mtl_core.weighting import ForwardPass, build_weighting, detach_at_representation
from tests.inputs import as_table
from tests.training.test_resume import assert_resumes
from tests.training.toy import PER_EPOCH, STEPS, TASKS, experiment, run

_SHARED = [
    {"kind": "linear", "out_features": 8},
    {"kind": "batch_norm1d"},
    {"kind": "relu"},
    {"kind": "linear", "out_features": 6},
    {"kind": "tanh"},
]
SCHEMES: list[dict[str, Any]] = [
    {"kind": "mmoe"},
    {"kind": "ple"},
    {"kind": "dselect_k", "per_row": True},
    {"kind": "branch", "warmup": 3, "half_life": 5},
    {"kind": "adversarial", "orthogonality": 1.0},
]
every_scheme = pytest.mark.parametrize("sharing", SCHEMES, ids=lambda sharing: sharing["kind"])
INPUTS = torch.randn(12, 3, generator=torch.Generator().manual_seed(0))
MASKS: list[Tensor | None] = [torch.arange(12) % 4 == 0, None, torch.arange(12) % 3 > 0]


def changes(sharing: Any, weighting: str = "pcgrad") -> dict[str, Any]:
    return {"model__shared": _SHARED, "model__sharing": sharing, "weighting": {"kind": weighting}}


def model_of(sharing: Any, shared: Any = _SHARED) -> MultiTaskModel:
    torch.manual_seed(0)
    spec = ModelSpec.model_validate({"sharing": sharing, "shared": shared}, strict=False)
    return build_model(spec, {"table": (3,)}, {"price": 1, "sold": 1, "kind": 3})


def build_engine(model: MultiTaskModel, **settings: Any) -> ForwardEngine:
    return build_forward_engine(model, TrainingSpec(**settings), LossScaler(model, active=False), pytest.fail)


def gradients(model: MultiTaskModel, engine: ForwardEngine, *, cut: bool) -> list[Tensor | None]:
    """Those of the sum of the losses and the penalty."""
    model.zero_grad()
    torch.manual_seed(1)
    engine.begin_step()
    engine.set_label_masks(MASKS)
    outputs, representation = (
        detach_at_representation(engine.features(as_table(INPUTS)), engine.head, 3)
        if cut
        else (engine(as_table(INPUTS)), None)
    )
    penalty = engine.penalty()
    added = None if penalty is None else PenaltyGradient(penalty, list(model.parameters()))
    torch.autograd.backward([output.square().mean() for output in outputs])
    if representation is not None:
        representation.backward(representation.weighted_sum(torch.ones(3), range(3)))
    if added is not None:
        added.add()
    return [parameter.grad for parameter in model.parameters()]


@every_scheme
@pytest.mark.parametrize("weighting", ["equal", "pcgrad"])
@pytest.mark.parametrize("setting", [{"accumulate": 3}, {"precision": "bf16"}], ids=["pieces", "bf16"])
def test_any_scheme_trains_in_pieces_and_in_lower_precision(
    tmp_path: Path, sharing: Any, weighting: str, setting: dict[str, Any]
) -> None:
    given = {f"training__{name}": value for name, value in setting.items()}
    toy_run = run(experiment(**changes(sharing, weighting), **given), tmp_path)
    assert toy_run.final_state == "finished"
    assert all(bool(value.isfinite().all()) for value in toy_run.parameters().values())


@every_scheme
def test_any_scheme_resumes_bit_equal_in_pieces(tmp_path: Path, sharing: Any) -> None:
    assert_resumes(tmp_path, {**changes(sharing), "training__accumulate": 2}, PER_EPOCH + 2)


@pytest.mark.parametrize("cut", [True, False])
@pytest.mark.parametrize("kind", ["mmoe", "ple", "dselect_k"])
def test_pieces_have_the_gradients_of_the_whole(kind: str, cut: bool) -> None:
    sharing: dict[str, Any] = {"kind": kind, "per_row": True} if kind == "dselect_k" else {"kind": kind}
    model = model_of(sharing, [_SHARED[0], _SHARED[2], _SHARED[3]])
    whole = gradients(model, model, cut=cut)
    pieces = gradients(model, build_engine(model, accumulate=3), cut=cut)
    for one, other in zip(pieces, whole, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("kind", ["dselect_k", "adversarial"])
def test_the_penalty_is_the_same_before_and_after_the_heads(kind: str) -> None:
    model = model_of({"kind": kind}, [_SHARED[0], _SHARED[2], _SHARED[3]])
    model.set_label_masks(MASKS)
    features = model.features(as_table(INPUTS))
    before = model.penalty()
    model.head_outputs(features)
    after = model.penalty()
    assert before is not None
    assert after is not None
    torch.testing.assert_close(before, after)
    parameters = list(model.parameters())
    found = [
        torch.autograd.grad(penalty, parameters, retain_graph=True, allow_unused=True) for penalty in (before, after)
    ]
    for one, other in zip(*found, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    "settings",
    [{"training__accumulate": 3}, {"weighting": {"kind": "famo"}}, {"weighting": {"kind": "sdmgrad"}}],
    ids=["in pieces", "looking again", "of three parts"],
)
def test_a_step_is_counted_once_however_many_passes_it_takes(settings: dict[str, Any], tmp_path: Path) -> None:
    toy_run = run(experiment(**{**changes({"kind": "branch"}), **settings}), tmp_path)
    assert toy_run.parameters()["steps"].item() == STEPS


def test_the_adversary_sees_the_labels_of_each_piece() -> None:
    model = model_of({"kind": "adversarial", "orthogonality": 0.0, "adversary": 1.0}, [_SHARED[0]])
    engine = build_engine(model, accumulate=3)
    engine.set_label_masks(MASKS)
    engine.features(as_table(INPUTS))
    found = engine.penalty()
    scores = model.discriminator(model.shared(INPUTS)).log_softmax(dim=1)  # type: ignore[operator]
    terms = []
    for piece in (slice(0, 4), slice(4, 8), slice(8, 12)):
        rows = [torch.ones(4) if mask is None else mask[piece].float() for mask in MASKS]
        terms.append(-sum((scores[piece, task] * mask).sum() / mask.sum() for task, mask in enumerate(rows)))
    torch.testing.assert_close(found, sum(terms) / 3)


@every_scheme
def test_frozen_shared_layers_get_no_gradient_and_heads_do(sharing: Any) -> None:
    model = model_of(sharing)
    for parameter in model.shared_parameters():
        parameter.requires_grad_(False)
    weighting = build_weighting(experiment(weighting={"kind": "mgda"}).weighting, experiment().tasks)
    outputs, cut = detach_at_representation(model.features(as_table(INPUTS)), model.head, 3)
    weighting.backward_parts([ForwardPass([output.square().mean() for output in outputs], representation=cut)], model)
    assert all(parameter.grad is None for parameter in model.shared_parameters())
    assert all(p.grad is not None for task in TASKS for p in model.head_parameters(task))
