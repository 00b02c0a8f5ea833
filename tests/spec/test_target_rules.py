"""The rules that suggest tasks for columns."""

import pytest

from mtl_core.spec.dataset import ColumnType
from mtl_core.spec.target_rules import MAX_INTEGER_CLASSES, default_task_kind, unique_task_name


@pytest.mark.parametrize(
    ("column_type", "distinct", "whole", "kind"),
    [
        ("text", 2, False, "tagging"),
        ("numeric", 2, True, "binary"),
        ("numeric", 2, False, "binary"),
        ("numeric", MAX_INTEGER_CLASSES, True, "multiclass"),
        ("numeric", MAX_INTEGER_CLASSES + 1, True, "regression"),
        ("numeric", MAX_INTEGER_CLASSES, False, "regression"),
        ("numeric", 1, True, "regression"),
        ("categorical", 3, False, "multiclass"),
    ],
)
def test_the_suggested_kind_follows_from_type_and_distinct_values(
    column_type: ColumnType, distinct: int, whole: bool, kind: str
) -> None:
    assert default_task_kind(column_type, distinct, whole=whole) == kind


@pytest.mark.parametrize(
    ("column", "existing", "name"),
    [
        ("price", ["price"], "price 2"),
        ("price", ["price", "price 2"], "price 3"),
        ("a.b [m]", [], "a b m"),
        ("total", [], "total 2"),
        ("./", [], "task"),
        ("가격", [], "가격"),
    ],
)
def test_a_task_name_holds_no_path_syntax_and_is_unique(column: str, existing: list[str], name: str) -> None:
    assert unique_task_name(column, existing) == name
