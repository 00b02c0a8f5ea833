"""The split into folds, one of which is the test."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, model_validator

from mtl_core.spec.base import field
from mtl_core.spec.data.splits.base import BaseSplit, seed_field, tasks_field, validation_field
from mtl_core.spec.tasks import Task, column_name


class KFoldSplit(BaseSplit):
    """Rows in folds of equal size, one of them for the test; a study trains with each fold once."""

    title: ClassVar[str] = "K-fold"
    kind: Literal["kfold"] = "kfold"
    folds: int = field(5, "Number of folds.", ge=2, le=100)
    fold: int = field(1, "The fold that is the test, counted from 1.", title="Test fold", ge=1, le=100)
    group: Annotated[str, AfterValidator(column_name)] = field(
        "",
        "A column whose groups are not divided among folds; it is no input. Empty: each row by itself, stratified "
        "where a target has classes.",
        widget="column",
    )
    validation: float = validation_field("Share of the rows of the other folds to choose the best epoch by.")
    seed: int = seed_field()
    tasks: tuple[Task, ...] = tasks_field()

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of groups, if there is one."""
        return (self.group,) if self.group else ()

    @property
    def train_share(self) -> float:
        """The share of the other folds, without validation."""
        return (1 - 1 / self.folds) * (1 - self.validation)

    @model_validator(mode="after")
    def _fold_exists(self) -> "KFoldSplit":
        if self.fold > self.folds:
            raise ValueError(f"the test fold must be one of the {self.folds} folds, it is {self.fold}")
        return self
