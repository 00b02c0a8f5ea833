"""Fine-tuning of shared layers that were trained before: first the heads alone, then all, the first layers least."""

from typing import ClassVar

from mtl_core.spec.base import Spec, field


class FineTuning(Spec):
    """Train the heads alone, then all layers, at lower rates the earlier a layer is (as fastai's ``fine_tune``).

    For shared layers that begin with another run, a file or a pretrained folder (Howard & Ruder 2018; Howard & Gugger
    2020). The schedule runs once in each of the two phases; with one cycle it is that of fastai.
    """

    title: ClassVar[str] = "Fine-tuning"
    freeze_epochs: int = field(
        1,
        "Epochs at the beginning, of those of the run, in which the shared layers stay as they are.",
        title="Heads alone for",
        ge=1,
        unit="epochs",
    )
    lr_factor: float = field(
        0.5, "Afterwards the optimizer's learning rate times this.", title="LR multiplier afterwards", gt=0, le=1
    )
    lr_range: float = field(
        100.0,
        "The heads' learning rate divided by that of the first layer; between them it falls by the same factor from "
        "each layer to the one before.",
        title="LR of heads ÷ first layer",
        ge=1,
        le=1e6,
        scale="log",
    )

    def depth_factor(self, layers_behind: int, layers: int) -> float:
        """The learning rate of a shared layer as a share of the heads'.

        Args:
            layers_behind: Number of shared layers behind it.
            layers: Number of shared layers.
        """
        return float(self.lr_range ** (-(layers_behind + 1) / max(layers, 1)))
