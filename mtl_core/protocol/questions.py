"""What a worker process is asked, and the type of each answer.

Experiments and data sets travel as they stand in the document, so that whoever answers can say what is wrong with them.
"""

import json
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, get_args

from pydantic import Field, TypeAdapter, ValidationError

from mtl_core.errors import Problem, WorkerError
from mtl_core.protocol.base import Message
from mtl_core.protocol.states import TrainingEndState
from mtl_core.spec import DatasetInfo, DeviceInfo, ModelInfo, Report

A = TypeVar("A")


class Question(Message, Generic[A]):
    """A question to a worker; ``A`` is the type of the answer, which ``answer`` holds for the program."""

    answer: ClassVar[Any]


class DevicesQuestion(Question[list[DeviceInfo]]):
    """On which devices can be trained."""

    ask: Literal["devices"] = "devices"
    answer: ClassVar[Any] = list[DeviceInfo]


class DatasetQuestion(Question[DatasetInfo]):
    """What a data set holds."""

    ask: Literal["dataset"] = "dataset"
    answer: ClassVar[Any] = DatasetInfo
    dataset: Any


class ModelQuestion(Question[ModelInfo]):
    """The shapes of an experiment's model."""

    ask: Literal["model"] = "model"
    answer: ClassVar[Any] = ModelInfo
    spec: Any


class CheckQuestion(Question[list[Problem]]):
    """Whether an experiment can run; what is wrong with it, if anything."""

    ask: Literal["check"] = "check"
    answer: ClassVar[Any] = list[Problem]
    spec: Any


class CheckTogetherQuestion(Question[list[Problem]]):
    """Whether experiments can train in one loop; no problems, or an error with the reason."""

    ask: Literal["check_together"] = "check_together"
    answer: ClassVar[Any] = list[Problem]
    specs: list[Any]


class BatchCost(Report):
    """One forward pass of some rows at once.

    Attributes:
        rows: How many.
        milliseconds: Median time of a pass, from inputs on the device to every task's output.
        peak_bytes: Device memory at its highest, model and inputs included; None where it cannot be measured (CPU).
        rows_per_second: Rows a second at this number of rows at once.
    """

    rows: int
    milliseconds: float
    peak_bytes: int | None
    rows_per_second: float


class InferenceCost(Report):
    """What inference of all tasks costs.

    Attributes:
        device: torch's name of the device it was measured on.
        threads: CPU threads it was measured with.
        parameters: Numbers that are learned.
        parameter_bytes: Memory of parameters and buffers.
        flops: Floating-point operations of one row (a multiplication and an addition count as two), of matrix
            products, convolutions and attention, as ``torch.utils.flop_counter`` counts them.
        batches: Time and memory by rows at once.
    """

    device: str
    threads: int
    parameters: int
    parameter_bytes: int
    flops: int
    batches: tuple[BatchCost, ...]


class CostQuestion(Question[InferenceCost]):
    """What inference with an experiment's model costs."""

    ask: Literal["cost"] = "cost"
    answer: ClassVar[Any] = InferenceCost
    spec: Any


class MemberScores(Report):
    """The losses and metrics of one run by task."""

    run: int
    metrics: dict[str, dict[str, float]]


class EnsembleScores(Report):
    """The losses and metrics by task of the mean prediction of some runs, and those of each run."""

    runs: tuple[int, ...]
    metrics: dict[str, dict[str, float]]
    members: tuple[MemberScores, ...]


class EnsembleQuestion(Question[EnsembleScores]):
    """How runs of a store do as one predictor."""

    ask: Literal["ensemble"] = "ensemble"
    answer: ClassVar[Any] = EnsembleScores
    store: str
    runs: tuple[int, ...]
    split: Literal["train", "val", "test"]


class ResumableQuestion(Question[bool]):
    """Whether a run of a store can go on from its checkpoint; an error with the reason where it cannot."""

    ask: Literal["resumable"] = "resumable"
    answer: ClassVar[Any] = bool
    run: int
    store: str


class TrainingEnd(Report):
    """In which state a run has ended."""

    run: int
    state: TrainingEndState


class TrainQuestion(Question[TrainingEnd]):
    """Train a run of a store to its end."""

    ask: Literal["train"] = "train"
    answer: ClassVar[Any] = TrainingEnd
    run: int
    store: str


class JointTrainingEnd(Report):
    """In which states runs that trained together have ended, in their order."""

    runs: tuple[int, ...]
    states: tuple[TrainingEndState, ...]


class TrainTogetherQuestion(Question[JointTrainingEnd]):
    """Train runs of a store in one loop to their ends."""

    ask: Literal["train_together"] = "train_together"
    answer: ClassVar[Any] = JointTrainingEnd
    runs: tuple[int, ...]
    store: str


AnyQuestion = (
    DevicesQuestion
    | DatasetQuestion
    | ModelQuestion
    | CheckQuestion
    | CheckTogetherQuestion
    | CostQuestion
    | EnsembleQuestion
    | ResumableQuestion
    | TrainQuestion
    | TrainTogetherQuestion
)
ASKS: tuple[str, ...] = tuple(kind.model_fields["ask"].default for kind in get_args(AnyQuestion))
_QUESTION: TypeAdapter[AnyQuestion] = TypeAdapter(Annotated[AnyQuestion, Field(discriminator="ask")])


def read_question(data: dict[str, Any]) -> AnyQuestion:
    """A question from its JSON data.

    Raises:
        WorkerError: There is no such question, or its particulars are not those of one.
    """
    if data.get("ask") not in ASKS:
        raise WorkerError("ask", f"must be one of {', '.join(ASKS)}", found=data.get("ask"))
    try:
        return _QUESTION.validate_json(json.dumps(data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise WorkerError("worker", f"was asked in another form than agreed: {where}: {first['msg']}") from None


@cache
def _answer(kind: type[Question[Any]]) -> TypeAdapter[Any]:
    return TypeAdapter(kind.answer)


def answer_data(question: Question[A], answer: A) -> Any:
    """An answer as JSON data."""
    return _answer(type(question)).dump_python(answer, mode="json")


def read_answer(question: Question[A], data: Any) -> A:
    """The answer to a question from its JSON data.

    Raises:
        ValueError: It is not of the type of the answers to this question.
    """
    answer: A = _answer(type(question)).validate_python(data)
    return answer
