"""The expected remaining time of a run, from the times of its steps."""

import pytest

from mtl_core.training.metrics.throughput import AVERAGING_SECONDS, Throughput


def test_nothing_is_expected_before_a_step_was_timed() -> None:
    assert Throughput().seconds_for(100) == 0.0


def test_a_steady_run_is_known_from_its_first_report_on() -> None:
    throughput = Throughput()
    for _ in range(5):
        throughput.add(30, 0.3)
        assert throughput.steps_per_second == pytest.approx(100.0)
        assert throughput.seconds_for(500) == pytest.approx(5.0)


def test_reports_that_scatter_leave_the_remaining_time_steady() -> None:
    throughput = Throughput()
    expected: list[float] = []
    for index in range(400):  # now and then a validation, in which no step is made
        throughput.add(*((0, 0.4) if index % 20 == 19 else (30, 0.3) if index % 2 else (10, 0.3)))
        expected.append(throughput.seconds_for(10_000))
    settled = expected[200:]
    assert max(settled) / min(settled) < 1.1


def test_a_lasting_change_of_speed_is_followed_within_a_minute_or_two() -> None:
    throughput = Throughput()
    for _ in range(300):
        throughput.add(30, 0.3)
    for _ in range(round(4 * AVERAGING_SECONDS / 0.3)):
        throughput.add(3, 0.3)
    assert throughput.steps_per_second == pytest.approx(10.0, rel=0.2)
