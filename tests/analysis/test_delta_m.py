"""Δm of a study: scores of runs compared with those of single-task baselines."""

import math
from typing import Any

import pytest

from mtl_core.analysis.best_epochs import best_epochs
from mtl_core.analysis.delta_m import ScoredRun, compare_with_baselines, scored_runs
from mtl_core.analysis.studies import read_study
from mtl_core.protocol.series_key import relative_change
from mtl_core.spec import BinaryTask, MulticlassTask, RegressionTask, Task, method_members, study_members
from mtl_core.store import Points, Progress, RunStore, SeriesKey, open_store
from tests.app.synthetic import experiment

PRICE = RegressionTask(name="price", target="p", metrics=("rmse",))
SOLD = BinaryTask(name="sold", target="s", metrics=("accuracy", "auroc"))
TASKS: tuple[Task, ...] = (PRICE, SOLD)


def trial(seed: int, baseline: str = "", rmse: float = math.nan, accuracy: float = math.nan) -> ScoredRun:
    scores = {"price": {"rmse": rmse}, "sold": {"accuracy": accuracy}}
    kept = {task: {n: v for n, v in found.items() if not math.isnan(v)} for task, found in scores.items()}
    return ScoredRun(10 * seed, seed, baseline, kept)


def test_delta_m_is_the_mean_relative_change_signed_by_the_metrics_direction() -> None:
    """Worked by hand after Maninis et al. 2019: rmse 2.0 → 1.8 is +10 %, accuracy 0.80 → 0.76 is -5 %."""
    trials = [trial(0, rmse=1.8, accuracy=0.76), trial(0, "price", rmse=2.0), trial(0, "sold", accuracy=0.80)]
    found = compare_with_baselines(TASKS, trials)
    assert found.by_seed == {0: pytest.approx(0.025)}
    price, sold = found.scores
    assert (price.change.mean, sold.change.mean) == (pytest.approx(0.1), pytest.approx(-0.05))
    assert [one.task for one in found.negative_transfers] == ["sold"]
    assert found.missing == ()


def test_the_spread_is_that_of_the_seeds_each_against_its_own_baselines() -> None:
    trials = []
    for seed, change in enumerate((0.10, 0.20, 0.30)):
        trials += [trial(seed, rmse=2 * (1 - change), accuracy=0.5 * (1 + change))]
        trials += [trial(seed, "price", rmse=2.0), trial(seed, "sold", accuracy=0.5)]
    found = compare_with_baselines(TASKS, trials)
    assert found.delta_m.mean == pytest.approx(0.2)
    assert found.delta_m.sd == pytest.approx(0.1)
    half = 4.302652729911275 * 0.1 / math.sqrt(3)  # Student's t of two degrees of freedom
    assert found.delta_m.interval == pytest.approx((0.2 - half, 0.2 + half))
    assert found.scores[0].transfer == "unclear"
    assert found.negative_transfers == ()


def test_harm_beyond_chance_is_called_negative_transfer() -> None:
    trials = []
    for seed, accuracy in enumerate((0.700, 0.701, 0.702)):
        trials += [trial(seed, rmse=1.0, accuracy=accuracy)]
        trials += [trial(seed, "price", rmse=1.1 + seed / 1000), trial(seed, "sold", accuracy=0.8)]
    price, sold = compare_with_baselines(TASKS, trials).scores
    assert (price.transfer, sold.transfer) == ("positive", "negative")


def test_a_seed_that_lacks_a_baseline_is_named_and_left_out() -> None:
    whole = [trial(0, rmse=1.0, accuracy=0.5), trial(0, "price", rmse=1.0), trial(0, "sold", accuracy=0.5)]
    found = compare_with_baselines(
        TASKS, [*whole, trial(1, rmse=1.0, accuracy=0.5), trial(1, "price", rmse=1.0), trial(2, "price")]
    )
    assert found.by_seed == {0: 0.0}
    assert found.missing == (
        "seed 1 has no finished baseline of sold",
        "seed 2 has no finished run of all tasks",
    )


def test_without_baselines_there_is_a_spread_and_no_delta_m() -> None:
    found = compare_with_baselines(TASKS, [trial(0, rmse=1.0, accuracy=0.5), trial(1, rmse=3.0, accuracy=0.7)])
    assert found.scores[0].multi.mean == 2.0
    assert not found.delta_m
    assert found.data()["delta_m"] is None
    assert found.missing == ()
    assert {one.transfer for one in found.metrics} == {"unknown"}


