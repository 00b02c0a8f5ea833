"""How far the studies of a window are, through a fake worker and a real store."""

from pathlib import Path
from typing import Any

import pytest

from app.jobs import RunQueue, StoreService, StudyProgress, StudyState
from mtl_core.spec import StudyRun, method_members, study_members
from mtl_core.store import open_store


@pytest.fixture
def progress(queue: RunQueue, store: StoreService) -> StudyProgress:
    return StudyProgress(queue, store, queue)


def members(spec_named: Any, name: str) -> tuple[StudyRun, ...]:
    """Two methods with one seed, and baselines: four runs."""
    return method_members(spec_named(name), ("equal", "pcgrad"), (0,), baselines=True)


def newest(progress: StudyProgress) -> StudyState:
    state = progress.newest_of_methods()
    assert state is not None
    return state


def test_a_comparison_of_methods_is_followed_to_its_end(
    queue: RunQueue, progress: StudyProgress, wait: Any, spec_named: Any
) -> None:
    seen: list[int] = []
    progress.changed.connect(lambda study: seen.append(progress.state(study).ended))
    queue.start_study(members(spec_named, "quick"))
    wait(lambda: 4 in seen)
    assert (newest(progress).study, newest(progress).methods) == (1, ("equal", "pcgrad"))
    assert sorted(set(seen)) == [0, 1, 2, 3, 4]
    assert newest(progress).unfinished == ()


def test_runs_that_die_do_not_stop_the_others_and_have_no_result(
    queue: RunQueue, progress: StudyProgress, wait: Any, spec_named: Any
) -> None:
    queue.start_study(members(spec_named, "die"))
    wait(lambda: progress.newest_of_methods() is not None and newest(progress).is_over)
    assert [run.state for run in newest(progress).unfinished] == ["interrupted"] * 2
    assert [run.state for run in newest(progress).runs if run.baseline] == ["finished"] * 2


def test_all_runs_of_a_study_are_stopped_at_once(
    queue: RunQueue, progress: StudyProgress, wait: Any, spec_named: Any, home: Path
) -> None:
    queue.start_study(members(spec_named, "hold"))
    wait(lambda: queue.live_runs and len(queue.waiting_runs) == 3)
    queue.stop_study(1)
    wait(lambda: queue.active is None and newest(progress).is_over)
    with open_store(home / "runs.sqlite") as store:
        assert [run.state for run in store.runs()] == ["stopped"] * 4
        assert [run.id for run in store.runs() if run.started is not None] == [1]


def test_a_study_of_one_method_is_not_a_comparison_and_one_that_cannot_run_is_none(
    queue: RunQueue, progress: StudyProgress, wait: Any, spec_named: Any
) -> None:
    queue.start_study(study_members(spec_named("quick"), (0,), baselines=True))
    wait(lambda: queue.active is None and progress.state(1) is not None)
    refused: list[Exception] = []
    queue.start_study(members(spec_named, "faulty"), refused=refused.append)
    wait(lambda: refused)
    wait(lambda: progress.newest_of_methods() is None)


def test_the_runs_that_ended_before_the_window_opened_count(
    queue: RunQueue, progress: StudyProgress, wait: Any, spec_named: Any, home: Path
) -> None:
    with open_store(home / "runs.sqlite") as store:
        first, second, *_ = store.create_study(members(spec_named, "quick"))
        store.finish(first, "failed", "no memory")
    queue.resume_run(second)
    wait(lambda: progress.newest_of_methods() is not None and newest(progress).ended == 2)
    assert [run.id for run in newest(progress).unfinished] == [first]
