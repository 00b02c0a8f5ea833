"""A column by its name."""

import difflib
from collections.abc import Mapping

from mtl_core.spec import InputError, column_name, shorten
from mtl_core.tabular.column import Column


def find_column(columns: Mapping[str, Column], name: str, where: str) -> Column:
    """The column of that name.

    Raises:
        InputError: There is none; the error suggests those with a similar name.
    """
    name = column_name(name)
    if name in columns:
        return columns[name]
    folded = {known.casefold(): known for known in columns}
    close = [folded[near] for near in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    names = close or list(columns)[:8]
    lead = "Did you mean " if close else "The columns are "
    fix = lead + shorten(", ".join(map(repr, names)), 200) + ("?" if close else ".")
    raise InputError(where, "there is no such column", found=repr(name), fix=fix)
