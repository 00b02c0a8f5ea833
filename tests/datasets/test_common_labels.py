"""How many rows have labels of several tasks at once."""

from pathlib import Path

from mtl_core.datasets.common_labels import common_labels
from mtl_core.datasets.preparation import load
from mtl_core.spec import MulticlassTask, RegressionTask, TableDataset

TASKS = (RegressionTask(name="a", target="a"), MulticlassTask(name="b", target="b"))


def write(path: Path, *, gaps: bool) -> TableDataset:
    """Forty rows; with gaps, every second one lacks ``a`` and every fifth ``b``."""
    lines = ["x,a,b"]
    for number in range(40):
        a = "" if gaps and number % 2 else str(number)
        b = "" if gaps and number % 5 == 0 else "no" if number % 3 else "yes"
        lines.append(f"{number % 7},{a},{b}")
    path.write_text("\n".join(lines))
    return TableDataset(path=str(path), inputs=("x",))


def test_pairs_of_labels_are_counted_over_all_rows(tmp_path: Path) -> None:
    counts, complete = common_labels(load(write(tmp_path / "gaps.csv", gaps=True), TASKS))
    assert counts == {"a": {"a": 20, "b": 16}, "b": {"a": 16, "b": 32}}
    assert complete == 16


def test_where_no_label_lacks_there_are_no_pairs(tmp_path: Path) -> None:
    assert common_labels(load(write(tmp_path / "full.csv", gaps=False), TASKS)) == ({}, 40)
