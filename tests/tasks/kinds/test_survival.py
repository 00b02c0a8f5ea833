"""Survival tasks: hazards of intervals, censored rows, Harrell's concordance, and the suggestion of the window."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from app.forms import label_of, metric_label
from app.pages.data import roles
from mtl_core.datasets.data import TaskData
from mtl_core.datasets.description import describe
from mtl_core.datasets.preparation import load
from mtl_core.spec import InputError, TableDataset
from mtl_core.spec.tasks import SurvivalTask
from mtl_core.tasks import build_task
from mtl_core.tasks.kinds.survival import (
    concordance,
    cumulative_hazard,
    median_time,
    negative_log_likelihood,
    survival,
)
from tests.tasks.examples import Example

ENDS = (2.0, 4.0, 8.0)
ROWS = 60


def targets(rows: int) -> Tensor:
    times = 9 * torch.rand(rows, 1)
    return torch.cat([times, (torch.arange(rows) % 3 != 1).float().unsqueeze(1)], dim=1)


# The hazards 1/4, 2/3, 1/2 leave 3/4, 1/4, 1/8 without the event: one half is reached in the middle of 2 to 4.
HAZARDS = torch.logit(torch.tensor([[1 / 4, 2 / 3, 1 / 2]], dtype=torch.float64))
EXAMPLE = Example(
    fields={"kind": "survival", "target": ("time", "event")},
    info={"width": 2, "edges": ENDS},
    targets=targets,
    output=HAZARDS,
    target=torch.tensor([[2.6, 1.0]]),
    cells={"y.predicted": pytest.approx(3.0), "y.risk": pytest.approx(7 / 8), "y.truth": 2.6, "y.event": 1},
)


def prepared(folder: Path, times: list[float], events: list[object], **settings: object) -> TaskData:
    lines = ["x,time,event"]
    lines += [f"{i % 7},{times[i % len(times)]},{events[i % len(events)]}" for i in range(ROWS)]
    (folder / "rows.csv").write_text("\n".join(lines), "utf-8")
    task = SurvivalTask.model_validate({"name": "t", "target": ("time", "event"), **settings})
    return load(TableDataset(path=str(folder / "rows.csv"), inputs=("x",)), (task,))


@pytest.mark.parametrize(
    ("time", "event", "likelihood"),
    [
        (0.0, 1, 1 / 4),
        (2.0, 1, 1 / 4),  # an interval holds its end
        (2.5, 1, 3 / 4 * 2 / 3),
        (8.0, 1, 3 / 4 * 1 / 3 * 1 / 2),
        (9.0, 1, 3 / 4 * 1 / 3 * 1 / 2),  # after the last end it counts as not having happened
        (0.9, 0, 1.0),
        (1.0, 0, 3 / 4),  # seen for half of an interval counts as having survived it
        (3.5, 0, 3 / 4 * 1 / 3),
        (5.0, 0, 3 / 4 * 1 / 3),
        (9.0, 0, 3 / 4 * 1 / 3 * 1 / 2),
    ],
)
def test_the_likelihood_is_the_product_of_the_hazards_a_row_went_through(
    time: float, event: int, likelihood: float
) -> None:
    target = torch.tensor([[time, event]], dtype=torch.float64)
    (found,) = negative_log_likelihood(HAZARDS, target, torch.tensor(ENDS)).tolist()
    assert found == pytest.approx(-math.log(likelihood))


def test_without_censoring_the_best_hazards_are_the_shares_of_those_at_risk() -> None:
    target = torch.tensor([[1.0, 1.0]] * 3 + [[3.0, 1.0]] * 2 + [[5.0, 1.0]] * 4 + [[9.0, 1.0]], dtype=torch.float64)
    shares = torch.logit(torch.tensor([[3 / 10, 2 / 7, 4 / 5]], dtype=torch.float64)).requires_grad_()
    loss = negative_log_likelihood(shares.expand(10, -1), target, torch.tensor(ENDS)).mean()
    (gradient,) = torch.autograd.grad(loss, shares)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-15, rtol=0)


@given(st.lists(st.floats(-30, 30), min_size=3, max_size=3))
def test_survival_never_rises_and_the_median_lies_where_it_passes_one_half(logits: list[float]) -> None:
    output = torch.tensor([logits], dtype=torch.float64)
    curve = survival(output)
    assert (curve.diff(dim=1) <= 0).all()
    torch.testing.assert_close(-curve[:, -1:].log(), cumulative_hazard(output))
    (median,) = median_time(curve, torch.tensor(ENDS, dtype=torch.float64)).tolist()
    if curve[0, -1] > 0.5:
        assert math.isnan(median)
    else:
        found = np.interp(median, (0, *ENDS), (1, *curve[0].tolist()))
        assert found == pytest.approx(0.5)


def index(risk: list[float], times: list[float], events: list[int]) -> float:
    target = torch.tensor([times, [float(event) for event in events]], dtype=torch.float64).T
    return float(concordance(torch.tensor(risk, dtype=torch.float64).unsqueeze(1), target))


@pytest.mark.parametrize(
    ("risk", "times", "events", "value"),
    [
        ([3, 2, 1], [1, 2, 3], [1, 1, 1], 1.0),
        ([1, 2, 3], [1, 2, 3], [1, 1, 1], 0.0),
        ([1, 1, 1], [1, 2, 3], [1, 1, 1], 0.5),
        ([2, 1, 3], [1, 2, 3], [1, 0, 1], 0.5),  # of the second only that it came after the first: one pair of two
        ([2, 1], [1, 1], [1, 0], 1.0),  # who is censored at the time of an event outlives it
        ([4, 1, 3, 2], [1, 2, 2, 5], [1, 1, 1, 0], 4 / 5),  # two events at one time are no pair
    ],
)
def test_concordance_counts_the_pairs_whose_order_is_known(
    risk: list[float], times: list[float], events: list[int], value: float
) -> None:
    assert index(risk, times, events) == pytest.approx(value)


@pytest.mark.parametrize(("times", "events"), [([1, 2], [0, 0]), ([1], [1]), ([1, 1], [1, 1])])
def test_concordance_of_no_pair_is_not_defined(times: list[float], events: list[int]) -> None:
    assert math.isnan(index([float(i) for i in range(len(times))], times, events))


rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, 1)), min_size=2, max_size=25)


@given(rows)
def test_concordance_is_that_of_every_pair_looked_at_alone(each: list[tuple[int, int, int]]) -> None:
    right = pairs = 0.0
    for risk, time, event in each:
        for other_risk, other_time, other_event in each:
            if event and (time < other_time or (time == other_time and not other_event)):
                pairs += 1
                right += (risk > other_risk) + (risk == other_risk) / 2
    risks, times, events = zip(*each, strict=True)
    value = index(list(risks), list(times), list(events))
    assert math.isnan(value) if not pairs else value == pytest.approx(right / pairs)


def test_intervals_end_at_the_quantiles_of_the_training_rows_event_times(tmp_path: Path) -> None:
    data = prepared(tmp_path, [1, 2, 3, 4, 5, 6, 7, 8], [1, 0, 1, 1], intervals=3)
    times, events = data.train.targets["t"].double().unbind(1)
    seen = np.sort(times[events == 1].numpy())
    wanted = [seen[math.ceil(len(seen) * share) - 1] for share in (1 / 3, 2 / 3, 1)]
    assert list(data.targets["t"].edges) == wanted
    assert data.targets["t"].outputs == 3
    assert data.preprocessing["targets"]["t"]["edges"] == wanted


def test_times_that_events_share_leave_fewer_intervals_and_no_event_still_some(tmp_path: Path) -> None:
    assert prepared(tmp_path, [0, 3, 3, 7], [1]).targets["t"].edges == (3.0, 7.0)
    assert prepared(tmp_path, [2, 5], [0]).targets["t"].edges == (2.0, 5.0)
    assert prepared(tmp_path, [0], [1]).targets["t"].edges == (1.0,)


def test_the_events_are_found_in_either_column(tmp_path: Path) -> None:
    one = prepared(tmp_path, [1, 2, 3.5], [1, 0])
    other = prepared(tmp_path, [1, 2, 3.5], [1, 0], target=("event", "time"))
    assert torch.equal(one.train.targets["t"], other.train.targets["t"])
    assert one.targets["t"].edges == other.targets["t"].edges


def test_a_row_without_its_time_or_its_event_has_no_label(tmp_path: Path) -> None:
    data = prepared(tmp_path, [1, 2, 3], [1, ""])
    assert sum(len(part) for part in (data.train, data.val, data.test)) == ROWS // 2
    assert any("belong together" in note.what for note in data.notes)


@pytest.mark.parametrize(
    ("times", "events", "rule"),
    [
        ([1, 2], [1, 2], "must hold events"),
        ([1, 2, 3], [1, 2], "must hold events"),
        ([-1, 2], [1, 0], "at least 0"),
        ([1, 2], ["yes", "no"], "needs numbers"),
    ],
)
def test_columns_that_are_no_times_and_events_are_refused(
    times: list[float], events: list[object], rule: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rule):
        prepared(tmp_path, times, events)


def test_the_median_is_left_empty_where_the_last_end_comes_first() -> None:
    task, info = EXAMPLE.made("y")
    columns = build_task(task, info).columns()
    ((median, risk),) = columns.format_predictions(survival(torch.full((1, 3), -9.0)), torch.zeros(1, 1))
    assert median == ""
    assert 0 < risk < 0.01


def test_the_data_page_offers_it_for_times_and_events_together(tmp_path: Path) -> None:
    prepared(tmp_path, [1, 2.5, 3], [1, 0])
    x, time, event = describe(TableDataset(path=str(tmp_path / "rows.csv"), inputs=("x",))).columns
    assert "survival" in roles.kinds_for(time, event)
    assert "survival" in roles.kinds_for(event, time)
    assert "survival" not in roles.kinds_for(x, time)
    assert "survival" not in roles.kinds_for(event)
    assert roles.KIND_TITLES["survival"] == "Survival"


def test_its_metrics_have_names_that_a_person_reads() -> None:
    assert label_of("nll") == "Negative log-likelihood"
    assert metric_label("concordance") == "concordance index"
