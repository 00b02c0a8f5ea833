"""The score of a task and its direction, without torch.

Covers: mtl_core/spec/metrics.py.
"""

from typing import get_args

import pytest

from mtl_core.spec import (
    DIRECTIONS,
    MulticlassTask,
    RegressionTask,
    Spec,
    Task,
    direction,
    kind_of,
    members,
    problems_of,
    score_of,
)
from mtl_core.spec.tasks import TASK_KINDS


def metrics_of(kind: type[Spec]) -> tuple[str, ...]:
    return get_args(get_args(kind.model_fields["metrics"].annotation)[0])


@pytest.mark.parametrize("kind", members(Task), ids=kind_of)
def test_every_metric_has_a_direction_and_can_be_the_score(kind: type[Spec]) -> None:
    assert set(metrics_of(kind)) <= set(DIRECTIONS)
    assert set(metrics_of(kind)) == set(get_args(get_args(kind.model_fields["score"].annotation)[0]))


def test_a_metric_has_the_same_direction_in_every_kind_of_task() -> None:
    directions = {
        (metric, kind.metric_direction(metric)) for kind in TASK_KINDS.values() for metric in kind.metric_names()
    }
    assert len(directions) == len(DIRECTIONS) - 1
    for kind in TASK_KINDS.values():
        assert set(kind.lower_is_better) <= set(kind.metric_names())


def test_no_direction_is_kept_for_a_metric_that_is_not_there() -> None:
    assert set(DIRECTIONS) == {"loss"}.union(*map(metrics_of, members(Task)))


def test_the_first_metric_is_the_score_unless_another_is_marked() -> None:
    assert score_of(RegressionTask(name="t", target="y")) == "rmse"
    assert score_of(RegressionTask(name="t", target="y", score="r2")) == "r2"


def test_a_direction_is_known_of_the_loss_and_of_the_task_s_own_metrics() -> None:
    task = MulticlassTask(name="t", target="y", metrics=("log_loss", "accuracy"))
    assert [direction(task, name) for name in ("loss", "log_loss", "accuracy")] == ["min", "min", "max"]
    with pytest.raises(ValueError, match="no metric f1"):
        direction(task, "f1")


def test_a_score_that_is_not_measured_is_refused() -> None:
    data = {
        "version": 1,
        "tasks": [{"name": "t", "kind": "regression", "target": "y", "metrics": ["mae"], "score": "r2"}],
    }
    (problem,) = problems_of(data | {"dataset": {"kind": "bundled", "name": "wine"}})
    assert problem.path == "tasks[0].score"


@pytest.mark.parametrize(("kind", "count"), [("box", 3), ("distribution", 1), ("objective", 3)])
def test_a_kind_says_how_many_columns_it_needs(kind: str, count: int) -> None:
    task = {"name": "t", "kind": kind, "target": [f"c{i}" for i in range(count)]}
    dataset = {"kind": "bundled", "name": "wine"}
    (problem,) = problems_of({"version": 1, "tasks": [task], "dataset": dataset})
    assert problem.path == "tasks[0].target"
    assert "columns" in problem.rule
