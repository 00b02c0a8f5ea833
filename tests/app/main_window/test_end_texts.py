"""What a notification says of runs that have ended."""

from dataclasses import replace
from typing import Any

from app.main_window.end_texts import EndText, end_text
from mtl_core.store import RunRecord
from tests.app.pages.live.test_run_view import RUN


def ended(run: int, state: Any = "finished", error: str = "") -> RunRecord:
    return replace(RUN, id=run, state=state, error=error, name="houses")


def test_one_run_is_named_with_its_error() -> None:
    assert end_text([ended(3)], {}, [ended(3)]) == EndText("Run 3 has finished", "houses", 3, False)
    assert end_text([ended(3, "stopped")], {}, []) == EndText("Run 3 was stopped", "houses", 3, False)
    failed = end_text([ended(4, "failed", "no room")], {}, [])
    assert failed == EndText("Run 4 failed", "houses\nno room", 4, True)


def test_several_are_counted_and_the_first_that_failed_is_shown() -> None:
    runs = [ended(3), ended(4, "interrupted"), ended(5)]
    assert end_text(runs, {}, []) == EndText("3 runs have ended", "2 finished, 1 interrupted", 4, True)


def test_a_study_is_named_by_its_number() -> None:
    study = [ended(3), ended(4)]
    assert end_text([], {3: study}, study) == EndText("Study 3 has ended", "2 finished", 4, False)
    assert end_text([ended(9)], {3: study}, []) == EndText("3 runs have ended", "3 finished", 4, False)


def test_the_last_run_of_a_queue_ends_the_queue() -> None:
    queue = [ended(3, "failed"), ended(4), ended(5)]
    assert end_text([queue[2]], {}, queue) == EndText("All 3 runs have ended", "2 finished, 1 failed", 3, True)


def test_runs_of_a_study_that_goes_on_are_no_news() -> None:
    assert end_text([], {}, []) is None
