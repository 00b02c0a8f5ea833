"""Every stored record of the methods that weigh losses, at its stated tolerance (float64).

Covers: mtl_core/weighting/losses/fixed_weights.py.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.spec.weighting import (
    EqualWeighting,
    FamoWeighting,
    GeometricMeanWeighting,
    ImtlLWeighting,
    RandomWeighting,
    StchWeighting,
)
from mtl_core.weighting import Weighting
from mtl_core.weighting.losses.scalarization import LossScalarization
from tests.weighting.cases import Linear, build, close, direction_of, reference, scalarizer_records, steps, tensor


def ends_of_epochs() -> Iterator[tuple[int, Tensor]]:
    """The last step of each epoch, and its mean losses."""
    epochs = reference()["scalarizers"]["epoch_of_step"]
    for epoch in dict.fromkeys(epochs):
        rows = [row for row, of in zip(steps(), epochs, strict=True) if of == epoch]
        yield max(step for step, of in enumerate(epochs) if of == epoch), tensor(rows).mean(0)


def assert_total_and_weights(weighting: Weighting, values: list[float], record: Any, step: int) -> None:
    assert isinstance(weighting, LossScalarization)
    total = weighting.scalarizer.scalarize(tensor(values)).detach()
    assert abs(float(total) - record["total"][step]) <= record["tol_rel"] * max(map(abs, record["total"]))
    found = direction_of(weighting, torch.eye(3, dtype=torch.float64), values)
    assert close(found, record["weights"][step], record["tol_rel"])
    assert close(weighting.weights(), record["weights"][step], record["tol_rel"])


def test_the_geometric_mean_matches() -> None:
    (record,) = scalarizer_records("gls")
    weighting = build(GeometricMeanWeighting(), 3)
    for step, values in enumerate(steps()):
        assert_total_and_weights(weighting, values, record, step)


def test_imtl_l_learns_as_the_reference_does() -> None:
    (record,) = scalarizer_records("imtl_l")
    weighting = build(ImtlLWeighting(initial=record["params"]["init"]), 3)
    optimizer = torch.optim.SGD(weighting.parameters(), lr=record["params"]["sgd_lr"])
    for step, values in enumerate(steps()):
        assert_total_and_weights(weighting, values, record, step)
        optimizer.step()
        assert close(weighting.parameters()[0].detach(), record["state_after_step"][step], record["tol_rel"])


@pytest.mark.parametrize("record", scalarizer_records("famo"), ids=lambda r: str(r["params"]))
def test_famo_learns_from_the_losses_after_the_step(record: Any) -> None:
    params = record["params"]
    lowest = {f"t{task}": value for task, value in enumerate(params["min_losses"])}
    weighting = build(FamoWeighting(gamma=params["gamma"], lr=params["w_lr"], lowest=lowest), 3)
    assert weighting.needs_losses_after_step
    after = reference()["scalarizers"]["losses_after"]
    for step, values in enumerate(steps()):
        assert_total_and_weights(weighting, values, record, step)
        weighting.observe(tensor(after[step]))
        assert close(weighting.state_dict()["logits"], record["state_after_step"][step], record["tol_rel"])


@pytest.mark.parametrize("record", scalarizer_records("stch"), ids=lambda r: str(r["params"]["mu"]))
def test_stch_warms_up_and_then_weighs_the_worst_task_most(record: Any) -> None:
    params = record["params"]
    weighting = build(StchWeighting(mu=params["mu"], warmup_epochs=params["warmup_epoch"]), 3)
    ends = dict(ends_of_epochs())
    for step, values in enumerate(steps()):
        assert_total_and_weights(weighting, values, record, step)
        if step in ends:
            weighting.epoch_end(ends[step])
    assert close(weighting.state_dict()["nadir"], record["nadir"], record["tol_rel"])


def test_normalised_by_the_logarithm_the_sum_is_scale_invariant() -> None:
    (record,) = scalarizer_records("log")
    weighting = build(EqualWeighting(normalize="log"), 3)
    for values, weights in zip(steps(), record["weights"], strict=True):
        model = Linear(torch.eye(3, dtype=torch.float64))
        weighting.backward(model.losses(values), model)
        assert model.shared.grad is not None
        assert close(model.shared.grad, weights, record["tol_rel"])


@pytest.mark.parametrize("record", reference()["montecarlo"], ids=lambda r: f"k{r['k']}")
def test_random_weights_have_the_moments_of_a_softmax_of_normal_numbers(record: Any) -> None:
    torch.manual_seed(0)
    draws, tasks = 4000, record["k"]
    weighting = build(RandomWeighting(), tasks)
    assert isinstance(weighting, LossScalarization)
    losses = torch.ones(tasks, dtype=torch.float64)
    drawn = torch.stack([weighting.scalarizer.derivatives(losses) for _ in range(draws)])
    torch.testing.assert_close(drawn.sum(dim=1), torch.ones(draws, dtype=torch.float64))
    error = record["sd"] / draws**0.5
    assert (drawn.mean(0) - 1 / tasks).abs().max() <= 4.5 * error
    assert float((drawn**2).mean()) == pytest.approx(record["second_moment"], rel=0.05)
