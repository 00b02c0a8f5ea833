"""Hard parameter sharing: one trunk for all tasks."""

from typing import ClassVar, Literal

from mtl_core.spec.sharing.base import BaseSharing


class HardSharing(BaseSharing):
    """All tasks read one trunk; each has a head of its own (Caruana 1993)."""

    title: ClassVar[str] = "Hard parameter sharing"
    trains_jointly: ClassVar[bool] = True
    kind: Literal["hard"] = "hard"
