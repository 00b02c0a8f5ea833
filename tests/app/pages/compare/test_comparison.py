"""What the Compare page shows, computed without Qt: differing settings and metrics."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.comparison import (
    curve_tasks,
    differing_settings,
    final_lines,
    metric_choices,
    metrics_view,
    setting_lines,
)
from app.pages.compare.views.setting_names import chip_texts, setting_title
from mtl_core.analysis.comparison import setting_text
from mtl_core.analysis.significance import cheapest
from mtl_core.spec import ExperimentSpec, flatten, spec_to_data
from mtl_core.store import SeriesKey, Summary
from tests.app.pages.live.test_run_view import RUN
from tests.app.synthetic import experiment


def _summary(run: int, task: str, metric: str, last: float, direction: str) -> Summary:
    return Summary(run, task, "test", metric, direction, 1, last, 10, last, last, last, 10)  # type: ignore[arg-type]


def _entry(number: int, spec: ExperimentSpec, **changes: Any) -> ComparedRun:
    data = spec_to_data(spec)
    record = replace(RUN, id=number, name=spec.name, method=spec.weighting.kind, seed=spec.training.seed, **changes)
    return ComparedRun(record, data, flatten(data), number, spec)


def test_only_settings_that_differ_are_listed_by_the_names_of_the_forms_and_all_are_counted() -> None:
    entries = [
        _entry(1, experiment(weighting={"kind": "equal"})),
        _entry(2, experiment(name="another", weighting={"kind": "uncertainty"})),
    ]
    differing, count = differing_settings([entry.settings for entry in entries])
    lines = setting_lines(entries, differing)
    assert (lines[0].name, lines[0].tip) == ("Weighting", "weighting.kind")
    assert [cell.text for cell in lines[0].cells] == ["equal", "uncertainty"]
    assert count > 20
    assert all(line.name != "Name" for line in lines)


def test_how_runs_were_trained_comes_before_their_tasks_and_layers() -> None:
    entries = [
        _entry(1, experiment(("left", "right"))),
        _entry(2, experiment(("left",), weighting={"kind": "equal"}, training={"epochs": 3}, width=32)),
    ]
    differing, _ = differing_settings([entry.settings for entry in entries])
    sections = [line.tip.partition(".")[0].partition("[")[0] for line in setting_lines(entries, differing)]
    assert sections[:2] == ["weighting", "weighting"]
    assert sections.index("training") < min(sections.index("tasks"), sections.index("model"))


def test_a_setting_that_one_run_lacks_is_shown_as_a_dash() -> None:
    differing, _ = differing_settings([{"a": 1}, {"a": 1, "b": True}])
    assert [[setting_text(value) for value in own.values()] for own in differing] == [["—"], ["on"]]


def test_equal_specs_differ_in_nothing() -> None:
    settings = flatten(spec_to_data(experiment()))
    assert differing_settings([settings, settings, settings])[0] == ({}, {}, {})


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("tasks[0].loss", "left · Loss"),
        ("training.optimizer.lr", "Optimizer · Learning rate"),
        ("weighting.kind", "Weighting"),
        ("model.heads.left[0].out_features", "left · layer 1 · Out features"),
        ("model.shared[1].out_features", "Shared · layer 2 · Out features"),
        ("weighting.of_another_version", "Weighting · Of another version"),
    ],
)
def test_a_setting_goes_by_its_name_and_not_by_its_key(path: str, title: str) -> None:
    assert setting_title(path, (experiment(),)) == title


def test_a_chip_says_number_name_and_what_tells_its_run_apart() -> None:
    entries = [
        _entry(7, experiment(weighting={"kind": "pcgrad"}, training={"epochs": 20, "seed": 2})),
        _entry(8, experiment(weighting={"kind": "equal"}, training={"epochs": 5, "seed": 3})),
        _entry(9, experiment(("left",), weighting={"kind": "equal"}), baseline="left"),
    ]
    differing, _ = differing_settings([entry.settings for entry in entries])
    assert chip_texts(entries, differing) == (
        "run 7 · two digits, hard sharing · PCGrad · epochs 20 · seed 2",
        "run 8 · two digits, hard sharing · Equal · epochs 5 · seed 3",
        "run 9 · two digits, hard sharing · left alone · epochs 20 · seed 0",
    )


@pytest.mark.parametrize(("value", "text"), [(0.0005, "0.0005"), (None, "none"), (False, "off"), ("adamw", "adamw")])
def test_settings_are_written_as_people_write_them(value: object, text: str) -> None:
    assert setting_text(value) == text


def test_of_many_runs_of_one_name_the_chips_say_what_differs_alone() -> None:
    entries = [_entry(number, experiment(training={"epochs": 5, "seed": number})) for number in range(12)]
    differing, _ = differing_settings([entry.settings for entry in entries])
    assert chip_texts(entries, differing)[11] == "run 11 · seed 11"


def test_tasks_go_by_their_place_where_the_experiments_have_others() -> None:
    specs = (experiment(("left",)), experiment(("right",)))
    assert setting_title("tasks[0].loss", specs) == "task 1 · Loss"


def test_the_cheapest_is_marked_where_there_is_a_choice() -> None:
    assert cheapest([0.3, 0.2, math.nan]) == (False, True, False)
    for values in ([0.9], [0.9, 0.9], [0.9, math.nan]):
        assert not any(cheapest(values))


def _seeds(first: int, seeds: Sequence[int], method: str) -> list[ComparedRun]:
    return [
        _entry(first + index, experiment(weighting={"kind": method}, training={"epochs": 2, "seed": seed}))
        for index, seed in enumerate(seeds)
    ]


def _scores(entries: Sequence[ComparedRun], values: Sequence[float]) -> list[Summary]:
    return [_summary(e.run.id, "left", "accuracy", v, "max") for e, v in zip(entries, values, strict=True)]


def test_a_seed_that_was_run_again_counts_once_by_its_newest_run_and_is_named() -> None:
    entries = _seeds(1, (0, 1, 1, 2), "equal")
    view = metrics_view(entries, _scores(entries, (0.90, 0.10, 0.92, 0.94)), grouped=True)
    assert [entry.run.id for entry in view.groups[0].entries] == [1, 3, 4]
    assert view.lines[0].cells[0].text == "0.920 ± 0.020"
    assert "3 seeds" in view.lines[0].cells[0].tip
    assert "Not counted: run 2 (seed 1 again in run 3)." in view.notes


def test_a_repeated_seed_counts_by_its_newest_run_that_has_scores() -> None:
    entries = _seeds(1, (0, 1, 1), "equal")
    view = metrics_view(entries, _scores(entries[:2], (0.90, 0.92)), grouped=True)
    assert [entry.run.id for entry in view.groups[0].entries] == [1, 2]
    assert "run 3 (seed 1 again in run 2)" in view.notes


def test_two_runs_of_one_seed_are_no_spread() -> None:
    entries = _seeds(1, (0, 0), "equal")
    view = metrics_view(entries, _scores(entries, (0.90, 0.92)), grouped=True)
    assert view.seeds
    assert view.lines[0].cells[0].text == "0.920"


def test_the_best_of_grouped_seeds_is_marked_only_beyond_their_spread() -> None:
    entries = [*_seeds(1, (0, 1, 2), "equal"), *_seeds(4, (0, 1, 2), "pcgrad")]
    noise = _scores(entries, (0.90, 0.94, 0.92, 0.91, 0.95, 0.93))
    cells = metrics_view(entries, noise, grouped=True).lines[0].cells
    assert not any(cell.best or cell.leading for cell in cells)
    clear = _scores(entries, (0.90, 0.91, 0.92, 0.97, 0.98, 0.97))
    view = metrics_view(entries, clear, grouped=True)
    assert [cell.best for cell in view.lines[0].cells] == [False, True]
    assert "Welch" in view.notes


def test_the_best_of_single_runs_leads_without_a_claim() -> None:
    entries = _seeds(1, (0, 1), "equal")
    view = metrics_view(entries, _scores(entries, (0.90, 0.92)))
    assert [(cell.best, cell.leading) for cell in view.lines[0].cells] == [(False, False), (False, True)]
    assert "chance" in view.lines[0].cells[1].tip
    assert "says nothing about chance" in view.notes


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
    assert [(cell.text, cell.leading) for cell in lines[0].cells] == [("0.950", False), ("0.970", True)]
    assert lines[2].cells[1].text == "—"


def test_the_total_stands_after_the_tasks() -> None:
    keys = [SeriesKey(task, "train", "loss") for task in ("total", "right", "left")]
    assert curve_tasks([RUN], "loss", keys) == ("left", "right", "total")


def test_the_total_of_single_tasks_is_left_out() -> None:
    keys = [SeriesKey(task, "train", "loss") for task in ("total", "left")]
    assert curve_tasks([replace(RUN, tasks=("left",))], "loss", keys) == ("left",)


def test_curves_of_two_tasks_gradients_or_of_one_layer_are_not_offered() -> None:
    names = ("weight", "gradient cosine b", "gradient norm shared.0", "gradient norm", "gate of expert 1", "loss")
    keys = [SeriesKey("a", "train", name) for name in names] + [SeriesKey("a", "val", "accuracy")]
    assert metric_choices(keys) == ("loss", "accuracy", "weight", "gradient norm")
