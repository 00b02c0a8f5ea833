"""Task kinds in the spec: titles, columns, outputs and suggestions."""

from typing import get_args

import pytest

from mtl_core.spec import BaseTask, ColumnInfo, Task, kind_of, members
from mtl_core.spec.tasks import TASK_KINDS, suggested_kinds, task_kind


def column(kind: str = "numeric", **facts: object) -> ColumnInfo:
    return ColumnInfo.model_validate({"name": "c", "type": kind, "missing": 0, "unique": 90, **facts})


@pytest.mark.parametrize("kind", TASK_KINDS.values(), ids=TASK_KINDS)
def test_the_facts_of_a_kind_fit_its_fields(kind: type[BaseTask]) -> None:
    assert kind.title
    assert kind.help()
    assert {*kind.label_settings, *kind.read_by} <= set(kind.model_fields)
    assert (kind.most != 1) == any("tuple" in str(part) for part in get_args(kind.model_fields["target"].annotation))
    assert kind.most is None or kind.fewest <= kind.most


def test_every_kind_has_a_place_of_its_own_among_the_suggestions() -> None:
    wholes = column(whole=True, unique=5, low=0.0, high=4.0, categories=(("0", 1),))
    shares = column(low=0.0, high=1.0)
    for columns in ((wholes,), (shares,) * 2, (shares,) * 4, (column("categorical"),), (column(unique=2),) * 2):
        kinds = suggested_kinds(columns)
        places = [TASK_KINDS[kind].suggestion(columns) for kind in kinds]
        assert len(set(places)) == len(kinds) > 0


@pytest.mark.parametrize("unique", [0, 1, 2, 3, 1000, 1001])
@pytest.mark.parametrize("of", ["numeric", "categorical", "text"])
def test_any_column_suggests_a_kind_that_reads_its_type(of: str, unique: int) -> None:
    kind = suggested_kinds((column(of, unique=unique),))[0]
    assert of in TASK_KINDS[kind].column_types


def test_a_kind_that_is_not_known_has_the_facts_of_any_task() -> None:
    assert task_kind({"kind": "multiclass"}).row_classes
    assert task_kind({"kind": "clairvoyance"}) is task_kind(None) is BaseTask
    assert list(TASK_KINDS) == [kind_of(member) for member in members(Task)]
