"""Every stored record of the methods that combine gradients, at its stated tolerance (float64)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.spec.weighting import (
    AlignedMtlWeighting,
    CaGradWeighting,
    ConfigWeighting,
    DbMtlWeighting,
    DualProjWeighting,
    ExcessMtlWeighting,
    FairGradWeighting,
    GradDropWeighting,
    GradVacWeighting,
    ImtlGWeighting,
    ImtlWeighting,
    MoCoWeighting,
    NashMtlWeighting,
    UpGradWeighting,
)
from mtl_core.weighting import Weighting
from mtl_core.weighting.methods.imtl import Imtl
from tests.weighting.cases import (
    aggregator_cases,
    assert_matches,
    build,
    close,
    direction_of,
    reference,
    sequence_records,
    tensor,
)

RESCALE = {0: "none", 1: "square"}
Params = dict[str, Any]
SPECS: dict[str, Callable[[Params], Any]] = {
    "cagrad": lambda p: CaGradWeighting.model_validate({"c": p["c"], "rescale": RESCALE[p["rescale"]]}),
    "imtl_g": lambda _: ImtlGWeighting(),
    "nash_mtl": lambda _: NashMtlWeighting(max_norm=0.0),
    "fairgrad": lambda p: FairGradWeighting(alpha=p["alpha"]),
    "aligned_mtl": lambda p: AlignedMtlWeighting(scale_mode=p["scale_mode"]),
    "upgrad": lambda p: UpGradWeighting(reg_eps=float(p["reg_eps"]), norm_eps=p.get("norm_eps", 0.0)),
    "dualproj": lambda p: DualProjWeighting(reg_eps=float(p["reg_eps"]), norm_eps=p.get("norm_eps", 0.0)),
    "config": lambda _: ConfigWeighting(),
}
CASES = [case for method in SPECS for case in aggregator_cases(method)]


def solved(record: Any) -> bool:
    return record["status"] in ("ok", "convention")


def combined(data: Any, record: Any) -> tuple[Tensor, Tensor]:
    jacobian = tensor(data["J"])
    weighting = build(SPECS[record["method"]](record["params"]), len(jacobian))
    direction = direction_of(weighting, jacobian)
    scale = len(jacobian) if record["params"].get("times_k") else 1
    return scale * direction, scale * weighting.weights()


def name(case: Any) -> str:
    return f"{case[2]['method']}-{case[0]}"


@pytest.mark.parametrize("case", [case for case in CASES if solved(case[2])], ids=name)
def test_the_direction_is_the_exact_one(case: Any) -> None:
    _, data, record = case
    assert_matches(record, *combined(data, record))


@pytest.mark.parametrize("case", [case for case in CASES if not solved(case[2])], ids=name)
def test_without_a_unique_solution_the_direction_is_finite(case: Any) -> None:
    _, data, record = case
    direction, weights = combined(data, record)
    assert direction.isfinite().all()
    assert weights.isfinite().all()
    if record["status"] == "undefined":
        assert not direction.any()
    if "g0" in record:
        ball = record["params"]["c"] * tensor(record["g0"]).norm()
        assert not direction.any() or (direction - tensor(record["g0"])).norm() <= ball * (1 + 1e-6)


@pytest.mark.parametrize("case", [case for case in aggregator_cases("nash_mtl") if solved(case[2])], ids=name)
def test_nash_mtl_shortens_the_step_to_its_longest(case: Any) -> None:
    _, data, record = case
    direction = direction_of(build(NashMtlWeighting(), len(data["J"])), tensor(data["J"]))
    assert (direction - tensor(record["clipped_max_norm_1"])).abs().max() <= record["max_abs_err"]


def forced_rand(monkeypatch: pytest.MonkeyPatch, values: Tensor) -> None:
    monkeypatch.setattr(torch, "rand", lambda *_, **__: values)


@pytest.mark.parametrize("case", aggregator_cases("graddrop_given_u"), ids=name)
def test_graddrop_keeps_the_drawn_sign(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, data, record = case
    tasks, leak = len(data["J"]), record["params"]["leak"]
    leaks = {f"t{task}": float(value) for task, value in enumerate(leak)} if isinstance(leak, list) else {}
    weighting = build(GradDropWeighting(leak=leaks), tasks)
    forced_rand(monkeypatch, tensor(record["params"]["U"]))
    assert_matches(record, direction_of(weighting, tensor(data["J"])), weighting.weights())


@pytest.mark.parametrize("case", aggregator_cases("graddrop_expected"), ids=name)
def test_graddrop_keeps_a_sign_by_its_share_of_the_gradients(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, data, record = case
    jacobian = tensor(data["J"])
    sizes = jacobian.abs().sum(dim=0)
    positive = (0.5 * (1 + jacobian.sum(dim=0) / sizes)).where(sizes > 0, 0.5)
    sides = []
    for drawn in (positive - 1e-9, positive + 1e-9):
        forced_rand(monkeypatch, drawn)
        sides.append(direction_of(build(GradDropWeighting(), len(jacobian)), jacobian))
    assert_matches(record, positive * sides[0] + (1 - positive) * sides[1], torch.empty(0))


def follows(weighting: Weighting, record: Any, key: str | None = None, scale: float = 1) -> bool:
    """Whether the directions, and the weights if they are recorded, are those of the record, step by step."""
    sequence = reference()["gradient_sequences"]
    for step, (jacobian, losses) in enumerate(zip(sequence["J"], sequence["losses"], strict=True)):
        if not close(direction_of(weighting, tensor(jacobian), losses), record["directions"][step], record["tol_rel"]):
            return False
        if key and not close(scale * weighting.weights(), record[key][step], 10 * record["tol_rel"]):
            return False
    return True


@pytest.mark.parametrize("record", sequence_records("gradvac"), ids=lambda r: str(r["params"]))
def test_gradvac_follows_the_usual_cosines(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = record["params"]["orders"]
    others = [[other for other in range(3) if other != task] for task in range(3)]
    places = [[row.index(task) for task in order] for row, order in zip(others, orders, strict=True)]
    draws: Iterator[list[int]] = iter(places * 5)
    monkeypatch.setattr(torch, "randperm", lambda _count: torch.tensor(next(draws)))
    weighting = build(GradVacWeighting(beta=record["params"]["beta"]), 3)
    assert follows(weighting, record)
    assert close(weighting.state_dict()["cosines"], record["rho_final"], record["tol_rel"])


@pytest.mark.parametrize("record", sequence_records("db_mtl"), ids=lambda r: str(r["params"]))
def test_db_mtl_balances_losses_and_gradients(record: Any) -> None:
    params = record["params"]
    assert follows(build(DbMtlWeighting(beta=params["DB_beta"], sigma=params["DB_beta_sigma"]), 3), record)


@pytest.mark.parametrize("record", sequence_records("moco"), ids=lambda r: f"rho-{r['params']['rho']}")
def test_moco_tracks_gradients_and_weights(record: Any) -> None:
    assert follows(build(MoCoWeighting(**record["params"]), 3), record, "lambdas")


@pytest.mark.parametrize("record", sequence_records("excess_mtl"), ids=lambda r: str(r["params"]["robust_step_size"]))
def test_excess_mtl_weighs_by_the_excess_risk(record: Any) -> None:
    assert follows(build(ExcessMtlWeighting(lr=record["params"]["robust_step_size"]), 3), record, "weights")


def test_nash_mtl_uses_a_bargain_again() -> None:
    (record,) = sequence_records("nash_mtl_every2")
    assert follows(build(NashMtlWeighting(update_every=2), 3), record)


def test_imtl_scales_losses_and_combines_their_gradients() -> None:
    (record,) = sequence_records("imtl_hybrid")
    weighting = build(ImtlWeighting(), 3)
    assert isinstance(weighting, Imtl)
    optimizer = torch.optim.SGD(weighting.parameters(), lr=record["params"]["sgd_lr"])
    sequence = reference()["gradient_sequences"]
    for step, (jacobian, losses) in enumerate(zip(sequence["J"], sequence["losses"], strict=True)):
        direction = direction_of(weighting, tensor(jacobian), losses)
        optimizer.step()
        assert close(direction, record["directions"][step], record["tol_rel"])
        assert close(weighting.weights(), record["alphas"][step], 10 * record["tol_rel"])
        assert close(weighting.parameters()[0].detach(), record["s_after_step"][step], record["tol_rel"])
