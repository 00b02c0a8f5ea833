"""Every stored reference record, at its stated tolerance (float64)."""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.spec.weighting import (
    DwaWeighting,
    EqualWeighting,
    GradNormWeighting,
    ManualWeighting,
    MgdaWeighting,
    PcGradWeighting,
    UncertaintyWeighting,
)
from tests.weighting.cases import (
    Linear,
    aggregator_cases,
    assert_matches,
    build,
    close,
    direction_of,
    reference,
    scalarizer_records,
    sequence_records,
    steps,
    tensor,
)


@pytest.mark.parametrize("case", aggregator_cases("mgda"), ids=lambda case: case[0])
def test_mgda_finds_the_exact_min_norm_point(case: Any) -> None:
    _, data, record = case
    weighting = build(MgdaWeighting(normalization="none"), len(data["J"]))
    direction = direction_of(weighting, tensor(data["J"]))
    assert_matches(record, direction, weighting.weights())
    assert float(weighting.weights().sum()) == pytest.approx(1)


@pytest.mark.parametrize("case", aggregator_cases("mgda_l2"), ids=lambda case: case[0])
def test_mgda_with_unit_gradients_matches_the_exact_solution(case: Any) -> None:
    _, data, record = case
    weighting = build(MgdaWeighting(normalization="l2"), len(data["J"]))
    assert_matches(record, direction_of(weighting, tensor(data["J"])), weighting.weights())


@pytest.mark.parametrize("record", sequence_records("mgda_normalised"), ids=lambda r: r["params"]["normalization"])
def test_mgda_normalised_matches_the_exact_solution_step_by_step(record: dict[str, Any]) -> None:
    sequence = reference()["gradient_sequences"]
    weighting = build(MgdaWeighting(**record["params"]), len(sequence["J"][0]))
    for jacobian, losses, wanted, weights in zip(
        sequence["J"], sequence["losses"], record["directions"], record["weights"], strict=True
    ):
        assert close(direction_of(weighting, tensor(jacobian), losses), wanted, record["tol_rel"])
        assert close(weighting.weights(), weights, 10 * record["tol_rel"])


@pytest.fixture
def visit_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[list[int]]], None]:
    """Forces the orders in which the tasks' gradients visit the others."""

    def force(orders: list[list[int]]) -> None:
        draws: Iterator[list[int]] = iter([[task, *order] for task, order in enumerate(orders)])
        monkeypatch.setattr(torch, "randperm", lambda _count: torch.tensor(next(draws)))

    return force


@pytest.mark.parametrize("case", aggregator_cases("pcgrad_ordered"), ids=lambda case: case[0])
def test_pcgrad_projects_in_the_given_order(case: Any, visit_in: Callable[[list[list[int]]], None]) -> None:
    _, data, record = case
    weighting = build(PcGradWeighting(), len(data["J"]))
    visit_in(record["params"]["orders"])
    assert_matches(record, direction_of(weighting, tensor(data["J"])), weighting.weights())


@pytest.mark.parametrize("case", aggregator_cases("pcgrad_mean_over_orders"), ids=lambda case: case[0])
def test_pcgrad_averaged_over_all_orders_matches(case: Any, visit_in: Callable[[list[list[int]]], None]) -> None:
    _, data, record = case
    tasks = len(data["J"])
    weighting = build(PcGradWeighting(), tasks)
    directions, weights = [], []
    for places in permutations(range(tasks - 1)):
        others = [[other for other in range(tasks) if other != task] for task in range(tasks)]
        visit_in([[row[place] for place in places] for row in others])
        directions.append(direction_of(weighting, tensor(data["J"])))
        weights.append(weighting.weights())
    assert_matches(record, torch.stack(directions).mean(0), torch.stack(weights).mean(0))


