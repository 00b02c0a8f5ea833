"""Find a column by its name."""

import difflib
from collections.abc import Mapping

from mtl_core.spec import InputError, column_name, shorten
from mtl_core.tabular.column import Column


def find_column(columns: Mapping[str, Column], name: str, where: str) -> Column:
    """Find the column of a name.

    Args:
        columns: The columns by name.
        name: The name, as a spec has it.
        where: The place in the spec, for the error.

    Raises:
        InputError: There is none; the error suggests columns with similar names.
    """
    name = column_name(name)
    if name in columns:
        return columns[name]
    by_folded_name = {column.casefold(): column for column in columns}
    matches = difflib.get_close_matches(name.casefold(), by_folded_name, n=3, cutoff=0.5)
    close = [by_folded_name[match] for match in matches]
    names = close or list(columns)[:8]
    lead = "Did you mean " if close else "The columns are "
    fix = lead + shorten(", ".join(map(repr, names)), 200) + ("?" if close else ".")
    raise InputError(where, "there is no such column", found=repr(name), fix=fix)
