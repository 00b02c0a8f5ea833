"""The check of data: every planted fault is found, and nothing in clean tables.

That nothing is found in the bundled data stands with the test that loads them, in ``test_preparation.py``.

Covers: mtl_core/datasets/preflight/, mtl_core/datasets/preflight/checks/, mtl_core/spec/data/data_findings.py.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_core.datasets.preflight.registry import CHECKS, check_data
from mtl_core.spec import ExperimentSpec, set_at, spec_from_data, spec_to_data
from mtl_core.spec.data.data_findings import DataFinding

ROWS = 400
Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame | None]
TASKS = (
    {"name": "price", "kind": "regression", "target": "price"},
    {"name": "sold", "kind": "binary", "target": "sold"},
    {"name": "type", "kind": "multiclass", "target": "type"},
)


def clean_table(rng: np.random.Generator, rows: int = ROWS) -> pd.DataFrame:
    """A table of houses in which nothing is amiss."""
    area, age = rng.normal(100, 25, rows), rng.integers(0, 90, rows)
    city = rng.choice(["seoul", "busan", "daegu", "jeju"], rows)
    score = area / 25 - age / 40 + rng.normal(0, 1, rows)
    return pd.DataFrame(
        {
            "area": area.round(2),
            "age": age,
            "city": city,
            "garden": rng.choice(["yes", "no"], rows),
            "noise": rng.exponential(10, rows).round(3),
            "price": (100 * score + rng.normal(0, 60, rows)).round(1),
            "sold": np.where(score + rng.normal(0, 1, rows) > 3, "yes", "no"),
            "type": rng.choice(["flat", "house", "loft"], rows),
        }
    )


def experiment(frame: pd.DataFrame, folder: Path, **dataset: Any) -> ExperimentSpec:
    """An experiment whose inputs are all columns but the targets and those that divide the rows."""
    frame.to_csv(folder / "houses.csv", index=False)
    split = dataset.get("split", {})
    divides = {split.get("column"), split.get("group")}
    targets = [str(task["target"]) for task in TASKS]
    inputs = [name for name in frame if name not in targets and name not in divides]
    data = {"kind": "table", "path": str(folder / "houses.csv"), "inputs": inputs, **dataset}
    return spec_from_data({"version": 1, "dataset": data, "tasks": list(TASKS)})


def findings(spec: ExperimentSpec) -> list[DataFinding]:
    return check_data(spec.dataset, spec.tasks)


def set_column(name: str, cells: Callable[[pd.DataFrame, np.random.Generator], Any]) -> Change:
    return lambda frame, rng: frame.assign(**{name: cells(frame, rng)})


def replace_cells(name: str, share: float, value: Any) -> Change:
    return set_column(name, lambda f, rng: f[name].astype(object).where(rng.random(len(f)) > share, value))


def with_commas(numbers: "pd.Series[float]", every: int) -> list[str]:
    """Numbers as texts, some of them with a decimal comma."""
    return [str(a).replace(".", ",") if i % every == 0 else str(a) for i, a in enumerate(numbers)]


def copies(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[:60]])


def disagreeing_copies(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    other = frame.iloc[:60].assign(sold=frame.sold.iloc[:60].map({"yes": "no", "no": "yes"}))
    return pd.concat([frame, other])


def one_row_class(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    frame.loc[7, "type"] = "castle"
    return frame


WORDS = ["sunny", "quiet", "large", "old", "bright", "near", "park", "metro", "view", "river", "garden", "new"]
FAULTS: dict[str, tuple[Change, str, str]] = {
    "copies of rows in two splits": (copies, "duplicates", ""),
    "patients in two splits": (
        set_column("patient", lambda f, rng: rng.integers(0, 80, len(f))), "shared_groups", "patient",
    ),
    "codes of customers in two splits": (
        set_column("who", lambda f, rng: [f"C-{i:03d}" for i in rng.integers(0, 80, len(f))]), "shared_groups", "who",
    ),
    "records in the order of time": (
        set_column("recorded", lambda f, rng: pd.date_range("2021-01-01", periods=len(f)).strftime("%Y-%m-%d")),
        "overlapping_times", "recorded",
    ),
    "a linear function of a target": (set_column("tax", lambda f, rng: 0.1 * f.price + 3), "derived_inputs", "tax"),
    "a growing function of a target": (
        set_column("odds", lambda f, rng: np.exp(f.price / 300).round(9)), "derived_inputs", "odds",
    ),
    "nearly a target, with gaps": (
        set_column("guess", lambda f, rng: (f.price + rng.normal(0, 1, len(f))).where(rng.random(len(f)) > 0.3)),
        "derived_inputs", "guess",
    ),
    "a class under another name": (
        set_column("code", lambda f, rng: f.type.map({"flat": "A", "house": "B", "loft": "C"})),
        "derived_inputs", "code",
    ),
    "numbers that tell the class": (
        set_column("points", lambda f, rng: np.where(f.sold == "yes", 60, 20) + rng.normal(0, 5, len(f)).clip(-15, 15)),
        "derived_inputs", "points",
    ),
    "a target in bins": (
        set_column("band", lambda f, rng: pd.qcut(f.price, 5, labels=list("abcde")).astype(str)),
        "derived_inputs", "band",
    ),
    "names of rows": (
        set_column("code", lambda f, rng: [f"{i:05x}-{i * 7919 % 1000}" for i in range(len(f))]), "identifiers", "code",
    ),
    "a counter": (set_column("row", lambda f, rng: np.arange(1, len(f) + 1)), "identifiers", "row"),
    "shuffled numbers of rows": (
        set_column("ticket", lambda f, rng: rng.permutation(len(f)) + 5000), "identifiers", "ticket",
    ),
    "a constant column": (set_column("country", lambda f, rng: "korea"), "constants", "country"),
    "a constant target": (set_column("price", lambda f, rng: 5), "constants", "price"),
    "-999 for missing": (replace_cells("noise", 0.05, -999), "missing_codes", "noise"),
    "999 for missing in whole numbers": (replace_cells("age", 0.03, 999), "missing_codes", "age"),
    "a word for missing": (replace_cells("city", 0.05, "n.a."), "missing_codes", "city"),
    "a class of one row": (one_row_class, "absent_classes", "type"),
    "nearly one class": (
        set_column("sold", lambda f, rng: np.where(np.arange(len(f)) % 80 == 3, "yes", "no")), "imbalance", "sold",
    ),
    "both decimal marks": (
        set_column("area", lambda f, rng: with_commas(f.area, 3)),
        "decimal_marks", "area",
    ),
    "a few decimal commas": (
        set_column("area", lambda f, rng: with_commas(f.area, 40)),
        "decimal_marks", "area",
    ),
    "words among numbers": (replace_cells("noise", 0.2, "see note"), "mixed_cells", "noise"),
    "labels that disagree": (disagreeing_copies, "disagreeing_labels", "sold"),
    "a nearly empty column": (
        set_column("pool", lambda f, rng: np.where(np.arange(len(f)) % 50 == 0, rng.normal(size=len(f)), np.nan)),
        "empty_columns", "pool",
    ),
    "a column twice": (set_column("size", lambda f, rng: f.area), "equal_columns", "size"),
    "a text as categories": (
        set_column("remark", lambda f, rng: [" ".join(rng.choice(WORDS, 6)) for _ in range(len(f))]),
        "free_text", "remark",
    ),
    "too many categories": (
        set_column("street", lambda f, rng: [f"{a} {b}" for a, b in rng.choice(WORDS, (len(f), 2))]),
        "many_categories", "street",
    ),
    "spellings of a category": (
        set_column("city", lambda f, rng: f.city.where(rng.random(len(f)) > 0.1, f.city.str.upper())),
        "category_variants", "city",
    ),
}  # fmt: skip
"""A change that plants a fault, the check that finds it, and the column or task."""


@pytest.mark.parametrize(("change", "check", "name"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found_and_only_it(change: Change, check: str, name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    frame = change(clean_table(rng), rng)
    assert frame is not None
    found = findings(experiment(frame, tmp_path))
    consequences = {("duplicates", "")} if check == "disagreeing_labels" else set()
    assert {(finding.check, finding.name) for finding in found} - consequences == {(check, name)}
    assert all(finding.what.endswith(".") and finding.advice.endswith(".") for finding in found)


def test_every_check_has_a_planted_fault() -> None:
    assert {check for _, check, _ in FAULTS.values()} == set(CHECKS)
    assert len(FAULTS) >= 15


def group_column(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(patient=rng.integers(0, 80, len(frame)))


def dated(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(recorded=pd.date_range("2021-01-01", periods=len(frame)).strftime("%Y-%m-%d"))


def ordinary_columns(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Columns that look a little like faults and are none."""
    rows = len(frame)
    return frame.assign(
        mood=rng.integers(-1, 2, rows),
        percent=rng.integers(0, 101, rows),
        year=rng.integers(1950, 2024, rows),
        tail=np.exp(rng.normal(0, 3, rows)).round(4),
        born=pd.to_datetime(rng.integers(0, 10**9, rows), unit="s").strftime("%Y-%m-%d"),
        rare=rng.choice(["a", "b", "c"], rows, p=[0.95, 0.04, 0.01]),
        gaps=np.where(rng.random(rows) < 0.6, np.nan, rng.normal(size=rows)),
        related=(frame.price + rng.normal(0, 40, rows)).round(1),
        zip=rng.choice([f"{i:05d}" for i in range(4000, 4030)], rows),
        grade=rng.integers(1, 100, rows),
    )


