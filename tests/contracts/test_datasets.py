"""Contract: a bundled data set is one entry and one module that opens it; a kind of data set likewise.

Covers: mtl_core/datasets/bundled/, mtl_core/datasets/bundled_opener.py, mtl_core/datasets/kinds/,
mtl_core/datasets/dataset_kind.py.
"""

import pkgutil
import re

import pytest

from mtl_core.datasets import bundled, kinds
from mtl_core.datasets.description import describe
from mtl_core.datasets.kinds.bundled import OPENERS
from mtl_core.datasets.registry import KINDS
from mtl_core.spec import BundledDataset
from mtl_core.spec.data.bundled import BUNDLED, BundledSet
from mtl_core.spec.data.dataset import DATASET_KINDS

SETS = [pytest.param(entry, id=name) for name, entry in BUNDLED.items()]


def test_every_bundled_set_has_its_module_and_no_module_is_without_its_set() -> None:
    modules = {module.name for module in pkgutil.iter_modules(bundled.__path__)}
    assert modules == set(OPENERS) == set(BUNDLED)
    assert BundledDataset.model_json_schema()["properties"]["name"]["enum"] == list(BUNDLED)


def test_every_kind_of_data_set_has_its_module_and_no_module_is_without_its_kind() -> None:
    modules = {module.name for module in pkgutil.iter_modules(kinds.__path__)}
    assert modules == set(KINDS) == set(DATASET_KINDS)


@pytest.mark.parametrize("entry", SETS)
def test_a_bundled_set_is_what_its_entry_says(entry: BundledSet) -> None:
    dataset = BundledDataset(name=entry.name)
    info = describe(dataset)
    columns = {column.name: column for column in info.columns}
    assert (info.name, info.title, info.description) == (entry.name, entry.title, entry.description)
    assert info.rows == entry.rows
    assert info.tasks == entry.tasks
    assert {*entry.ignored, *entry.targets} <= columns.keys()
    assert {name for name, column in columns.items() if column.suggested == "target"} == set(entry.targets)
    if entry.inputs:
        assert dataset.input_kinds == {name: value["kind"] for name, value in entry.inputs.items()}
    else:
        reads_text = any(columns[name].type == "text" for name in info.inputs)
        kind = "text" if reads_text else info.input_kind
        assert kind == entry.input_kind
        assert dataset.input_kinds == {kind: kind}
    assert list(info.input_shapes) == list(dataset.input_kinds)


@pytest.mark.parametrize("entry", SETS)
def test_the_summary_of_a_bundled_set_states_its_number_of_rows(entry: BundledSet) -> None:
    if stated := re.match(r"([\d ]+) (?:rows|texts)", entry.summary):
        assert int(stated[1].replace(" ", "")) == entry.rows
    else:
        assert entry.input_kind == "image" or entry.summary.startswith("Made up")
