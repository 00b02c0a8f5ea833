"""A compared run with its experiment; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.tables import run_title

if TYPE_CHECKING:
    from mtl_core.spec import ExperimentSpec
    from mtl_core.store import RunRecord


@dataclass(frozen=True)
class ComparedRun:
    """One run being compared.

    Attributes:
        run: Its record.
        data: Its spec as plain data.
        settings: Every setting of it by its path.
        color: Hue index, which stays the same while the run is compared.
        spec: Its spec, or None if this version cannot read it.
    """

    run: RunRecord
    data: Mapping[str, Any]
    settings: Mapping[str, Any]
    color: int
    spec: ExperimentSpec | None = None

    @property
    def short(self) -> str:
        """The run's number, for table headers."""
        return f"run {self.run.id}"

    @property
    def title(self) -> str:
        """Number, name, method and seed, which tell runs of one name apart."""
        return run_title(self.run)
