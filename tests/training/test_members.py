"""Training a model with members (TabM): gradients at every level, in pieces, and of several seeds at once."""

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor

from mtl_core.architectures import build_model
from mtl_core.spec import ModelSpec, TargetInfo, TrainingSpec, Weighting
from mtl_core.spec.tasks import BinaryTask, RegressionTask
from mtl_core.tasks import build_task
from mtl_core.training.batching.batches import Batch
from mtl_core.training.joint.stacked_model import StackedModels, stacked_losses
from mtl_core.training.optimization.param_groups import WeightPenalties
from mtl_core.training.step.forward import compute_losses, forward, needs_detached_representation
from mtl_core.training.step.forward_engine import build_forward_engine
from mtl_core.training.step.precision import LossScaler
from mtl_core.weighting import build_weighting
from tests.architectures.tables import INPUTS, table_rows

TASKS = (RegressionTask(name="a", target="a"), BinaryTask(name="b", target="b"))
INFOS = (
    TargetInfo(name="a", kind="regression", mean=(0.0,), std=(1.0,)),
    TargetInfo(name="b", kind="binary", classes=("no", "yes"), counts=(4, 5)),
)
HEADS = [build_task(task, info) for task, info in zip(TASKS, INFOS, strict=True)]
TABM: list[dict[str, Any]] = [
    {"kind": "feature_embeddings", "dimensions": 4, "numbers": "linear"},
    {"kind": "tabm", "members": 3},
    {"kind": "flatten"},
    {"kind": "linear", "out_features": 6},
    {"kind": "tanh"},
]


def model_of(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return build_model(ModelSpec.model_validate({"shared": TABM}, strict=False), INPUTS, {"a": 1, "b": 1})


def batch() -> Batch:
    generator = torch.Generator().manual_seed(5)
    targets = (torch.randn(9, 1, generator=generator), (torch.arange(9.0) % 2)[:, None])
    return Batch(table_rows(9), targets, (torch.arange(9) != 4, None), None)


def gradients(accumulate: int, **weighting_settings: Any) -> list[Tensor]:
    model = model_of()
    weighting = build_weighting(TypeAdapter(Weighting).validate_python(weighting_settings), TASKS)
    scaler = LossScaler(model, active=False)
    engine = build_forward_engine(model, TrainingSpec(accumulate=accumulate), scaler, pytest.fail)
    detach = needs_detached_representation(weighting, engine)
    passes = [forward(engine, HEADS, batch(), detach=detach) for _ in range(weighting.batch_parts)]
    weighting.backward_parts(passes, model)
    return [parameter.grad for parameter in model.parameters() if parameter.grad is not None]


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "equal"},
        *({"kind": "mgda", "level": level} for level in ("parameters", "last_layer", "representation")),
    ],
    ids=str,
)
def test_a_batch_in_pieces_has_the_gradients_of_the_whole_at_any_level(settings: dict[str, Any]) -> None:
    whole, pieces = gradients(1, **settings), gradients(4, **settings)
    assert len(whole) == len(list(model_of().parameters()))
    torch.testing.assert_close(pieces, whole, rtol=1e-4, atol=1e-6)


def test_several_seeds_at_once_have_the_losses_that_each_has_alone() -> None:
    models, rows = [model_of(seed) for seed in (1, 2)], batch()
    alone = torch.stack([torch.stack(compute_losses(HEADS, model(rows.inputs), rows)) for model in models])
    stacked = StackedModels(models)
    losses = stacked_losses(models[0], HEADS, stacked.parameters)
    twice = {name: torch.stack([tensor] * 2) for name, tensor in rows.inputs.items()}
    targets = tuple(torch.stack([target] * 2) for target in rows.targets)
    masks = tuple(None if mask is None else torch.stack([mask] * 2) for mask in rows.masks)
    torch.testing.assert_close(losses(twice, targets, masks), alone)


def test_penalties_leave_out_the_scalings_and_offsets_of_members() -> None:
    model = model_of()
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    WeightPenalties(model, TrainingSpec.model_validate({"shared": {"l2": 1.0}, "heads": {"l2": 1.0}})).add()
    untouched = {name for name, parameter in model.named_parameters() if not parameter.grad.any()}
    biases = {name for name, _ in model.named_parameters() if name.endswith(".bias")}
    assert untouched == biases | {"shared.1.scaling", "shared.3.output_scaling"}
