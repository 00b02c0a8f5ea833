"""Which actions the selected runs permit."""

from app.pages.runs.detail import metric_rows, parse_tags
from app.pages.runs.permissions import actions_for
from tests.app.tables.rows import record, summary


def keys(*states: str) -> list[str]:
    return [action.key for action in actions_for([record(i, state=state) for i, state in enumerate(states, 1)])]


def test_only_a_run_that_stopped_short_can_be_resumed() -> None:
    assert "resume" in keys("interrupted")
    assert "resume" in keys("stopped")
    assert "resume" not in keys("finished")
    assert "resume" not in keys("running")


def test_a_run_that_is_on_cannot_be_archived() -> None:
    assert "archive" not in keys("running")
    assert "archive" in keys("finished")


def test_only_runs_that_have_ended_go_to_one_file() -> None:
    assert "export-file" in keys("finished", "failed")
    assert "export-file" in keys("stopped")
    assert "export-file" not in keys("finished", "running")
    assert "export-file" not in keys("running")


def test_a_run_that_waits_has_nothing_to_fork_yet() -> None:
    texts = [action.text for action in actions_for([record(1, state="finished")])]
    assert "Train more epochs…" in texts
    assert "fork" in keys("running")
    assert "fork" not in keys("queued")
    assert "fork" not in keys("finished", "finished")


def test_what_has_ended_can_be_evaluated_and_predict_new_rows() -> None:
    assert {"evaluate", "predict"} <= set(keys("finished"))
    assert not {"evaluate", "predict"} & set(keys("running"))
    assert "predict" in keys("finished", "stopped")
    assert "predict" not in keys("finished", "running")
    assert "evaluate" not in keys("finished", "finished")


def test_several_runs_can_be_compared_and_none_offers_nothing() -> None:
    assert keys("finished", "failed")[0] == "compare"
    assert keys() == []


def test_metrics_stand_by_task_with_validation_and_test() -> None:
    rows = metric_rows([summary(1, "left", "accuracy", 0.9), summary(1, "left", "accuracy", 0.8, "test")], ("left",))
    assert rows == [("left",), ("accuracy ↑", "0.9000", "0.9000", "0.8000")]


def test_tags_are_apart_by_commas_and_stand_once() -> None:
    assert parse_tags(" paper, seed study ;paper,,") == ("paper", "seed study")


def test_a_run_that_diverged_is_not_offered_to_be_resumed() -> None:
    failed = record(3, state="failed")
    assert "resume" in [action.key for action in actions_for([failed])]
    assert "resume" not in [action.key for action in actions_for([failed], {3})]
