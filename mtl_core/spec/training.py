"""How the model is trained: optimiser, schedule, length, stopping, seed and device."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from mtl_core.spec.base import Spec, field

_LR = "Step size."
_DECAY = "Pull of the weights towards zero."


class Sgd(Spec):
    """Stochastic gradient descent, with momentum."""

    title: ClassVar[str] = "SGD"
    kind: Literal["sgd"] = "sgd"
    lr: float = field(0.01, _LR, title="Learning rate", gt=0, le=100, scale="log")
    momentum: float = field(0.9, "Share of the last step that is kept.", ge=0, lt=1)
    nesterov: bool = field(False, "Look ahead along the momentum.")
    weight_decay: float = field(0.0, _DECAY, ge=0, le=10, scale="log")


class Adam(Spec):
    """Adam (Kingma & Ba 2015)."""

    title: ClassVar[str] = "Adam"
    kind: Literal["adam"] = "adam"
    lr: float = field(1e-3, _LR, title="Learning rate", gt=0, le=100, scale="log")
    beta1: float = field(0.9, "Memory of the gradient.", ge=0, lt=1, advanced=True)
    beta2: float = field(0.999, "Memory of its square.", ge=0, lt=1, advanced=True)
    weight_decay: float = field(0.0, _DECAY, ge=0, le=10, scale="log")


class AdamW(Spec):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019)."""

    title: ClassVar[str] = "AdamW"
    kind: Literal["adamw"] = "adamw"
    lr: float = field(1e-3, _LR, title="Learning rate", gt=0, le=100, scale="log")
    beta1: float = field(0.9, "Memory of the gradient.", ge=0, lt=1, advanced=True)
    beta2: float = field(0.999, "Memory of its square.", ge=0, lt=1, advanced=True)
    weight_decay: float = field(0.01, _DECAY, ge=0, le=10, scale="log")


Optimizer = Annotated[Sgd | Adam | AdamW, Field(discriminator="kind")]


class _Schedule(Spec):
    warmup_steps: int = field(0, "Steps over which the rate rises from near zero.", title="Warm-up", ge=0, unit="steps")


class ConstantSchedule(_Schedule):
    """The learning rate stays as it is."""

    title: ClassVar[str] = "Constant"
    kind: Literal["constant"] = "constant"


class StepSchedule(_Schedule):
    """The learning rate is multiplied by gamma every few epochs."""

    title: ClassVar[str] = "Step"
    kind: Literal["step"] = "step"
    every: int = field(10, "Epochs between two drops.", title="Drop every", ge=1, unit="epochs")
    gamma: float = field(0.5, "Factor at each drop.", title="Factor", gt=0, le=1)


class CosineSchedule(_Schedule):
    """The learning rate falls along half a cosine (Loshchilov & Hutter 2017)."""

    title: ClassVar[str] = "Cosine"
    kind: Literal["cosine"] = "cosine"
    final: float = field(0.0, "Share of the rate left at the end.", title="Share left at the end", ge=0, le=1)


class OneCycleSchedule(_Schedule):
    """The learning rate rises to its peak, then falls far below its start (Smith & Topin 2019)."""

    title: ClassVar[str] = "One cycle"
    kind: Literal["one_cycle"] = "one_cycle"
    rise: float = field(0.3, "Share of the run spent rising.", title="Share spent rising", gt=0, lt=1)
    start: float = field(0.04, "Share of the peak at the start.", title="Start, share of peak", gt=0, le=1)
    final: float = field(1e-4, "Share of the peak at the end.", title="End, share of peak", ge=0, le=1, scale="log")


Schedule = Annotated[ConstantSchedule | StepSchedule | CosineSchedule | OneCycleSchedule, Field(discriminator="kind")]


class EarlyStopping(Spec):
    """Stop when the monitored value has not improved for a while."""

    title: ClassVar[str] = "Early stopping"
    patience: int = field(10, "Epochs without improvement before the run stops.", ge=1, unit="epochs")
    min_delta: float = field(0.0, "Improvements no larger than this do not count.", title="Smallest gain", ge=0)


DeviceName = Annotated[str, StringConstraints(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]


class TrainingSpec(Spec):
    """Length, optimiser, schedule, stopping, seed and device."""

    title: ClassVar[str] = "Training"
    epochs: int = field(20, "Passes over the training rows.", ge=1, le=1_000_000, unit="epochs")
    batch_size: int = field(128, "Rows per step.", ge=1, le=1_000_000, unit="rows", scale="log")
    optimizer: Optimizer = field(AdamW(), "How gradients become steps.")
    schedule: Schedule = field(ConstantSchedule(), "How the learning rate changes.")
    grad_clip: float | None = field(
        None, "Largest norm of the whole gradient; empty: no limit.", gt=0, title="Gradient clipping"
    )
    monitor: str = field(
        "total",
        "What the best epoch is chosen by, on validation: 'total', a task (its loss) or 'task.metric'.",
        title="Best epoch by",
    )
    early_stopping: EarlyStopping | None = field(None, "Stop when the monitored value no longer improves.")
    seed: int = field(0, "Seed of initial weights, order of rows and dropout.", ge=0, le=2**32 - 1)
    device: DeviceName = field("auto", "'auto' takes CUDA when there is one, else the CPU.")
    threads: int | None = field(
        None, "CPU threads; empty: one for a small model, all cores for a larger one.", ge=1, le=1024, advanced=True
    )
    compare_gradients: int | None = field(
        None,
        "Steps between two comparisons of the tasks' gradients (conflict, norms), which cost one more backward pass of "
        "the shared layers a task each time; empty: never.",
        title="Compare gradients every",
        ge=1,
        le=1_000_000,
        unit="steps",
    )
    checkpoint_seconds: float = field(
        10.0, "Time between two saved checkpoints.", title="Save every", ge=0, le=86_400, unit="s", advanced=True
    )
