"""Explanations of the best model of a stored run, and of its prediction for one row."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mtl_core.datasets.registry import open_source
from mtl_core.datasets.samples import row_samples
from mtl_core.datasets.source import Source
from mtl_core.errors import InputError
from mtl_core.evaluation.ensemble import Predictor, load_predictor
from mtl_core.explanation.attention_maps import attention_maps
from mtl_core.explanation.attribution import BASELINES, Attribution, ExplainedRow, column_features
from mtl_core.explanation.captum_attribution import captum_attribution
from mtl_core.explanation.dependence import dependence_columns, partial_dependence
from mtl_core.explanation.explained_model import ExplainedModel, find_row
from mtl_core.explanation.integrated_gradients import integrated_gradients
from mtl_core.explanation.occlusion import occlusion
from mtl_core.explanation.permutation import LOSS, MOST_ROWS, permutation_importance
from mtl_core.explanation.shared_features import shared_feature_use
from mtl_core.protocol.attribution_methods import AttributionMethod
from mtl_core.protocol.explanation import (
    Dependence,
    InputAttribution,
    ModelExplanation,
    RowExplanation,
)
from mtl_core.protocol.samples import InputSamples
from mtl_core.protocol.series_key import SplitName
from mtl_core.runner.run_diagnostics import cell_text
from mtl_core.runner.saved_models import saved_run
from mtl_core.spec.inputs import presence_key
from mtl_core.store import RunStore
from mtl_core.tabular.text.token_names import token_names

MOST_REPEATS = 100


def explain_model(
    store: RunStore,
    run: int,
    split: SplitName,
    *,
    tasks: tuple[str, ...] = (),
    score: str = LOSS,
    repeats: int = 5,
    seed: int = 0,
) -> ModelExplanation:
    """Measure what a run's best model uses: permutation importance, and the features that tasks share.

    Args:
        store: The store.
        run: The run.
        split: The rows.
        tasks: The tasks; empty for all.
        score: ``loss``, or a metric of all these tasks.
        repeats: Shuffles of each column and input.
        seed: Of the shuffles.

    Raises:
        InputError: There is no such run, task or metric, the run has no checkpoint, or the data has changed.
    """
    if not 1 <= repeats <= MOST_REPEATS:
        raise InputError("repeats", f"must be a number from 1 to {MOST_REPEATS}", found=repeats)
    predictor, model = _load(store, run)
    rows = predictor.split(split)
    importance = permutation_importance(model, rows, tasks=tasks, score=score, repeats=repeats, seed=seed)
    return ModelExplanation(
        run=run,
        split=split,
        rows=min(len(rows), MOST_ROWS),
        repeats=repeats,
        seed=seed,
        importance=importance,
        features=shared_feature_use(model, rows, seed=seed),
        columns=dependence_columns(model),
    )


def column_dependence(
    store: RunStore, run: int, split: SplitName, task: str, column: str, *, output: str = "", seed: int = 0
) -> Dependence:
    """Compute how the predictions of a run's best model depend on a column.

    Args:
        store: The store.
        run: The run.
        split: The rows.
        task: The task.
        column: The column.
        output: The class or value of the lines; empty for the first, of two classes the positive one.
        seed: Of the rows drawn.

    Raises:
        InputError: There is no such run, task, column or output, the run has no checkpoint, or the data has changed.
    """
    predictor, model = _load(store, run)
    names = model.output_names[model.task_names[model.task_index(task)]]
    is_binary = predictor.data.targets[task].kind == "binary"
    index = model.output_index(task, output) if output else int(is_binary)
    columns = open_source(predictor.spec.dataset).columns
    found = partial_dependence(model, predictor.split(split), columns, task, column, seed=seed)
    return Dependence(
        run=run,
        split=split,
        rows=found.rows,
        task=task,
        column=column,
        is_number=found.values.is_number,
        labels=found.values.labels,
        values=found.values.numbers,
        outputs=names,
        means=tuple(map(tuple, found.means.tolist())),
        output=names[index],
        lines=tuple(map(tuple, found.lines[:, index].tolist())),
    )


def explain_row(
    store: RunStore,
    run: int,
    split: SplitName,
    row: int,
    task: str,
    *,
    output: str = "",
    method: AttributionMethod = "integrated_gradients",
    head: int = 0,
) -> RowExplanation:
    """Explain the prediction of a run's best model for one row.

    Args:
        store: The store.
        run: The run.
        split: Where the row is looked for first.
        row: Its number in the data, from 1.
        task: The task.
        output: The class or value to explain; empty for the class of highest probability, or the first value.
        method: How the prediction is attributed to the inputs.
        head: The head of the attention layers, from 1; 0 for the mean over the heads.

    Raises:
        InputError: There is no such run, task, output, row or head, the method does not suit the inputs, the run has no
            checkpoint, or the data has changed.
        EnvironmentFault: The method is captum's, and the extra is not installed.
    """
    predictor, model = _load(store, run)
    index = model.task_index(task)
    split, position = find_row(predictor.data.splits, row, split)
    inputs = predictor.split(split).select_inputs(torch.tensor([position]), predictor.device)
    with torch.no_grad():
        predictions = model.predict(inputs)[index][0].cpu()
    names = model.output_names[task]
    is_class = bool(predictor.data.targets[task].classes)
    chosen = model.output_index(task, output) if output else (int(predictions.argmax()) if is_class else 0)
    explained = ExplainedRow(model, inputs, index, chosen)
    result = _attribute(explained, method)
    shown = _Shown.of(predictor, split, row)
    tokens = next(
        (shown.tokens(model, name, inputs[name]) for name in explained.names if explained.kind(name) == "text"), ()
    )
    return RowExplanation(
        run=run,
        split=split,
        row=row,
        task=task,
        outputs=names,
        output=names[chosen],
        predictions=tuple(predictions.tolist()),
        method=method,
        base=result.base,
        gap=result.gap,
        is_complete=result.is_complete,
        evaluations=result.evaluations,
        inputs=tuple(
            shown.attribution(explained, name, result.values[name].double().cpu()) for name in explained.names
        ),
        attention=attention_maps(model, inputs, tokens, task=index, head=head),
    )


def _load(store: RunStore, run: int) -> tuple[Predictor, ExplainedModel]:
    predictor = load_predictor([saved_run(store, run)])
    return predictor, ExplainedModel.of(predictor)


def _attribute(row: ExplainedRow, method: AttributionMethod) -> Attribution:
    match method:
        case "integrated_gradients":
            return integrated_gradients(row)
        case "occlusion":
            return occlusion(row)
    return captum_attribution(row, method)


@dataclass(frozen=True, eq=False)
class _Shown:
    """One row as it is shown: cells, pictures and spectrograms."""

    source: Source
    samples: dict[str, InputSamples]
    row: int

    @classmethod
    def of(cls, predictor: Predictor, split: SplitName, row: int) -> "_Shown":
        spec = predictor.spec
        samples = row_samples(spec.dataset, spec.tasks, split, np.array([row - 1], np.int64))
        return cls(open_source(spec.dataset), samples, row - 1)

    @staticmethod
    def tokens(model: ExplainedModel, name: str, ids: Tensor) -> tuple[str, ...]:
        """The tokens of a text."""
        return token_names(ids[0].tolist(), model.preprocessing[name])

    def attribution(self, row: ExplainedRow, name: str, values: Tensor) -> InputAttribution:
        """What an input contributed, with what it shows."""
        kind, fitted = row.kind(name), row.model.preprocessing[name]
        mask = row.inputs.get(presence_key(name))
        is_present = mask is None or bool(mask[0])
        common = {"name": name, "kind": kind, "is_present": is_present, "baseline": BASELINES[kind]}
        total = float(values.sum())
        match kind:
            case "table":
                columns = tuple(column_features(fitted))
                cells = tuple(cell_text(self.source.columns[column], self.row) for column in columns)
                return InputAttribution(
                    **common, total=total, names=columns, cells=cells, values=tuple(values.tolist())
                )
            case "text":
                tokens = self.tokens(row.model, name, row.inputs[name])
                return InputAttribution(
                    **common, total=total, names=tokens, values=tuple(values[: len(tokens)].tolist())
                )
        heat = values if values.dim() == 2 else values.unsqueeze(0)
        if kind == "sound":
            heat = heat.flip(0)  # low frequencies are shown at the bottom
        sample = self.samples[name]
        return InputAttribution(
            **common,
            total=total,
            image=(sample.images[0] if sample.images else None) or (),
            color=sample.color,
            heat=tuple(map(tuple, heat.tolist())),
        )
