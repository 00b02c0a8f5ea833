"""Check the settings of a data set that name its columns: types, missing texts and parts of dates."""

from mtl_core.datasets.source import Source
from mtl_core.spec import InputError, QueryDataset, TableDataset
from mtl_core.spec.data.dataset import TIME_PARTS
from mtl_core.spec.paths import join
from mtl_core.tabular.column import Column
from mtl_core.tabular.column_lookup import find_column


def check_column_settings(dataset: TableDataset | QueryDataset, source: Source) -> None:
    """Check that the settings of columns suit these.

    Raises:
        InputError: There is no such column, a numeric one has no number, or one with parts of dates has no date.
    """
    for name, column_type in dataset.types.items():
        column = find_column(source.columns, name, f"dataset.types.{name}")
        if column_type == "numeric" and not column.unique_count and column.notes:
            fix = "Set its type to categorical."
            raise InputError(f"dataset.types.{name}", "no cell of this column is a number", found=name, fix=fix)
    for name in dataset.missing:
        find_column(source.columns, name, f"dataset.missing.{name}")
    for name, parts in dataset.date_features.items():
        where = join(("dataset", "date_features", name))
        _check_dates(find_column(source.columns, name, where), parts, where)


def _check_dates(column: Column, parts: tuple[str, ...], where: str) -> None:
    if not column.format.dates:
        raise InputError(where, "this column has no dates or times", found=column.name, fix="Take the entry out.")
    if column.format.dates == "time" and (absent := [part for part in parts if part not in TIME_PARTS]):
        fix = f"Leave only {' and '.join(TIME_PARTS)}."
        raise InputError(where, "times of day have no such part", found=", ".join(absent), fix=fix)
