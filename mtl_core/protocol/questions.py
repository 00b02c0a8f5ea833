"""The questions to a worker process, and the type of each answer.

Experiments and data sets are sent as unvalidated spec data, so that the answer can say what is wrong with them.
"""

import json
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, get_args

from pydantic import Field, TypeAdapter, ValidationError

from mtl_core.errors import Problem, WorkerError
from mtl_core.protocol.attribution_methods import AttributionMethod
from mtl_core.protocol.base import Message
from mtl_core.protocol.diagnostics import HARDEST, Diagnostics, Disagreements, RowValues
from mtl_core.protocol.explanation import Dependence, ModelExplanation, RowExplanation
from mtl_core.protocol.predictions import Cell, FileColumns, FilePredictions, PredictionForm, RowPrediction
from mtl_core.protocol.samples import SampleRows
from mtl_core.protocol.series_key import SplitName
from mtl_core.protocol.states import TrainingEndState
from mtl_core.spec import DatasetInfo, DeviceInfo, ModelInfo, Report
from mtl_core.spec.data.data_findings import DataFinding

A = TypeVar("A")


class Question(Message, Generic[A]):
    """Base class of questions to a worker; ``A`` is the type of the answer, and ``answer`` the same at run time."""

    answer: ClassVar[Any]


class DevicesQuestion(Question[list[DeviceInfo]]):
    """Asks for the devices on which a run can train."""

    ask: Literal["devices"] = "devices"
    answer: ClassVar[Any] = list[DeviceInfo]


class DatasetQuestion(Question[DatasetInfo | None]):
    """Asks for the columns and statistics of a data set; the answer is None where they are as known.

    Attributes:
        preview: Whether a description of some rows suffices where it takes long to read all.
        known: The version of the data that whoever asks has a description of; empty if it has none.
    """

    ask: Literal["dataset"] = "dataset"
    answer: ClassVar[Any] = DatasetInfo | None
    dataset: Any
    preview: bool = False
    known: str = ""


class ModelQuestion(Question[ModelInfo]):
    """Asks for the layers of an experiment's model, with shapes and numbers of parameters."""

    ask: Literal["model"] = "model"
    answer: ClassVar[Any] = ModelInfo
    spec: Any


class SamplesQuestion(Question[SampleRows]):
    """Asks how the model sees some training rows of an experiment."""

    ask: Literal["samples"] = "samples"
    answer: ClassVar[Any] = SampleRows
    spec: Any


class JoinPreview(Report):
    """How the rows of a table and of another file match by a key.

    Attributes:
        columns: The columns of the table.
        other_columns: The columns of the other file.
        key: The column of the key.
        other_key: The column of the key in the other file.
        rows: Rows of the table.
        matched: Rows of the table with a partner in the other file.
        other_rows: Rows of the other file that have a key.
        unused: Those of them without a partner in the table.
        added: The columns that the table gets.
        repeated: Keys that stand in several rows of the other file, so that it cannot be joined by them; empty if none.
    """

    columns: tuple[str, ...]
    other_columns: tuple[str, ...]
    key: str
    other_key: str
    rows: int
    matched: int
    other_rows: int
    unused: int
    added: tuple[str, ...]
    repeated: str = ""


class JoinQuestion(Question[JoinPreview]):
    """Asks how many rows of a table have a partner in another file.

    Attributes:
        dataset: The table, with the tables that are joined already.
        path: The other file.
        key: The column of the key; None for a suggestion.
        other_key: The column of the key in the other file; None for a suggestion.
    """

    ask: Literal["join"] = "join"
    answer: ClassVar[Any] = JoinPreview
    dataset: Any
    path: str
    key: str | None = None
    other_key: str | None = None


class CheckQuestion(Question[list[Problem]]):
    """Asks for the problems of an experiment; none if it can run."""

    ask: Literal["check"] = "check"
    answer: ClassVar[Any] = list[Problem]
    spec: Any


class CheckDataQuestion(Question[list[DataFinding]]):
    """Asks for faults of an experiment's data, such as leaks between splits; none if nothing is amiss."""

    ask: Literal["check_data"] = "check_data"
    answer: ClassVar[Any] = list[DataFinding]
    spec: Any


