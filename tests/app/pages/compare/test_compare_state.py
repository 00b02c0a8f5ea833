import math

import pytest

from app.pages.compare.state import best_of, curve_tasks, differences, final_lines, metric_choices, setting_text
from mtl_core.spec import spec_to_data
from mtl_core.store import SeriesKey, Summary
from tests.app.pages.live.test_live_state import RUN
from tests.app.synthetic import experiment


def _summary(run: int, task: str, metric: str, last: float, direction: str) -> Summary:
    return Summary(run, task, "test", metric, direction, 1, last, 10, last, last, last, 10)  # type: ignore[arg-type]


def test_only_settings_that_differ_are_listed_and_all_are_counted() -> None:
    one = spec_to_data(experiment(weighting={"kind": "equal"}))
    two = spec_to_data(experiment(name="another", weighting={"kind": "uncertainty"}))
    lines, count = differences([one, two])
    assert lines[0].name == "weighting"
    assert [cell.text for cell in lines[0].cells] == ["equal", "uncertainty"]
    assert count > 20
    assert all(line.name != "name" for line in lines)


def test_a_setting_that_one_run_lacks_is_shown_as_a_dash() -> None:
    lines, _ = differences([{"a": 1}, {"a": 1, "b": True}])
    assert [(line.name, [cell.text for cell in line.cells]) for line in lines] == [("b", ["—", "on"])]


def test_equal_specs_differ_in_nothing() -> None:
    data = spec_to_data(experiment())
    assert differences([data, data, data])[0] == ()


@pytest.mark.parametrize(("value", "text"), [(0.0005, "0.0005"), (None, "none"), (False, "off"), ("adamw", "adamw")])
def test_settings_are_written_as_people_write_them(value: object, text: str) -> None:
    assert setting_text(value) == text


def test_the_best_is_the_lowest_or_the_highest_as_the_metric_says() -> None:
    assert best_of([0.9, 0.95, 0.95], "max") == (False, True, True)
    assert best_of([0.2, 0.3], "min") == (True, False)


@pytest.mark.parametrize(
    ("values", "direction"),
    [([0.9], "max"), ([0.9, 0.9], "max"), ([0.9, math.nan], "max"), ([0.1, 0.2], "")],
)
def test_nothing_is_best_where_there_is_no_choice(values: list[float], direction: str) -> None:
    assert not any(best_of(values, direction))


def test_test_metrics_stand_by_task_with_an_arrow_and_a_dash_for_a_run_without() -> None:
    summaries = [
        _summary(12, "right", "accuracy", 0.9, "max"),
        _summary(12, "left", "accuracy", 0.95, "max"),
        _summary(13, "left", "accuracy", 0.97, "max"),
        _summary(12, "left", "loss", 0.2, "min"),
    ]
    other = type(RUN)(**{**vars(RUN), "id": 13})
    lines = final_lines([[RUN], [other]], summaries)
    assert [line.name for line in lines] == ["left · accuracy ↑", "left · loss ↓", "right · accuracy ↑"]
    assert [(cell.text, cell.best) for cell in lines[0].cells] == [("0.950", False), ("0.970", True)]
    assert lines[2].cells[1].text == "—"


def test_the_total_stands_after_the_tasks() -> None:
    keys = [SeriesKey(task, "train", "loss") for task in ("total", "right", "left")]
    assert curve_tasks([RUN], "loss", keys) == ("left", "right", "total")


def test_curves_of_two_tasks_gradients_or_of_one_layer_are_not_offered() -> None:
    names = ("weight", "gradient cosine b", "gradient norm shared.0", "gradient norm", "gate of expert 1", "loss")
    keys = [SeriesKey("a", "train", name) for name in names] + [SeriesKey("a", "val", "accuracy")]
    assert metric_choices(keys) == ("loss", "accuracy", "weight", "gradient norm")
