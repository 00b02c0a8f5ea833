"""The differences between two specs."""

from dataclasses import dataclass
from typing import Any, Final

from mtl_core.spec.experiment import ExperimentSpec, spec_to_data
from mtl_core.spec.paths import flatten


@dataclass(frozen=True)
class Difference:
    """A setting in which two specs differ; its value is :data:`ABSENT` in a spec without it."""

    path: str
    left: Any
    right: Any


class _Absent:
    """The value of a setting that a spec does not have."""

    def __repr__(self) -> str:
        return "—"


ABSENT: Final = _Absent()


def diff(left: ExperimentSpec, right: ExperimentSpec) -> list[Difference]:
    """Lists the settings in which two specs differ, in the order of the document."""
    return diff_data(spec_to_data(left), spec_to_data(right))


def diff_data(left: dict[str, Any], right: dict[str, Any]) -> list[Difference]:
    """Like :func:`diff`, for spec data."""
    left_values, right_values = flatten(left), flatten(right)
    paths = dict.fromkeys([*left_values, *right_values])
    pairs = ((path, left_values.get(path, ABSENT), right_values.get(path, ABSENT)) for path in paths)
    return [Difference(path, a, b) for path, a, b in pairs if a != b]
