"""The reference records, and small models on which a method's definition can be checked by hand."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from mtl_core.weighting import Weighting, build_weighting

DATA = Path(__file__).parent / "data" / "reference.json"


@cache
def reference() -> dict[str, Any]:
    """Values computed with reference implementations, in float64."""
    return json.loads(DATA.read_text())


def aggregator_cases(method: str) -> list[Any]:
    """(id, Jacobian, record) of every record of a method."""
    section = reference()["aggregators"]
    jacobians = {case["id"]: case for case in section["cases"]}
    return [
        (f"{record['case']}-{number}", jacobians[record["case"]], record)
        for number, record in enumerate(section["results"])
        if record["method"] == method
    ]


class Linear(nn.Module):
    """Losses that are linear in one shared vector, so that a given Jacobian is the tasks' gradients."""

    def __init__(self, jacobian: Tensor) -> None:
        super().__init__()
        self.jacobian = jacobian
        self.shared = nn.Parameter(torch.zeros(jacobian.shape[1], dtype=jacobian.dtype))

    def losses(self, values: Sequence[float] | None = None) -> list[Tensor]:
        """One loss per row, with the given values."""
        values = [1.0] * len(self.jacobian) if values is None else values
        return [row @ self.shared + value for row, value in zip(self.jacobian, values, strict=True)]

    def shared_parameters(self) -> list[nn.Parameter]:
        return [self.shared]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        return [self.shared]


class TwoHeads(nn.Module):
    """Two shared layers and a head per task, float64."""

    def __init__(self, tasks: int = 2, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first = nn.Linear(3, 5, dtype=torch.float64)
            self.last = nn.Linear(5, 4, dtype=torch.float64)
            self.heads = nn.ModuleList([nn.Linear(4, 2, dtype=torch.float64) for _ in range(tasks)])
            self.inputs = torch.randn(6, 3, dtype=torch.float64)
            self.targets = [torch.randn(6, 2, dtype=torch.float64) * (1 + task) for task in range(tasks)]

    def losses(self) -> list[Tensor]:
        """Each task's squared error."""
        features = torch.tanh(self.last(torch.tanh(self.first(self.inputs))))
        return [((head(features) - y) ** 2).mean() for head, y in zip(self.heads, self.targets, strict=True)]

    def shared_parameters(self) -> list[nn.Parameter]:
        return [*self.first.parameters(), *self.last.parameters()]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        return list(self.last.parameters())

    def task_gradients(self, task: int) -> dict[str, Tensor]:
        """The plain gradient of one task's loss on every parameter, zeros where it does not reach."""
        names, parameters = zip(*self.named_parameters(), strict=True)
        found = torch.autograd.grad(self.losses()[task], parameters, allow_unused=True, materialize_grads=True)
        return dict(zip(names, found, strict=True))


def tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def build(spec: Any, tasks: int, kind: str = "regression") -> Weighting:
    return build_weighting(spec, [(f"t{task}", kind) for task in range(tasks)], dtype=torch.float64)


def direction_of(weighting: Weighting, jacobian: Tensor, losses: list[float] | None = None) -> Tensor:
    model = Linear(jacobian)
    weighting.backward(model.losses(losses), model)
    assert model.shared.grad is not None
    return model.shared.grad


def assert_matches(record: dict[str, Any], direction: Tensor, weights: Tensor) -> None:
    assert (direction - tensor(record["direction"])).abs().max() <= record["max_abs_err"]
    assert direction.isfinite().all()
    if "weights" in record:
        assert (weights - tensor(record["weights"])).abs().max() <= record["weights_max_abs_err"]


def close(found: Tensor, wanted: Any, tol_rel: float) -> bool:
    return bool((found - tensor(wanted)).abs().max() <= tol_rel * tensor(wanted).abs().max())


def scalarizer_records(method: str) -> list[dict[str, Any]]:
    return [record for record in reference()["scalarizers"]["results"] if record["method"] == method]


def steps() -> list[list[float]]:
    losses: list[list[float]] = reference()["scalarizers"]["losses"]
    return losses


def sequence_records(method: str) -> list[dict[str, Any]]:
    """Records of methods with a memory: a direction for each of five Jacobians."""
    return [record for record in reference()["gradient_sequences"]["results"] if record["method"] == method]


@st.composite
def jacobians(draw: st.DrawFn) -> Tensor:
    """[K, P] rows that are random, conflicting, of different length, dependent or nearly so."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tasks, width = draw(st.integers(2, 12)), draw(st.sampled_from([1, 2, 3, 10, 60]))
    rows = generator.standard_normal((tasks, width))
    match draw(st.sampled_from(["plain", "scales", "near", "duplicate", "leaning", "low rank"])):
        case "scales":
            rows *= 10 ** generator.uniform(-4, 4, (tasks, 1))
        case "near":
            rows = rows[:1] + 1e-6 * rows
        case "duplicate":
            rows[-1] = rows[0] * draw(st.sampled_from([1.0, 3.0, -1.0]))
        case "leaning":
            rows += 3 * rows[:1]
        case "low rank":
            rows = generator.standard_normal((tasks, 2)) @ rows[:2]
    return torch.from_numpy(rows)
