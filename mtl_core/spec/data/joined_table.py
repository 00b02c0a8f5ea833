"""Other tables whose columns a table gets by a key."""

from typing import ClassVar

from mtl_core.spec.base import Spec, field
from mtl_core.spec.tasks import Column


class JoinedTable(Spec):
    """Another table, whose columns the rows with the same key get.

    So a task's labels can come from a file of their own: rows without a partner have no label of it.
    """

    title: ClassVar[str] = "Joined table"
    path: str = field(help="The file; a relative path starts at the spec file's folder.", min_length=1, widget="file")
    key: Column = field(help="The column of the key.", widget="column")
    other_key: Column | None = field(None, "The column of the key in this file, if it has another name there.")
