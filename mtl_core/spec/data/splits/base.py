"""What the ways to divide rows into training, validation and test rows have in common."""

from abc import abstractmethod
from typing import Any, ClassVar

from pydantic import model_validator

from mtl_core.spec.base import Spec, field


def seed_field() -> Any:
    """The field for the seed of a split."""
    return field(0, "Seed of the split; the same seed gives the same rows.", ge=0, le=2**32 - 1)


def tasks_field() -> Any:
    """The field for the tasks that choose the rows."""
    return field(
        (),
        "Tasks whose labels choose and stratify the rows, and whose targets are no inputs; empty: the experiment's "
        "own. A single-task baseline names those of the experiment it is compared with, and so gets the same rows.",
        widget="hidden",
    )


def validation_field(help_text: str) -> Any:
    """The field for the share of the training rows that validate."""
    return field(0.15, help_text, title="Validation share", gt=0, lt=1, widget="slider")


class BaseSplit(Spec):
    """What all kinds of split have in common.

    Attributes:
        has_shares: Whether it has a share for each of training, validation and test.
        kind: Its name in a spec.
    """

    has_shares: ClassVar[bool] = False
    kind: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns by which the rows are divided; they are no inputs."""
        return ()

    @property
    @abstractmethod
    def train_share(self) -> float:
        """About what share of the rows is trained on."""


class SharesSplit(BaseSplit):
    """A split with shares for training, validation and test."""

    has_shares: ClassVar[bool] = True
    train: float = field(0.7, "Share of the rows to train on.", gt=0, lt=1, widget="slider")
    val: float = field(0.15, "Share of the rows to choose the best epoch by.", gt=0, lt=1, widget="slider")
    test: float = field(0.15, "Share of the rows for the final report.", gt=0, lt=1, widget="slider")

    @property
    def train_share(self) -> float:
        """The share of the training rows."""
        return self.train

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "SharesSplit":
        total = self.train + self.val + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train, val and test must sum to 1, they sum to {total:g}")
        return self
