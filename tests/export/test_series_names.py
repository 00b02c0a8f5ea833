"""Names of series: those of this program come back as they were, others are read by their parts."""

import pytest

from mtl_core.export.series_names import name_series, read_names
from mtl_core.protocol.series_key import SeriesKey


@pytest.mark.parametrize(
    "key",
    [
        SeriesKey("left", "val", "accuracy"),
        SeriesKey("total", "train", "loss"),
        SeriesKey("", "train", "lr"),
        SeriesKey("왼쪽 수", "test", "gradient cosine a/b"),
    ],
)
def test_a_name_of_this_program_gives_its_key_again(key: SeriesKey) -> None:
    name = name_series(key)
    assert read_names([name]) == {name: key}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("loss", ("total", "train", "loss")),
        ("val_loss", ("total", "val", "loss")),
        ("Loss/validation", ("total", "val", "loss")),
        ("eval/accuracy", ("", "val", "accuracy")),
        ("test.f1", ("", "test", "f1")),
        ("head one/train/acc", ("head one", "train", "acc")),
        ("a/b:c/d", ("a_b_c", "train", "d")),
        ("train", ("", "train", "train")),
    ],
)
def test_other_names_are_read_by_their_parts(name: str, key: tuple[str, str, str]) -> None:
    ((read, found),) = read_names([name]).items()
    assert read == name
    assert (found.task, found.split, found.metric.lower()) == key


def test_two_names_of_one_meaning_stay_two_series() -> None:
    keys = read_names(["val_loss", "loss/val"])
    assert keys["val_loss"] == ("total", "val", "loss")
    assert keys["loss/val"] == ("", "train", "loss/val")