def few_values(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Inputs with so few values that rows are equal as a matter of course."""
    return frame.assign(area=frame.area.round(-1), age=frame.age // 10, noise=rng.integers(0, 3, len(frame)))


def lengths(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Correlated inputs to a tenth, some rows of which are equal."""
    size = rng.normal(5, 1, len(frame))
    noisy = {name: (size + rng.normal(0, 0.3, len(frame))).round(1) for name in ("area", "age", "noise")}
    return frame.assign(**noisy, city="seoul").drop(columns=["city", "garden"])


NAMED: dict[str, Any] = {
    "house": {"kind": "table", "columns": ["area", "age"]},
    "place": {"kind": "table", "columns": ["city"]},
}
CLEAN: dict[str, tuple[Change, dict[str, Any]]] = {
    "as it is": (lambda frame, rng: frame, {}),
    "by group": (group_column, {"split": {"kind": "group", "column": "patient"}}),
    "folds by group": (group_column, {"split": {"kind": "kfold", "group": "patient"}}),
    "by time": (dated, {"split": {"kind": "time", "column": "recorded"}}),
    "ordinary columns": (ordinary_columns, {}),
    "few values": (few_values, {}),
    "lengths": (lengths, {}),
    "inputs by name": (
        lambda frame, rng: frame,
        {
            "inputs": {
                "house": {"kind": "table", "columns": ["area", "age"]},
                "place": {"kind": "table", "columns": ["city"]},
            }
        },
    ),
}


@pytest.mark.parametrize(("change", "dataset"), CLEAN.values(), ids=CLEAN)
def test_nothing_is_found_in_a_clean_table(change: Change, dataset: dict[str, Any], tmp_path: Path) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        frame = change(clean_table(rng), rng)
        assert frame is not None
        assert list(map(str, findings(experiment(frame, tmp_path, **dataset)))) == []


FIXED = {
    "patients in two splits", "records in the order of time", "a linear function of a target", "names of rows",
    "a counter", "a constant column", "a constant target", "-999 for missing", "999 for missing in whole numbers",
    "a word for missing", "nearly one class", "words among numbers", "a nearly empty column", "a column twice",
    "a text as categories", "too many categories",
}  # fmt: skip
"""Faults that a change of the spec mends."""


@pytest.mark.parametrize("fault", sorted(FIXED))
def test_the_fix_of_a_finding_mends_it(fault: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    change, _, _ = FAULTS[fault]
    frame = change(clean_table(rng), rng)
    assert frame is not None
    spec = experiment(frame, tmp_path)
    (found,) = findings(spec)
    assert found.fix is not None
    data = spec_to_data(spec)
    for path, value in found.fix.changes.items():
        data = set_at(data, path, value)
    mended = spec_from_data(data)
    if fault == "nearly one class":
        assert mended.training.sampling.kind == "balanced_classes"
    else:
        assert findings(mended) == []


def test_without_another_input_a_column_cannot_be_left_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = clean_table(rng).assign(country="korea")
    spec = experiment(frame, tmp_path, inputs=["country"])
    (found,) = findings(spec)
    assert found.fix is None


def test_an_input_by_name_loses_a_column_and_keeps_the_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    inputs = {
        "house": {"kind": "table", "columns": ["area", "country"]},
        "place": {"kind": "table", "columns": ["city"]},
    }
    spec = experiment(clean_table(rng).assign(country="korea"), tmp_path, inputs=inputs)
    (found,) = findings(spec)
    assert found.fix is not None
    changed = found.fix.changes["dataset.inputs"]
    assert changed["house"]["columns"] == ["area"]
    assert changed["place"]["columns"] == ["city"]


def test_a_column_that_states_the_split_is_checked_for_leaks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = dated(clean_table(rng), rng)
    frame["part"] = np.where(np.arange(len(frame)) % 4 == 0, "test", "train")
    split = {"kind": "column", "column": "part"}
    assert [finding.check for finding in findings(experiment(frame, tmp_path, split=split))] == ["overlapping_times"]
