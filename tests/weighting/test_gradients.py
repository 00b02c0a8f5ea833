"""Gradients of every parameter of a two-head model, compared with each method's definition."""

import pytest
import torch
from torch import Tensor

from mtl_core.spec import members
from mtl_core.spec.weighting import (
    DwaWeighting,
    EqualWeighting,
    GradNormWeighting,
    ManualWeighting,
    MgdaWeighting,
    PcGradWeighting,
    UncertaintyWeighting,
)
from mtl_core.spec.weighting import Weighting as WeightingSpec
from mtl_core.weighting import Weighting, build_weighting
from tests.weighting.cases import TwoHeads

PAIRS = [("left", "regression"), ("right", "multiclass")]


def built(spec: object) -> Weighting:
    return build_weighting(spec, PAIRS, dtype=torch.float64)  # type: ignore[arg-type]


def gradients_after(weighting: Weighting, model: TwoHeads) -> dict[str, Tensor]:
    weighting.backward(model.losses(), model)
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


def weighted(model: TwoHeads, weights: list[float]) -> dict[str, Tensor]:
    """The gradients of the weighted sum."""
    rows = [model.task_gradients(task) for task in range(len(weights))]
    return {name: sum(w * row[name] for w, row in zip(weights, rows, strict=True)) for name in rows[0]}


def flat(gradients: dict[str, Tensor]) -> Tensor:
    """The shared parameters' part of a set of gradients."""
    return torch.cat([gradient.reshape(-1) for name, gradient in gradients.items() if "heads" not in name])


def test_equal_gives_the_gradient_of_the_sum() -> None:
    model = TwoHeads()
    torch.testing.assert_close(gradients_after(built(EqualWeighting()), model), weighted(model, [1, 1]))


def test_equal_is_the_hand_written_backward_bit_for_bit() -> None:
    by_hand, model = TwoHeads(), TwoHeads()
    left, right = by_hand.losses()
    (left + right).backward()
    built(EqualWeighting()).backward(model.losses(), model)
    for wanted, found in zip(by_hand.parameters(), model.parameters(), strict=True):
        assert wanted.grad is not None
        assert found.grad is not None
        assert torch.equal(wanted.grad, found.grad)


def test_manual_weighs_trunk_and_heads() -> None:
    model = TwoHeads()
    weighting = built(ManualWeighting(weights={"left": 0.5, "right": 3.0}))
    torch.testing.assert_close(gradients_after(weighting, model), weighted(model, [0.5, 3.0]))


def test_a_manual_weight_of_zero_stops_the_task() -> None:
    model = TwoHeads()
    gradients = gradients_after(built(ManualWeighting(weights={"left": 0.0})), model)
    torch.testing.assert_close(gradients, weighted(model, [0.0, 1.0]))
    assert not gradients["heads.0.weight"].any()


def test_uncertainty_descends_the_likelihood_of_both_forms() -> None:
    model = TwoHeads()
    weighting = built(UncertaintyWeighting(initial=0.3))
    (s,) = weighting.parameters()
    found = gradients_after(weighting, model)
    learned = s.grad
    s.grad = None
    model.zero_grad()
    left, right = model.losses()
    likelihood = 0.5 * torch.exp(-s[0]) * left + s[0] / 2 + torch.exp(-s[1]) * right + s[1] / 2
    likelihood.backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad)
    torch.testing.assert_close(learned, s.grad)


def test_dwa_weighs_the_slower_task_more_from_the_third_epoch() -> None:
    model, weighting = TwoHeads(), built(DwaWeighting())
    for left, right in ((2.0, 2.0), (1.0, 1.9)):
        assert weighting.weights().tolist() == [1, 1]
        weighting.epoch_end(torch.tensor([left, right], dtype=torch.float64))
    wanted = 2 * torch.softmax(torch.tensor([0.5, 0.95], dtype=torch.float64) / 2, dim=0)
    torch.testing.assert_close(gradients_after(weighting, model), weighted(model, wanted.tolist()))
    torch.testing.assert_close(weighting.weights(), wanted)


def test_dwa_counts_an_epoch_without_labels_or_with_nan_as_speed_one() -> None:
    weighting = built(DwaWeighting())
    for mean in ([1.0, 0.0], [1.0, float("nan")], [1.0, 1.0], [1.0, 1.0]):
        weighting.epoch_end(torch.tensor(mean, dtype=torch.float64))
        assert weighting.weights().tolist() == [1, 1]


def test_gradnorm_steps_the_model_with_the_old_weights() -> None:
    model, weighting = TwoHeads(), built(GradNormWeighting(lr=0.1))
    torch.testing.assert_close(gradients_after(weighting, model), weighted(model, [1, 1]))
    second = weighting.state_dict()["next_weights"].tolist()
    assert second != [1, 1]
    model.zero_grad()
    torch.testing.assert_close(gradients_after(weighting, model), weighted(model, second))
    assert weighting.weights().tolist() == second
    assert sum(weighting.state_dict()["next_weights"].tolist()) == pytest.approx(2)