@pytest.mark.parametrize(
    ("method", "spec"),
    [("equal_sum", EqualWeighting()), ("static", ManualWeighting(weights={"t0": 0.2, "t1": 0.5, "t2": 3.0}))],
)
def test_fixed_weights_match(method: str, spec: Any) -> None:
    (record,) = scalarizer_records(method)
    weighting = build(spec, 3)
    for values, total, weights in zip(steps(), record["total"], record["weights"], strict=True):
        model = Linear(torch.eye(3, dtype=torch.float64))
        losses = model.losses(values)
        weighting.backward(losses, model)
        assert model.shared.grad is not None
        assert close(model.shared.grad, weights, record["tol_rel"])
        assert close(weighting.weights() @ tensor(values), total, record["tol_rel"])


@pytest.mark.parametrize(
    "record", scalarizer_records("uncertainty"), ids=lambda r: f"{r['params']['form']}-{r['params']['init_log_var']}"
)
def test_uncertainty_learns_as_the_references_do(record: dict[str, Any]) -> None:
    params = record["params"]
    kind = "regression" if params["form"] == "regression" else "multiclass"
    weighting = build(UncertaintyWeighting(initial=params["init_log_var"]), 3, kind)
    (log_variances,) = weighting.parameters()
    optimizer = torch.optim.SGD(weighting.parameters(), lr=params["sgd_lr"])
    for values, weights, after in zip(steps(), record["weights"], record["state_after_step"], strict=True):
        model = Linear(torch.eye(3, dtype=torch.float64))
        optimizer.zero_grad()
        weighting.backward(model.losses(values), model)
        optimizer.step()
        assert model.shared.grad is not None
        assert close(model.shared.grad, weights, record["tol_rel"])
        assert close(weighting.weights(), weights, record["tol_rel"])
        assert close(log_variances.detach(), after, record["tol_rel"])


def test_dwa_weighs_by_the_ratio_of_the_last_two_epochs() -> None:
    (record,) = scalarizer_records("dwa")
    epochs = reference()["scalarizers"]["epoch_of_step"]
    weighting = build(DwaWeighting(temperature=record["params"]["temperature"]), 3)
    for step, values in enumerate(steps()):
        model = Linear(torch.eye(3, dtype=torch.float64))
        weighting.backward(model.losses(values), model)
        assert model.shared.grad is not None
        assert close(model.shared.grad, record["weights"][step], record["tol_rel"])
        assert close(weighting.weights() @ tensor(values), record["total"][step], record["tol_rel"])
        if step + 1 == len(epochs) or epochs[step + 1] != epochs[step]:
            weighting.epoch_end(
                tensor([row for row, e in zip(steps(), epochs, strict=True) if e == epochs[step]]).mean(0)
            )


class Chain(nn.Module):
    """y_i = W2_i W1 x, the network of the GradNorm records."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self.first = nn.Parameter(tensor(data["W1"]))
        self.second = nn.Parameter(tensor(data["W2"]))
        self.inputs, self.targets = tensor(data["X"]), tensor(data["Y"])

    def losses(self) -> list[Tensor]:
        hidden = self.inputs @ self.first.T
        return [
            ((hidden @ self.second[task].T - self.targets[:, task]) ** 2).mean() for task in range(len(self.second))
        ]

    def shared_parameters(self) -> list[nn.Parameter]:
        return [self.first]

    last_shared_parameters = shared_parameters


def test_gradnorm_follows_the_paper_step_by_step() -> None:
    data = reference()["gradnorm"]
    paper, tol_rel = data["paper"], data["tol_rel"]
    model = Chain(data)
    weighting = build(GradNormWeighting(alpha=data["alpha"], lr=data["lr_w"]), 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=data["lr"])
    used = [[1.0, 1.0, 1.0], *paper["weights_after"]]
    for step, losses_before in enumerate(paper["losses_before"]):
        losses = model.losses()
        assert close(torch.stack(losses).detach(), losses_before, tol_rel)
        optimizer.zero_grad()
        weighting.backward(losses, model)
        optimizer.step()
        assert close(weighting.weights(), used[step], tol_rel)
        assert close(weighting.state_dict()["next_weights"], used[step + 1], tol_rel)
        assert close(model.first.detach(), paper["W1_after"][step], tol_rel)
        assert close(model.second.detach(), paper["W2_after"][step], tol_rel)
