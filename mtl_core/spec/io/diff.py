"""What differs between two specs."""

from dataclasses import dataclass
from typing import Any, Final

from mtl_core.spec.experiment import ExperimentSpec, spec_to_data
from mtl_core.spec.paths import flatten


@dataclass(frozen=True)
class Difference:
    """A setting in which two specs differ; the side that lacks it has :data:`ABSENT`."""

    path: str
    left: Any
    right: Any


class _Absent:
    """Stands for a setting that a spec does not have."""

    def __repr__(self) -> str:
        return "—"


ABSENT: Final = _Absent()


def diff(left: ExperimentSpec, right: ExperimentSpec) -> list[Difference]:
    """The settings in which two specs differ, in the order of the document."""
    return diff_data(spec_to_data(left), spec_to_data(right))


def diff_data(left: dict[str, Any], right: dict[str, Any]) -> list[Difference]:
    """As :func:`diff`, for spec data."""
    one, two = flatten(left), flatten(right)
    paths = [*one, *(path for path in two if path not in one)]
    pairs = ((path, one.get(path, ABSENT), two.get(path, ABSENT)) for path in paths)
    return [Difference(path, a, b) for path, a, b in pairs if a != b]
