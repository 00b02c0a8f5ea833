"""Explanations of a model and of one prediction, as a worker answers them; NaN where a number is undefined."""

from mtl_core.protocol.attribution_methods import AttributionMethod
from mtl_core.protocol.series_key import SplitName
from mtl_core.spec import Report


class PartImportance(Report):
    """How much worse a task becomes when a column or an input is shuffled among the rows.

    Attributes:
        name: The column or input.
        mean: Mean over the shuffles of how much worse the score becomes.
        std: Standard deviation over the shuffles.
    """

    name: str
    mean: float
    std: float


class TaskImportance(Report):
    """Permutation importance for one task.

    Attributes:
        task: The task.
        score: ``loss`` or a metric.
        base: The score of the rows as they are; NaN if no row has a label.
        parts: The columns and inputs, most important first; none without labels.
    """

    task: str
    score: str
    base: float
    parts: tuple[PartImportance, ...]


class FeatureUse(Report):
    """Which of the features of the shared layers each task uses.

    Attributes:
        tasks: The tasks.
        features: The features that are used most, in their order; of several tensors ``TENSOR.FEATURE``, from 1.
        shares: For each task the share of each feature in what the task uses.
        omitted: Number of features that are not listed.
        overlap: Cosine between the uses of each two tasks, over all features; NaN for a task that uses none.
        are_inputs: Whether the tasks share nothing but the inputs, which are then the features.
        are_separate: Whether no feature is read by two tasks, as where each task has a trunk of its own.
    """

    tasks: tuple[str, ...]
    features: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]
    omitted: int
    overlap: tuple[tuple[float, ...], ...]
    are_inputs: bool
    are_separate: bool


class ModelExplanation(Report):
    """What a model uses, on rows of one split.

    Attributes:
        run: The run.
        split: The split.
        rows: Number of rows that were shuffled.
        repeats: Shuffles of each part.
        seed: Of the shuffles.
        importance: Permutation importance for each task.
        features: The use of shared features.
        columns: The columns whose partial dependence can be asked for.
    """

    run: int
    split: SplitName
    rows: int
    repeats: int
    seed: int
    importance: tuple[TaskImportance, ...]
    features: FeatureUse
    columns: tuple[str, ...]


class Dependence(Report):
    """Partial dependence of a task's prediction on a column.

    Attributes:
        run: The run.
        split: The split.
        rows: Number of rows whose predictions are averaged.
        task: The task.
        column: The column.
        is_number: Whether it is a number or date; else a category.
        labels: The values of the column as text.
        values: The values as numbers; of categories their places from 0.
        outputs: The classes or values of the prediction.
        means: For each output its mean prediction at each value.
        output: The output of the lines.
        lines: For some rows the prediction at each value.
    """

    run: int
    split: SplitName
    rows: int
    task: str
    column: str
    is_number: bool
    labels: tuple[str, ...]
    values: tuple[float, ...]
    outputs: tuple[str, ...]
    means: tuple[tuple[float, ...], ...]
    output: str
    lines: tuple[tuple[float, ...], ...]


class InputAttribution(Report):
    """What an input contributed to a prediction.

    Attributes:
        name: The input.
        kind: Its kind.
        is_present: Whether the row has it.
        baseline: What the input was compared with, for people.
        total: Sum of its attributions.
        names: The columns of a table, the tokens of a text, the segments of a waveform.
        cells: The cells of the columns; empty for other kinds.
        values: The attribution of each of these.
        image: A picture or spectrogram as rows of pixels: 0…255, or 0xRRGGBB in color.
        color: Whether it is in color.
        heat: Attributions of blocks of the image, rows from the top.
    """

    name: str
    kind: str
    is_present: bool
    baseline: str
    total: float
    names: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    image: tuple[tuple[int, ...], ...] = ()
    color: bool = False
    heat: tuple[tuple[float, ...], ...] = ()


class AttentionMap(Report):
    """The attention weights of one layer for one row.

    Attributes:
        layer: Where the layer stands in the model.
        heads: Number of its heads.
        head: The head shown, from 1; 0 for the mean over the heads.
        queries: Names of the positions that attend.
        keys: Names of the positions attended to.
        weights: For each query the weight of each key.
        block: Number of positions in each cell; above 1 where a long sequence was pooled.
    """

    layer: str
    heads: int
    head: int
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    block: int = 1


class RowExplanation(Report):
    """The explanation of a prediction for one row.

    Attributes:
        run: The run.
        split: The split of the row.
        row: Its number in the data, from 1.
        task: The task.
        outputs: The classes or values of the prediction.
        output: The one that is explained.
        predictions: The prediction of each.
        method: How it is attributed.
        base: The prediction for the baseline of all inputs.
        gap: Prediction minus ``base`` minus the sum of all attributions; NaN where the method does not promise 0.
        is_complete: Whether the gap is within the tolerance of the method.
        evaluations: Number of gradients or predictions computed.
        inputs: The attributions of each input.
        attention: The attention layers; none if the model has none.
    """

    run: int
    split: SplitName
    row: int
    task: str
    outputs: tuple[str, ...]
    output: str
    predictions: tuple[float, ...]
    method: AttributionMethod
    base: float
    gap: float
    is_complete: bool
    evaluations: int
    inputs: tuple[InputAttribution, ...]
    attention: tuple[AttentionMap, ...] = ()
