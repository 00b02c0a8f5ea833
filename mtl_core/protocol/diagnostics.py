"""Diagnostics of a run's predictions on one split, as a worker answers them; NaN where a number is undefined."""

from typing import Literal

from mtl_core.protocol.samples import InputSamples
from mtl_core.protocol.series_key import SplitName
from mtl_core.spec import Report

HARDEST = 20
"""Rows of highest loss that are named unless more are asked for, and rows of common errors."""


class Estimate(Report):
    """A statistic with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


class ClassDiagnostics(Report):
    """How well one class is told from the others, or whether one label applies.

    Attributes:
        name: The class or label.
        positives: Rows of the class.
        negatives: The other rows.
        auroc: Area under the ROC curve.
        average_precision: Average precision.
        thresholds: Thresholds of the probability, highest first; the first one, 2, predicts no row positive.
        true_positives: Rows of the class with at least this probability, at each threshold.
        false_positives: Other rows, likewise.
        probability: Mean predicted probability in each bin of the reliability diagram that has rows.
        frequency: Share of rows of the class in each bin.
        counts: Rows in each bin.
        calibration_error: Expected calibration error (ECE).
    """

    name: str
    positives: int
    negatives: int
    auroc: Estimate
    average_precision: Estimate
    thresholds: tuple[float, ...]
    true_positives: tuple[int, ...]
    false_positives: tuple[int, ...]
    probability: tuple[float, ...]
    frequency: tuple[float, ...]
    counts: tuple[int, ...]
    calibration_error: float


class ValueDiagnostics(Report):
    """Residuals (predicted minus true) of one value, in the target's units; of ordered classes of their ranks.

    Attributes:
        name: The value.
        rows: Rows with target and prediction.
        bias: Mean residual.
        mae: Mean absolute residual.
        rmse: Root of the mean squared residual.
        r2: Coefficient of determination.
        edges: Edges of the bins of the histogram of the residuals.
        residual_counts: Residuals in each bin.
        true: Targets of some of the rows, at most a thousand.
        predicted: Predictions for these rows.
    """

    name: str
    rows: int
    bias: float
    mae: float
    rmse: float
    r2: float
    edges: tuple[float, ...]
    residual_counts: tuple[int, ...]
    true: tuple[float, ...]
    predicted: tuple[float, ...]


class GroupDiagnostics(Report):
    """Scores of the rows of one group."""

    name: str
    rows: int
    scores: dict[str, float]


class HardRow(Report):
    """A row with a high loss.

    Attributes:
        row: Its number in the data, from 1.
        loss: Its loss.
        true: Its target.
        predicted: Its prediction, of a class with the probability.
    """

    row: int
    loss: float
    true: str
    predicted: str


class TaskDiagnostics(Report):
    """Diagnostics of one task; what does not suit its kind is empty.

    Attributes:
        task: Name of the task.
        kind: Its kind.
        labeled: Number of rows with a label.
        loss: Mean of the losses of these rows.
        errors: Number of rows that count as errors.
        error_rule: What counts as an error.
        class_names: The classes of the confusion matrix.
        confusion: Rows by true class and by predicted class.
        classes: The most frequent classes, or the labels.
        omitted_classes: Number of classes or labels that are not among them.
        values: Each value.
        groups: Each group of rows.
        hardest: The rows of highest loss, highest first.
        label_form: What a label is: one class, several labels, or numbers; ``losses`` where it cannot be stated.
        label_names: The classes, the labels, or the values.
    """

    task: str
    kind: str
    labeled: int
    loss: float
    errors: int
    error_rule: str
    class_names: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    classes: tuple[ClassDiagnostics, ...] = ()
    omitted_classes: int = 0
    values: tuple[ValueDiagnostics, ...] = ()
    groups: tuple[GroupDiagnostics, ...] = ()
    hardest: tuple[HardRow, ...] = ()
    label_form: Literal["classes", "labels", "values", "losses"] = "losses"
    label_names: tuple[str, ...] = ()


class CommonErrorRow(Report):
    """A row in which several tasks are wrong: its number in the data, from 1, and the tasks."""

    row: int
    tasks: tuple[str, ...]


class CommonErrorCounts(Report):
    """Errors that several tasks have in common.

    Attributes:
        tasks: The tasks.
        counts: Rows in which both tasks are wrong; on the diagonal the errors of a task.
        expected: What the counts would be if the errors of two tasks were independent.
        total: Number of rows in which at least two tasks are wrong.
        rows: Some of these rows, those in which most tasks are wrong first.
    """

    tasks: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    expected: tuple[tuple[float, ...], ...]
    total: int
    rows: tuple[CommonErrorRow, ...]


class RowValues(Report):
    """The values of some rows.

    Attributes:
        rows: Their numbers in the data, from 1.
        columns: Columns of the table.
        cells: The cells of each row, as text; empty where missing.
        inputs: Pictures, sounds and texts as the model sees them, by input.
        input_rows: The numbers of the rows that ``inputs`` shows: those of the highest losses of the first task.
        digests: The digest of the cells of each row, as a list of reviewed rows has it.
    """

    rows: tuple[int, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    inputs: dict[str, InputSamples]
    input_rows: tuple[int, ...]
    digests: tuple[str, ...] = ()


class Diagnostics(Report):
    """Diagnostics of the best model of a run on one split.

    Attributes:
        run: The run.
        split: The split.
        rows: Number of rows of the split.
        group: The column by which rows are grouped; empty if they are not.
        group_columns: The columns by which they can be grouped.
        task_names: All tasks of the run.
        tasks: The tasks that were asked for.
        common: Errors that all tasks of the run have in common; None for fewer than two tasks.
        values: The values of all rows that are named.
    """

    run: int
    split: SplitName
    rows: int
    group: str
    group_columns: tuple[str, ...]
    task_names: tuple[str, ...]
    tasks: tuple[TaskDiagnostics, ...]
    common: CommonErrorCounts | None
    values: RowValues


class RowDisagreement(Report):
    """A row that two runs predict differently.

    Attributes:
        row: Its number in the data, from 1.
        true: Its target.
        predicted: The predictions of the two runs.
        losses: Their losses.
        right: Whether each prediction is right; empty for a task without classes.
    """

    row: int
    true: str
    predicted: tuple[str, str]
    losses: tuple[float, float]
    right: tuple[bool, ...] = ()


class RightCounts(Report):
    """Rows by which of two runs are right, and McNemar's exact test that both are right equally often.

    Attributes:
        both: Rows in which both are right; ``first``: only the first; ``second``: only the second; ``neither``: none.
        p_value: Two-sided probability of so uneven counts of ``first`` and ``second``, were both equally good.
    """

    both: int
    first: int
    second: int
    neither: int
    p_value: float


class Disagreements(Report):
    """Rows of a split that two runs predict differently in one task.

    Attributes:
        runs: The two runs.
        split: The split.
        task: The task; ``kind``: its kind.
        labeled: Number of rows with a label.
        different: Number of these rows with another predicted class or other labels; of a task without classes all.
        right: Which of the runs are right; None for a task without classes.
        lower_loss: Number of rows in which the first, and in which the second run has the lower loss.
        rows: The different rows with the largest differences of the losses, largest first.
        values: The values of these rows.
    """

    runs: tuple[int, int]
    split: SplitName
    task: str
    kind: str
    labeled: int
    different: int
    right: RightCounts | None
    lower_loss: tuple[int, int]
    rows: tuple[RowDisagreement, ...]
    values: RowValues
