"""The worker process: it waits, warm, for questions about specs, and for a run to train."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

from mtl_core.errors import InputError, WorkbenchError, WorkerError
from mtl_core.protocol.wire import READY, Reply, encode_reply, shown_error
from mtl_core.spec import dataset_from_data, problems_of, spec_from_data

log = logging.getLogger(__name__)


def serve(asks: TextIO, answers: TextIO) -> None:
    """Answer asks until there are no more; a window that goes away does not end a run under way."""
    import torch  # noqa: F401  # this is what being warm means

    from mtl_core.runner import execution, inspection  # noqa: F401

    _write(answers, Reply(READY, "ready"))
    inspection.warm_up()
    for line in asks:
        if line.strip():
            _write(answers, _answer(line))


def _answer(line: str) -> Reply:
    number = -1
    try:
        payload = json.loads(line)
        number = payload["id"]
        return Reply(number, _answerer(payload["ask"])(payload))
    except WorkbenchError as error:
        return Reply(number, error=error)
    except Exception as error:
        log.exception("an ask failed: %s", line[:200])
        return Reply(number, error=shown_error(error))


def _answerer(ask: str) -> Callable[[dict[str, Any]], Any]:
    if ask not in _ANSWERS:
        raise WorkerError("ask", f"must be one of {', '.join(_ANSWERS)}", found=ask)
    return _ANSWERS[ask]


def _write(answers: TextIO, reply: Reply) -> None:
    try:
        answers.write(encode_reply(reply))
        answers.flush()
    except (BrokenPipeError, ValueError, OSError):
        log.info("nobody reads the answers any more")


def _devices(payload: dict[str, Any]) -> Any:
    from mtl_core.training.runtime.devices import devices

    return [device.model_dump(mode="json") for device in devices()]


def _dataset(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.inspection import inspect_dataset

    return inspect_dataset(dataset_from_data(payload["dataset"])).model_dump(mode="json")


def _model(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.inspection import inspect_model

    return inspect_model(spec_from_data(payload["spec"])).model_dump(mode="json")


def _check(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.inspection import inspect

    problems = problems_of(payload["spec"])
    if not problems:
        try:
            inspect(spec_from_data(payload["spec"]))
        except InputError as error:
            problems = list(error.problems)
    return [{"path": p.path, "rule": p.rule, "found": p.found, "fix": p.fix} for p in problems]


def _check_together(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.joint_execution import check_runs

    check_runs([spec_from_data(spec) for spec in payload["specs"]])
    return []


def _cost(payload: dict[str, Any]) -> Any:
    from mtl_core.evaluation.inference_cost import cost

    return cost(spec_from_data(payload["spec"])).data()


def _ensemble(payload: dict[str, Any]) -> Any:
    from mtl_core.evaluation.scores import evaluate_ensemble
    from mtl_core.runner.saved_models import saved_runs
    from mtl_core.store import open_store

    with open_store(payload["store"], create=False) as store:
        saved = saved_runs(store, payload["runs"])
    return evaluate_ensemble(saved, payload["split"]).data()


def _resumable(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.execution import check_resume
    from mtl_core.store import open_store

    with open_store(payload["store"], create=False) as store:
        store.reap()
        check_resume(store, payload["run"])
    return True


def _train(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.execution import execute
    from mtl_core.store import open_store

    with open_store(payload["store"]) as store:
        ending = execute(store, payload["run"])
    return {"run": payload["run"], "state": ending.state}


def _train_together(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.joint_execution import execute_together
    from mtl_core.store import open_store

    with open_store(payload["store"]) as store:
        endings = execute_together(store, payload["runs"])
    return {"runs": payload["runs"], "states": [ending.state for ending in endings]}


_ANSWERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "devices": _devices,
    "dataset": _dataset,
    "model": _model,
    "check": _check,
    "check_together": _check_together,
    "cost": _cost,
    "ensemble": _ensemble,
    "resumable": _resumable,
    "train": _train,
    "train_together": _train_together,
}


def main() -> None:
    """Serve standard input and output; what libraries print goes to standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    answers, sys.stdout = sys.stdout, sys.stderr
    try:
        serve(sys.stdin, answers)
    except KeyboardInterrupt:
        log.info("interrupted")
