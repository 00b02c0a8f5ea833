"""How the model is trained: optimizer, schedule, length, stopping, seed and device."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from mtl_core.spec.base import Spec, field
from mtl_core.spec.tasks import TOTAL
from mtl_core.spec.training.averaging import Averaging, Unaveraged
from mtl_core.spec.training.continual import ContinualLearning, NewHeads
from mtl_core.spec.training.fine_tuning import FineTuning
from mtl_core.spec.training.initial_weights import InitialWeights, Scratch
from mtl_core.spec.training.optimizers import AdamW, HeadsGroupSpec, Optimizer, SharedGroupSpec
from mtl_core.spec.training.sampling import Sampling, Shuffled
from mtl_core.spec.training.schedules import ConstantSchedule, Schedule


class EarlyStopping(Spec):
    """Stop when the monitored value has not improved for a while."""

    title: ClassVar[str] = "Early stopping"
    patience: int = field(10, "Epochs without improvement before the run stops.", ge=1, unit="epochs")
    min_delta: float = field(0.0, "Improvements no larger than this do not count.", title="Smallest gain", ge=0)


DeviceName = Annotated[str, StringConstraints(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]


Precision = Literal["float32", "bf16", "fp16"]


class TrainingSpec(Spec):
    """Length, optimizer, schedule, stopping, seed and device."""

    title: ClassVar[str] = "Training"
    epochs: int = field(20, "Passes over the training rows.", ge=1, le=1_000_000, unit="epochs")
    batch_size: int = field(128, "Rows per step.", ge=1, le=1_000_000, unit="rows", scale="log")
    sampling: Sampling = field(Shuffled(), "Which rows an epoch draws.", title="Rows")
    optimizer: Optimizer = field(AdamW(), "How gradients become steps.")
    schedule: Schedule = field(ConstantSchedule(), "How the learning rate changes.")
    start_from: InitialWeights = field(
        Scratch(), "The initial weights of the shared layers.", title="Shared layers begin with"
    )
    keep: ContinualLearning = field(
        NewHeads(), "How the tasks of the run that this one begins with are kept.", title="Tasks of that run"
    )
    shared: SharedGroupSpec = field(
        SharedGroupSpec(), "Settings of the shared layers' parameters.", title="Shared layers"
    )
    fine_tuning: FineTuning | None = field(
        None,
        "First train the heads alone, then all layers, at lower rates the earlier a layer is; off: all alike.",
        title="Fine-tuning",
    )
    heads: HeadsGroupSpec = field(HeadsGroupSpec(), "Settings of the task heads' parameters.", title="Task heads")
    averaging: Averaging = field(Unaveraged(), "Which weights are validated, tested and kept.", title="Weight average")
    grad_clip: float | None = field(
        None, "Largest norm of the whole gradient; empty: no limit.", gt=0, title="Gradient clipping"
    )
    monitor: str = field(
        TOTAL,
        "What the best epoch is chosen by, on validation: 'total', a task (its loss) or 'task.metric'.",
        title="Best epoch by",
    )
    early_stopping: EarlyStopping | None = field(None, "Stop when the monitored value no longer improves.")
    seed: int = field(0, "Seed of initial weights, order of rows and dropout.", ge=0, le=2**32 - 1)
    device: DeviceName = field("auto", "'auto' takes CUDA when there is one, else the CPU.")
    precision: Precision = field(
        "float32", "What layers compute in; bf16 and fp16 are faster on newer GPUs. Validation is in float32."
    )
    accumulate: int = field(
        1,
        "Micro-batches into which a batch is split (gradient accumulation): less memory, but each backward pass "
        "computes them again.",
        title="Accumulation",
        unit="pieces",
        ge=1,
        le=1024,
        advanced=True,
    )
    compile: bool = field(
        False, "Compile the model first (torch.compile): a slower start, faster steps.", advanced=True
    )
    threads: int | None = field(
        None, "CPU threads; empty: one for a small model, all cores for a larger one.", ge=1, le=1024, advanced=True
    )
    compare_gradients: int | None = field(
        None,
        "Steps between two comparisons of the tasks' gradients (conflict, norms), which cost one more backward pass of "
        "the shared layers a task each time; empty: never.",
        title="Gradient conflict",
        ge=1,
        le=1_000_000,
        unit="steps",
    )
    keep_checkpoints: int | None = field(
        None,
        "Epochs between two checkpoints that are kept, so that another run can begin with them; empty: only the last "
        "and the best one are. Each takes as much room on the disk as the last one.",
        title="Keep a checkpoint every",
        ge=1,
        le=1_000_000,
        unit="epochs",
        advanced=True,
    )
    checkpoint_seconds: float = field(
        10.0, "Time between two saved checkpoints.", title="Save every", ge=0, le=86_400, unit="s", advanced=True
    )

    @property
    def frozen_epochs(self) -> int:
        """Epochs at the beginning in which the shared layers stay as they are."""
        return self.fine_tuning.freeze_epochs if self.fine_tuning else self.shared.freeze_epochs