class CheckTogetherQuestion(Question[list[Problem]]):
    """Asks whether experiments can train in one loop; the answer is an empty list, or an error with the reason."""

    ask: Literal["check_together"] = "check_together"
    answer: ClassVar[Any] = list[Problem]
    specs: list[Any]


class BatchCost(Report):
    """Time and memory of a forward pass of one batch.

    Attributes:
        rows: Rows of the batch.
        milliseconds: Median time of a pass, from inputs on the device to every task's output.
        peak_bytes: Peak device memory, model and inputs included; None if it cannot be measured (CPU).
        rows_per_second: Rows per second at this batch size.
    """

    rows: int
    milliseconds: float
    peak_bytes: int | None
    rows_per_second: float


class InferenceCost(Report):
    """Time, memory and operations of inference for all tasks.

    Attributes:
        device: Name in torch of the device of the measurement.
        threads: Number of CPU threads.
        parameters: Number of parameters.
        parameter_bytes: Memory of parameters and buffers.
        flops: Floating-point operations of one row (a multiplication and an addition count as two), of matrix
            products, convolutions and attention, as ``torch.utils.flop_counter`` counts them.
        batches: Time and memory at several batch sizes.
    """

    device: str
    threads: int
    parameters: int
    parameter_bytes: int
    flops: int
    batches: tuple[BatchCost, ...]


class CostQuestion(Question[InferenceCost]):
    """Asks for the cost of inference with an experiment's model."""

    ask: Literal["cost"] = "cost"
    answer: ClassVar[Any] = InferenceCost
    spec: Any


class MemberScores(Report):
    """The losses and metrics of one run by task."""

    run: int
    metrics: dict[str, dict[str, float]]


class EnsembleScores(Report):
    """The losses and metrics by task of the mean prediction of some runs, and those of each run.

    Of runs that are the folds of one experiment: of their out-of-fold predictions, and of each fold.
    """

    runs: tuple[int, ...]
    metrics: dict[str, dict[str, float]]
    members: tuple[MemberScores, ...]


class EnsembleQuestion(Question[EnsembleScores]):
    """Asks for the scores of an ensemble of runs of a store."""

    ask: Literal["ensemble"] = "ensemble"
    answer: ClassVar[Any] = EnsembleScores
    store: str
    runs: tuple[int, ...]
    split: SplitName


class DiagnosticsQuestion(Question[Diagnostics]):
    """Asks for diagnostics of the predictions of a run on a split.

    Attributes:
        store: URL of the store.
        run: The run.
        split: The rows.
        task: The task to describe; empty for all.
        group: The column by which rows are grouped; empty for no groups.
        hardest: How many rows of highest loss are named.
    """

    ask: Literal["diagnostics"] = "diagnostics"
    answer: ClassVar[Any] = Diagnostics
    store: str
    run: int
    split: SplitName
    task: str = ""
    group: str = ""
    hardest: int = HARDEST


class RowValuesQuestion(Question[RowValues]):
    """Asks for the values of some rows of the data of a run, and how its model sees them.

    Attributes:
        store: URL of the store.
        run: The run.
        split: The split of the rows.
        rows: Their numbers in the data, from 1.
    """

    ask: Literal["row_values"] = "row_values"
    answer: ClassVar[Any] = RowValues
    store: str
    run: int
    split: SplitName
    rows: tuple[int, ...]


class ModelExplanationQuestion(Question[ModelExplanation]):
    """Asks what the best model of a run uses: permutation importance and shared features.

    Attributes:
        store: URL of the store.
        run: The run.
        split: The rows.
        repeats: Shuffles of each column and input.
        seed: Of the shuffles.
    """

    ask: Literal["explain_model"] = "explain_model"
    answer: ClassVar[Any] = ModelExplanation
    store: str
    run: int
    split: SplitName
    repeats: int = 5
    seed: int = 0