@pytest.mark.parametrize(
    ("multi", "single", "way", "change"),
    [(0.9, 0.8, "max", 0.125), (0.9, 0.8, "min", -0.125), (-1.0, -2.0, "max", 0.5), (0.5, 0.0, "max", math.nan)],
)
def test_a_change_is_better_where_the_metric_says_so(multi: float, single: float, way: Any, change: float) -> None:
    assert relative_change(multi, single, way) == pytest.approx(change, nan_ok=True)


def test_scaling_a_metric_changes_no_delta_m() -> None:
    def study(scale: float) -> float:
        trials = [trial(0, rmse=1.7 * scale, accuracy=0.8), trial(0, "price", rmse=2.1 * scale)]
        return compare_with_baselines(TASKS, [*trials, trial(0, "sold", accuracy=0.7)]).delta_m.mean

    assert study(1.0) == pytest.approx(study(1e6), rel=1e-12)


def test_no_change_is_a_delta_m_of_zero() -> None:
    alike = [trial(0, rmse=1.5, accuracy=0.9), trial(0, "price", rmse=1.5), trial(0, "sold", accuracy=0.9)]
    assert compare_with_baselines(TASKS, alike).by_seed == {0: 0.0}


def _finish(store: RunStore, run: int, accuracy: float) -> None:
    tasks = store.run(run).tasks
    store.record_heartbeat(run, Progress(4, 4, 40, 40, 1.0, 0.0))
    for task in tasks:
        val = Points.of([10, 20, 30, 40], [0.1, 0.9, 0.3, 0.2])
        test = Points.of([30], [accuracy])
        keys = SeriesKey(task, "val", "accuracy"), SeriesKey(task, "test", "accuracy")
        store.append(run, dict(zip(keys, (val, test), strict=True)), {"accuracy": "max"})
    store.finish(run, "finished")


def test_a_study_is_judged_by_what_the_store_has_of_it(tmp_path: Any) -> None:
    spec = experiment()
    with open_store(tmp_path / "runs.sqlite") as store:
        for run in store.create_study(study_members(spec, (0, 1), baselines=True)):
            _finish(store, run, 0.5 if store.run(run).baseline else 0.6)
        store.set_state(store.create_study(study_members(spec, (2,), baselines=True), 1)[0], "running")
        records = store.runs(query="study:1")
        found = compare_with_baselines(spec.tasks, scored_runs(records, store.summaries([r.id for r in records])))
        assert (found.seeds, dict(found.by_seed)) == ((0, 1), {0: pytest.approx(0.2), 1: pytest.approx(0.2)})
        best = best_epochs(store.run(1), spec.tasks, store.summaries([1]))
    assert [(one.task, one.metric, one.value, one.epoch, one.chosen) for one in best] == [
        ("left", "accuracy", 0.9, 2, 3),
        ("right", "accuracy", 0.9, 2, 3),
    ]


def test_a_run_that_repeats_a_seed_takes_the_place_of_the_one_before(tmp_path: Any) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        members = study_members(experiment(), (0,), baselines=False)
        for run in (*store.create_study(members), *store.create_study(members, 1)):
            _finish(store, run, run / 10)
        trials = scored_runs(store.runs(), store.summaries())
    assert [(one.run, one.scores["left"]["accuracy"]) for one in trials] == [(2, 0.2)]


def test_a_task_of_one_metric_is_judged_by_it() -> None:
    task = MulticlassTask(name="t", target="t", metrics=("f1",))
    assert [
        one.metric for one in compare_with_baselines((task,), [ScoredRun(1, 0, "", {"t": {"f1": 1.0}})]).scores
    ] == ["f1"]


def test_each_method_of_a_study_has_a_result_of_its_own_against_the_shared_baselines(tmp_path: Any) -> None:
    accuracy = {"equal": 0.6, "pcgrad": 0.7, "": 0.5}
    with open_store(tmp_path / "runs.sqlite") as store:
        members = method_members(experiment(), ("equal", "pcgrad"), (0, 1), baselines=True)
        for run in store.create_study(members):
            record = store.run(run)
            _finish(store, run, accuracy["" if record.baseline else record.method])
        study = read_study(store, 1)
    assert study is not None
    changes = {method: result.delta_m.mean for method, result in study.results.items()}
    assert changes == {"equal": pytest.approx(0.2), "pcgrad": pytest.approx(0.4)}
    assert study.result is study.results["equal"]
    assert list(study.data()["methods"]) == ["equal", "pcgrad"]
