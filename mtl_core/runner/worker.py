"""Worker process: imports torch in advance, then answers requests about specs and trains runs."""

import json
import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from mtl_core.errors import InputError, Problem, WorkbenchError
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
    answer_data,
)
from mtl_core.protocol.wire import READY_ID, Reply, decode_question, encode_reply, to_user_error
from mtl_core.protocol.work_progress import WorkProgress, progress_listener
from mtl_core.spec import TableDataset, dataset_from_data, read_spec, spec_from_data

log = logging.getLogger(__name__)
_REPORT_SECONDS = 0.2


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answer questions until there are no more; a window that goes away does not end a run under way."""
    import torch  # noqa: F401  # this is what being warm means

    from mtl_core.runner import execution, inspection  # noqa: F401

    _write(answers, Reply(READY_ID, "ready"))
    inspection.warm_up()
    for line in questions:
        if line.strip():
            _write(answers, _handle_line(line, partial(_write, answers)))


def _handle_line(line: str, report: Callable[[Reply], object]) -> Reply:
    """The reply to a question; ``report`` is called with replies that say how far it is."""
    request_id = -1
    try:
        data = json.loads(line)
        request_id = data["id"]
        question = decode_question(data)
        with progress_listener(_Reports(request_id, report)):
            return Reply(request_id, answer_data(question, answer(question)))
    except WorkbenchError as error:
        return Reply(request_id, error=error)
    except Exception as error:
        log.exception("a question failed: %s", line[:200])
        return Reply(request_id, error=to_user_error(error))


class _Reports:
    """Reports progress a few times a second.

    Args:
        request_id: The id of the question.
        report: Called with the replies.
    """

    def __init__(self, request_id: int, report: Callable[[Reply], object]) -> None:
        self._id = request_id
        self._report = report
        self._next = time.monotonic() + _REPORT_SECONDS

    def __call__(self, progress: WorkProgress) -> None:
        """Report the progress unless another report was made just before."""
        if (now := time.monotonic()) >= self._next:
            self._next = now + _REPORT_SECONDS
            self._report(Reply(self._id, progress=progress))


def answer(question: AnyQuestion) -> Any:  # noqa: PLR0912 - an arm per question
    """The answer to a question, of the type that its class names."""
    value: Any
    match question:
        case DevicesQuestion():
            from mtl_core.training.runtime.devices import list_devices

            value = list(list_devices())
        case DatasetQuestion(dataset=dataset, preview=preview, known=known):
            from mtl_core.runner.inspection import inspect_dataset

            value = inspect_dataset(dataset_from_data(dataset), preview=preview, known=known)
        case ModelQuestion(spec=spec):
            from mtl_core.runner.inspection import inspect_model

            value = inspect_model(spec_from_data(spec))
        case SamplesQuestion(spec=spec):
            from mtl_core.runner.inspection import inspect_samples

            value = inspect_samples(spec_from_data(spec))
        case JoinQuestion():
            value = _preview_join(question)
        case CheckQuestion(spec=spec):
            value = _check(spec)
        case CheckDataQuestion(spec=spec):
            from mtl_core.datasets.preflight.registry import check_data

            experiment = spec_from_data(spec)
            value = check_data(experiment.dataset, experiment.tasks)
        case CheckTogetherQuestion(specs=specs):
            from mtl_core.runner.joint_execution import check_joint_training

            check_joint_training([spec_from_data(spec) for spec in specs])
            value = []
        case CostQuestion(spec=spec):
            from mtl_core.evaluation.inference_cost import cost

            value = cost(spec_from_data(spec))
        case EnsembleQuestion():
            value = _ensemble(question)
        case DiagnosticsQuestion():
            value = _diagnostics(question)
        case RowValuesQuestion():
            value = _row_values(question)
        case ModelExplanationQuestion() | DependenceQuestion() | RowExplanationQuestion():
            value = _explanation(question)
        case DisagreementsQuestion():
            value = _disagreements(question)
        case SavePredictionsQuestion():
            value = _save_predictions(question)
        case (
            FileColumnsQuestion()
            | PredictFileQuestion()
            | SaveTableQuestion()
            | PredictionFormQuestion()
            | PredictRowQuestion()
        ):
            from mtl_core.runner.new_row_questions import answer_question

            value = answer_question(question)
        case ResumableQuestion():
            value = _resumable(question)
        case TrainQuestion():
            value = _train(question)
        case TrainTogetherQuestion():
            value = _train_together(question)
        case CacheQuestion():
            value = _cache_contents(question)
    return value


def _write(replies: TextIO, reply: Reply) -> None:
    try:
        replies.write(encode_reply(reply))
        replies.flush()
    except (BrokenPipeError, ValueError, OSError):
        log.info("the replies are no longer read")


def _check(data: Any) -> list[Problem]:
    from mtl_core.runner.inspection import inspect

    spec, problems = read_spec(data)
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
        return diagnose_run(store, question.run, question.split, task=question.task, group=question.group)


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


def main() -> None:
    """Serve standard input and output; output of libraries is redirected to standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    replies, sys.stdout = sys.stdout, sys.stderr
    try:
        serve(sys.stdin, replies)
    except KeyboardInterrupt:
        log.info("interrupted")