class DependenceQuestion(Question[Dependence]):
    """Asks how the predictions of a run's best model depend on a column.

    Attributes:
        store: URL of the store.
        run: The run.
        split: The rows.
        task: The task.
        column: The column.
        output: The class or value of the lines of single rows; empty for the usual one.
    """

    ask: Literal["dependence"] = "dependence"
    answer: ClassVar[Any] = Dependence
    store: str
    run: int
    split: SplitName
    task: str
    column: str
    output: str = ""


class RowExplanationQuestion(Question[RowExplanation]):
    """Asks why the best model of a run predicts what it does for one row.

    Attributes:
        store: URL of the store.
        run: The run.
        split: Where the row is looked for first.
        row: Its number in the data, from 1.
        task: The task.
        output: The class or value to explain; empty for the predicted one.
        method: How the prediction is attributed to the inputs.
        head: The head of the attention layers, from 1; 0 for the mean of all.
    """

    ask: Literal["explain_row"] = "explain_row"
    answer: ClassVar[Any] = RowExplanation
    store: str
    run: int
    split: SplitName
    row: int
    task: str
    output: str = ""
    method: AttributionMethod = "integrated_gradients"
    head: int = 0


class DisagreementsQuestion(Question[Disagreements]):
    """Asks for the rows that two runs of the same data predict differently.

    Attributes:
        store: URL of the store.
        runs: The two runs.
        split: The rows.
        task: The task.
    """

    ask: Literal["disagreements"] = "disagreements"
    answer: ClassVar[Any] = Disagreements
    store: str
    runs: tuple[int, int]
    split: SplitName
    task: str


class SavePredictionsQuestion(Question[int]):
    """Asks to write the out-of-fold predictions of the folds of a study as CSV; the answer is the number of rows."""

    ask: Literal["save_predictions"] = "save_predictions"
    answer: ClassVar[Any] = int
    store: str
    runs: tuple[int, ...]
    path: str


class NewRowsQuestion(Question[A]):
    """Base class of questions about new rows, which name the models that predict them.

    Attributes:
        store: URL of the store of the runs.
        runs: The run, or several whose mean prediction is taken; none with a folder.
        folder: A folder of models; empty with runs.
    """

    store: str
    runs: tuple[int, ...] = ()
    folder: str = ""


class FileColumnsQuestion(NewRowsQuestion[FileColumns]):
    """Asks which columns of a file the models read."""

    ask: Literal["file_columns"] = "file_columns"
    answer: ClassVar[Any] = FileColumns
    path: str


class PredictFileQuestion(NewRowsQuestion[FilePredictions]):
    """Asks to predict the rows of a file, and to write the predictions as a table.

    Attributes:
        path: The file, or a folder of pictures or sounds.
        level: The share of true values that an interval is to hold; 0 for no intervals.
        table: The file for :class:`mtl_core.tabular.table_files.StoredTable`.
    """

    ask: Literal["predict_file"] = "predict_file"
    answer: ClassVar[Any] = FilePredictions
    path: str
    level: float
    table: str


class SaveTableQuestion(Question[int]):
    """Asks to write a table of predictions as CSV, Excel or Parquet; the answer is the number of rows.

    Attributes:
        table: The file that a :class:`PredictFileQuestion` named.
        path: The new file, whose suffix says the format; one that exists is replaced.
    """

    ask: Literal["save_table"] = "save_table"
    answer: ClassVar[Any] = int
    table: str
    path: str


class PredictionFormQuestion(NewRowsQuestion[PredictionForm]):
    """Asks for the input columns of models as fields of a form, and for rows to begin with."""

    ask: Literal["prediction_form"] = "prediction_form"
    answer: ClassVar[Any] = PredictionForm


class PredictRowQuestion(NewRowsQuestion[RowPrediction]):
    """Asks for the prediction for one row.

    Attributes:
        level: As of :class:`PredictFileQuestion`.
        cells: The value of each input column; one that is not named is missing.
    """

    ask: Literal["predict_row"] = "predict_row"
    answer: ClassVar[Any] = RowPrediction
    level: float
    cells: dict[str, Cell]


class ResumableQuestion(Question[bool]):
    """Asks whether a run of a store can be resumed; the answer is true, or an error with the reason."""

    ask: Literal["resumable"] = "resumable"
    answer: ClassVar[Any] = bool
    run: int
    store: str


