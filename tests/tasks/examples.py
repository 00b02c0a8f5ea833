"""Examples of task kinds, given by their own tests and used by those of all kinds."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from torch import Tensor

from mtl_core.spec import TargetInfo, Task
from mtl_core.spec.tasks import TASK_KINDS


@dataclass(frozen=True)
class Example:
    """A task of a kind, what its target looks like, and one row of a table.

    Attributes:
        fields: Its fields, but for the name.
        info: What is known of its target.
        targets: Makes the targets of some rows, as the loss takes them.
        output: The outputs of one row.
        target: The target of that row.
        cells: What a table tells of both, of a task named ``y``.
    """

    fields: dict[str, Any]
    info: dict[str, Any]
    targets: Callable[[int], Tensor]
    output: Tensor
    target: Tensor
    cells: dict[str, Any]

    def made(self, name: str) -> tuple[Task, TargetInfo]:
        """The task, of a name, and its target."""
        task: Task = TypeAdapter(Task).validate_python({"name": name, **self.fields})
        return task, TargetInfo(name=name, kind=task.kind, **self.info)


def examples() -> dict[str, Example]:
    """By kind, of those whose test ``tests/tasks/kinds/test_<kind>.py`` gives one."""
    kinds = [kind for kind in TASK_KINDS if (Path(__file__).parent / "kinds" / f"test_{kind}.py").exists()]
    return {kind: import_module(f"tests.tasks.kinds.test_{kind}").EXAMPLE for kind in kinds}