def test_gradnorm_draws_the_weights_by_the_last_shared_layer_only() -> None:
    model, weighting = TwoHeads(), built(GradNormWeighting(alpha=0.0, lr=0.01))
    rows = [model.task_gradients(task) for task in range(2)]
    norms = torch.stack([torch.cat([row["last.weight"].reshape(-1), row["last.bias"]]).norm() for row in rows])
    weighting.backward(model.losses(), model)
    moved = 1 - 0.01 * norms * torch.sign(norms - norms.mean())
    torch.testing.assert_close(weighting.state_dict()["next_weights"], 2 * moved / moved.sum())


def test_gradnorm_ignores_a_step_with_nan() -> None:
    model, weighting = TwoHeads(), built(GradNormWeighting())
    weighting.backward(model.losses(), model)
    before = weighting.state_dict()["next_weights"]
    weighting.backward([loss * float("nan") for loss in model.losses()], model)
    assert torch.equal(weighting.state_dict()["next_weights"], before)


def test_gradnorm_takes_the_first_loss_of_a_task_that_comes_late() -> None:
    model, weighting = TwoHeads(), built(GradNormWeighting())
    left, _ = model.losses()
    weighting.backward([left, torch.zeros((), dtype=torch.float64)], model)
    first = weighting.state_dict()["first_losses"]
    assert first.isnan().tolist() == [False, True]
    _, right = losses = model.losses()
    weighting.backward(losses, model)
    assert weighting.state_dict()["first_losses"].tolist() == [float(left.detach()), float(right.detach())]


GRADIENT = [member() for member in members(WeightingSpec) if issubclass(member, PcGradWeighting.__mro__[1])]


@pytest.mark.parametrize("spec", GRADIENT, ids=lambda spec: spec.kind)
def test_gradient_methods_leave_the_heads_their_plain_gradients(spec: object) -> None:
    model = TwoHeads()
    gradients = gradients_after(built(spec), model)
    plain = weighted(model, [1, 1])
    for name in ("heads.0.weight", "heads.0.bias", "heads.1.weight", "heads.1.bias"):
        torch.testing.assert_close(gradients[name], plain[name])


@pytest.mark.parametrize(("seed", "conflict"), [(0, False), (1, True), (2, True)])
def test_pcgrad_projects_the_whole_shared_gradient_where_it_conflicts(seed: int, conflict: bool) -> None:
    model = TwoHeads(seed=seed)
    left, right = (flat(model.task_gradients(task)) for task in range(2))
    product = left @ right
    assert (product < 0) == conflict
    wanted = left + right
    if conflict:
        wanted = wanted - product / (right @ right) * right - product / (left @ left) * left
    torch.testing.assert_close(flat(gradients_after(built(PcGradWeighting()), model)), wanted)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mgda_gives_the_shortest_combination_of_the_shared_gradients(seed: int) -> None:
    model = TwoHeads(seed=seed)
    left, right = (flat(model.task_gradients(task)) for task in range(2))
    weighting = built(MgdaWeighting(normalization="none"))
    found = flat(gradients_after(weighting, model))
    shares = torch.linspace(0, 1, 2001, dtype=torch.float64)
    lengths = [float((share * left + (1 - share) * right).norm()) for share in shares]
    best = min(range(len(shares)), key=lengths.__getitem__)
    assert found.norm() <= lengths[best] + 1e-12
    assert float(weighting.weights()[0]) == pytest.approx(float(shares[best]), abs=1e-3)
    torch.testing.assert_close(found, weighting.weights()[0] * left + weighting.weights()[1] * right)


@pytest.mark.parametrize("spec", [PcGradWeighting(), MgdaWeighting()], ids=lambda spec: spec.kind)
def test_a_task_that_skips_a_shared_layer_counts_as_zeros_there(spec: object) -> None:
    model = TwoHeads()

    def losses() -> list[Tensor]:
        skipping = model.heads[1](torch.tanh(model.first(model.inputs))[:, :4])
        return [model.losses()[0], ((skipping - model.targets[1]) ** 2).mean()]

    parameters = model.shared_parameters()
    rows = [
        torch.cat(
            [g.reshape(-1) for g in torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)]
        )
        for loss in losses()
    ]
    weighting = built(spec)
    torch.manual_seed(0)
    weighting.backward(losses(), model)
    found = torch.cat([parameter.grad.reshape(-1) for parameter in parameters if parameter.grad is not None])
    scale = [1 / row.norm() if isinstance(spec, MgdaWeighting) else 1 for row in rows]
    wanted = sum(w * s * row for w, s, row in zip(weighting.weights(), scale, rows, strict=True))
    torch.testing.assert_close(found, wanted)
    assert not rows[1][-4:].any()
