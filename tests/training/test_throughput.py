import pytest

from mtl_core.training.metrics.throughput import SECONDS, Speed


def test_nothing_is_expected_before_a_step_was_timed() -> None:
    assert Speed().seconds_for(100) == 0.0


def test_a_steady_run_is_known_from_its_first_report_on() -> None:
    speed = Speed()
    for _ in range(5):
        speed.add(30, 0.3)
        assert speed.steps_per_second == pytest.approx(100.0)
        assert speed.seconds_for(500) == pytest.approx(5.0)


def test_reports_that_scatter_leave_the_remaining_time_steady() -> None:
    speed = Speed()
    expected: list[float] = []
    for index in range(400):  # now and then a validation, in which no step is made
        speed.add(*((0, 0.4) if index % 20 == 19 else (30, 0.3) if index % 2 else (10, 0.3)))
        expected.append(speed.seconds_for(10_000))
    settled = expected[200:]
    assert max(settled) / min(settled) < 1.1


def test_a_lasting_change_of_speed_is_followed_within_a_minute_or_two() -> None:
    speed = Speed()
    for _ in range(300):
        speed.add(30, 0.3)
    for _ in range(round(4 * SECONDS / 0.3)):
        speed.add(3, 0.3)
    assert speed.steps_per_second == pytest.approx(10.0, rel=0.2)