class TrainingEnd(Report):
    """The final state of a run."""

    run: int
    state: TrainingEndState


class TrainQuestion(Question[TrainingEnd]):
    """Asks the worker to train a run of a store to its end."""

    ask: Literal["train"] = "train"
    answer: ClassVar[Any] = TrainingEnd
    run: int
    store: str


class JointTrainingEnd(Report):
    """The final states of runs that trained together, in their order."""

    runs: tuple[int, ...]
    states: tuple[TrainingEndState, ...]


class TrainTogetherQuestion(Question[JointTrainingEnd]):
    """Asks the worker to train runs of a store in one loop to their ends."""

    ask: Literal["train_together"] = "train_together"
    answer: ClassVar[Any] = JointTrainingEnd
    runs: tuple[int, ...]
    store: str


class CachedMedia(Report):
    """Decoded pictures or sounds in the cache on disk.

    Attributes:
        key: Its key.
        title: What it is, for people.
        size: Bytes on disk.
    """

    key: str
    title: str
    size: int


class CacheContents(Report):
    """What the cache of decoded pictures and sounds holds.

    Attributes:
        entries: The last used first.
        limits: How much memory and disk the data may take, in GB, by the names in
            :class:`mtl_core.media.limits.Limits`.
        freed: Bytes that were removed just now.
    """

    entries: tuple[CachedMedia, ...]
    limits: dict[str, float]
    freed: int = 0


class CacheQuestion(Question[CacheContents]):
    """Asks what the cache of decoded pictures and sounds holds and its limits, after the change of some of it.

    Attributes:
        remove: The keys of what to remove first.
        limits: The limits to set first, as in the answer.
    """

    ask: Literal["cache"] = "cache"
    answer: ClassVar[Any] = CacheContents
    remove: tuple[str, ...] = ()
    limits: dict[str, float] = Field(default_factory=dict)


AnyQuestion = (
    DevicesQuestion
    | DatasetQuestion
    | ModelQuestion
    | SamplesQuestion
    | JoinQuestion
    | CheckQuestion
    | CheckDataQuestion
    | CheckTogetherQuestion
    | CostQuestion
    | EnsembleQuestion
    | DiagnosticsQuestion
    | RowValuesQuestion
    | ModelExplanationQuestion
    | DependenceQuestion
    | RowExplanationQuestion
    | DisagreementsQuestion
    | SavePredictionsQuestion
    | FileColumnsQuestion
    | PredictFileQuestion
    | SaveTableQuestion
    | PredictionFormQuestion
    | PredictRowQuestion
    | ResumableQuestion
    | TrainQuestion
    | TrainTogetherQuestion
    | CacheQuestion
)
ASKS: tuple[str, ...] = tuple(kind.model_fields["ask"].default for kind in get_args(AnyQuestion))
_QUESTION: TypeAdapter[AnyQuestion] = TypeAdapter(Annotated[AnyQuestion, Field(discriminator="ask")])


def read_question(data: dict[str, Any]) -> AnyQuestion:
    """Reads a question from its JSON data.

    Raises:
        WorkerError: There is no such question, or its fields are not valid.
    """
    if data.get("ask") not in ASKS:
        raise WorkerError("ask", f"must be one of {', '.join(ASKS)}", found=data.get("ask"))
    try:
        return _QUESTION.validate_json(json.dumps(data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise WorkerError("worker", f"received an invalid question: {where}: {first['msg']}") from None


@cache
def _answer_adapter(kind: type[Question[Any]]) -> TypeAdapter[Any]:
    return TypeAdapter(kind.answer)


def answer_data(question: Question[A], answer: A) -> Any:
    """Converts an answer to JSON data."""
    return _answer_adapter(type(question)).dump_python(answer, mode="json")


def read_answer(question: Question[A], data: Any) -> A:
    """Reads the answer to a question from its JSON data.

    Raises:
        ValueError: The data is not of the type of answers to this question.
    """
    answer: A = _answer_adapter(type(question)).validate_python(data)
    return answer
