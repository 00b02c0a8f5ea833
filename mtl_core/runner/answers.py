"""Answers of a worker process to the questions that it is asked.

What answers a question is imported when it is asked, so that the process is warm early.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.errors import InputError, Problem
from mtl_core.protocol.diagnostics import Diagnostics, Disagreements, RowValues
from mtl_core.protocol.questions import (
    AnyQuestion,
    CacheContents,
    CachedMedia,
    CacheQuestion,
    CheckDataQuestion,
    CheckQuestion,
    CheckTogetherQuestion,
    CostQuestion,
    DatasetQuestion,
    DependenceQuestion,
    DevicesQuestion,
    DiagnosticsQuestion,
    DisagreementsQuestion,
    EnsembleQuestion,
    EnsembleScores,
    FileColumnsQuestion,
    InferenceCost,
    JoinPreview,
    JoinQuestion,
    JointTrainingEnd,
    ModelExplanationQuestion,
    ModelQuestion,
    PredictFileQuestion,
    PredictionFormQuestion,
    PredictRowQuestion,
    ResumableQuestion,
    RowExplanationQuestion,
    RowValuesQuestion,
    SamplesQuestion,
    SavePredictionsQuestion,
    SaveTableQuestion,
    TrainingEnd,
    TrainQuestion,
    TrainTogetherQuestion,
)
from mtl_core.protocol.samples import SampleRows
from mtl_core.spec import (
    DatasetInfo,
    DeviceInfo,
    ModelInfo,
    TableDataset,
    dataset_from_data,
    read_spec,
    spec_from_data,
)
from mtl_core.spec.data.data_findings import DataFinding

if TYPE_CHECKING:
    from mtl_core.runner.new_row_questions import AnyNewRowsQuestion


def answer(question: AnyQuestion) -> Any:
    """The answer to a question, of the type that its class names."""
    return ANSWERS[type(question)](question)


def _devices(_question: DevicesQuestion) -> list[DeviceInfo]:
    from mtl_core.training.runtime.devices import list_devices

    return list(list_devices())


def _dataset(question: DatasetQuestion) -> DatasetInfo | None:
    from mtl_core.runner.inspection import inspect_dataset

    return inspect_dataset(dataset_from_data(question.dataset), preview=question.preview, known=question.known)


def _model(question: ModelQuestion) -> ModelInfo:
    from mtl_core.runner.inspection import inspect_model

    return inspect_model(spec_from_data(question.spec))


def _samples(question: SamplesQuestion) -> SampleRows:
    from mtl_core.runner.inspection import inspect_samples

    return inspect_samples(spec_from_data(question.spec))


def _check(question: CheckQuestion) -> list[Problem]:
    from mtl_core.runner.inspection import inspect

    spec, problems = read_spec(question.spec)
    if spec is not None:
        try:
            inspect(spec)
        except InputError as error:
            problems = list(error.problems)
    return problems


def _preview_join(question: JoinQuestion) -> JoinPreview:
    from mtl_core.datasets.join_preview import preview_join

    dataset = dataset_from_data(question.dataset)
    if not isinstance(dataset, TableDataset):
        raise InputError("dataset", "must be a table for other tables to be joined", found=dataset.kind)
    return preview_join(dataset, question.path, question.key, question.other_key)


def _check_data(question: CheckDataQuestion) -> list[DataFinding]:
    from mtl_core.datasets.preflight.registry import check_data

    experiment = spec_from_data(question.spec)
    return check_data(experiment.dataset, experiment.tasks)


def _check_together(question: CheckTogetherQuestion) -> list[Problem]:
    from mtl_core.runner.joint_execution import check_joint_training

    check_joint_training([spec_from_data(spec) for spec in question.specs])
    return []


def _cost(question: CostQuestion) -> InferenceCost:
    from mtl_core.evaluation.inference_cost import cost

    return cost(spec_from_data(question.spec))


def _cache_contents(question: CacheQuestion) -> CacheContents:
    from mtl_core.media.cache import MediaCache
    from mtl_core.media.limits import change_limits, read_limits

    limits = change_limits(question.limits) if question.limits else read_limits()
    cache = MediaCache()
    freed = cache.remove(question.remove) if question.remove else 0
    entries = [CachedMedia(key=entry.key, title=entry.title, size=entry.size) for entry in cache.entries()]
    return CacheContents(entries=tuple(entries), limits=limits.model_dump(), freed=freed)


def _ensemble(question: EnsembleQuestion) -> EnsembleScores:
    from mtl_core.evaluation.out_of_fold import is_fold_runs, out_of_fold_scores
    from mtl_core.evaluation.scores import evaluate_ensemble
    from mtl_core.runner.saved_models import saved_runs
    from mtl_core.store import open_store

    with open_store(question.store, create=False) as store:
        saved = saved_runs(store, question.runs)
    return out_of_fold_scores(saved) if is_fold_runs(saved) else evaluate_ensemble(saved, question.split)


def _diagnostics(question: DiagnosticsQuestion) -> Diagnostics:
    from mtl_core.runner.run_diagnostics import diagnose_run
    from mtl_core.store import open_store

    with open_store(question.store, create=False, allow_read_only=True) as store:
        return diagnose_run(
            store, question.run, question.split, task=question.task, group=question.group, hardest=question.hardest
        )


def _row_values(question: RowValuesQuestion) -> RowValues:
    from mtl_core.runner.run_diagnostics import run_row_values
    from mtl_core.store import open_store

    with open_store(question.store, create=False, allow_read_only=True) as store:
        return run_row_values(store, question.run, question.split, question.rows)


def _explanation(question: ModelExplanationQuestion | DependenceQuestion | RowExplanationQuestion) -> Any:
    from mtl_core.runner.run_explanation import column_dependence, explain_model, explain_row
    from mtl_core.store import open_store

    run, split = question.run, question.split
    with open_store(question.store, create=False, allow_read_only=True) as store:
        match question:
            case ModelExplanationQuestion(repeats=repeats, seed=seed):
                return explain_model(store, run, split, repeats=repeats, seed=seed)
            case DependenceQuestion(task=task, column=column, output=output):
                return column_dependence(store, run, split, task, column, output=output)
            case RowExplanationQuestion(row=row, task=task, output=output, method=method, head=head):
                return explain_row(store, run, split, row, task, output=output, method=method, head=head)


def _disagreements(question: DisagreementsQuestion) -> Disagreements:
    from mtl_core.runner.run_disagreements import compare_rows
    from mtl_core.store import open_store

    with open_store(question.store, create=False, allow_read_only=True) as store:
        return compare_rows(store, question.runs, question.split, question.task)


def _new_rows(question: "AnyNewRowsQuestion") -> Any:
    from mtl_core.runner.new_row_questions import answer_question

    return answer_question(question)


def _save_predictions(question: SavePredictionsQuestion) -> int:
    from mtl_core.evaluation.out_of_fold import write_out_of_fold
    from mtl_core.runner.saved_models import saved_runs
    from mtl_core.store import open_store

    with open_store(question.store, create=False) as store:
        saved = saved_runs(store, question.runs)
    return write_out_of_fold(saved, Path(question.path))


def _resumable(question: ResumableQuestion) -> bool:
    from mtl_core.runner.execution import check_resume
    from mtl_core.store import open_store

    with open_store(question.store, create=False) as store:
        store.reap()
        check_resume(store, question.run)
    return True


def _train(question: TrainQuestion) -> TrainingEnd:
    from mtl_core.runner.execution import execute
    from mtl_core.runner.new_row_questions import forget_models
    from mtl_core.store import open_store

    forget_models()
    with open_store(question.store) as store:
        result = execute(store, question.run)
    return TrainingEnd(run=question.run, state=result.state)


def _train_together(question: TrainTogetherQuestion) -> JointTrainingEnd:
    from mtl_core.runner.joint_execution import execute_jointly
    from mtl_core.runner.new_row_questions import forget_models
    from mtl_core.store import open_store

    forget_models()
    with open_store(question.store) as store:
        results = execute_jointly(store, question.runs)
    return JointTrainingEnd(runs=question.runs, states=tuple(result.state for result in results))


ANSWERS: Mapping[type[AnyQuestion], Callable[[Any], Any]] = {
    DevicesQuestion: _devices,
    DatasetQuestion: _dataset,
    ModelQuestion: _model,
    SamplesQuestion: _samples,
    JoinQuestion: _preview_join,
    CheckQuestion: _check,
    CheckDataQuestion: _check_data,
    CheckTogetherQuestion: _check_together,
    CostQuestion: _cost,
    EnsembleQuestion: _ensemble,
    DiagnosticsQuestion: _diagnostics,
    RowValuesQuestion: _row_values,
    ModelExplanationQuestion: _explanation,
    DependenceQuestion: _explanation,
    RowExplanationQuestion: _explanation,
    DisagreementsQuestion: _disagreements,
    FileColumnsQuestion: _new_rows,
    PredictFileQuestion: _new_rows,
    SaveTableQuestion: _new_rows,
    PredictionFormQuestion: _new_rows,
    PredictRowQuestion: _new_rows,
    SavePredictionsQuestion: _save_predictions,
    ResumableQuestion: _resumable,
    TrainQuestion: _train,
    TrainTogetherQuestion: _train_together,
    CacheQuestion: _cache_contents,
}
"""What answers each kind of question."""
