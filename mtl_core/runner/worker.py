"""Worker process: imports torch in advance, then answers requests about specs and trains runs."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

from mtl_core.errors import InputError, WorkbenchError, WorkerError
from mtl_core.protocol.wire import READY_ID, Reply, encode_reply, to_user_error
from mtl_core.spec import dataset_from_data, problems_of, spec_from_data

log = logging.getLogger(__name__)


def serve(requests: TextIO, replies: TextIO) -> None:
    """Answer requests until the input ends; a running training continues when the window is closed."""
    import torch  # noqa: F401  # the import is what makes a worker warm

    from mtl_core.runner import execution, inspection  # noqa: F401

    _write(replies, Reply(READY_ID, "ready"))
    inspection.warm_up()
    for line in requests:
        if line.strip():
            _write(replies, _handle_line(line))


def _handle_line(line: str) -> Reply:
    request_id = -1
    try:
        payload = json.loads(line)
        request_id = payload["id"]
        return Reply(request_id, _find_handler(payload["ask"])(payload))
    except WorkbenchError as error:
        return Reply(request_id, error=error)
    except Exception as error:
        log.exception("a request failed: %s", line[:200])
        return Reply(request_id, error=to_user_error(error))


def _find_handler(kind: str) -> Callable[[dict[str, Any]], Any]:
    if kind not in _HANDLERS:
        raise WorkerError("ask", f"must be one of {', '.join(_HANDLERS)}", found=kind)
    return _HANDLERS[kind]


def _write(replies: TextIO, reply: Reply) -> None:
    try:
        replies.write(encode_reply(reply))
        replies.flush()
    except (BrokenPipeError, ValueError, OSError):
        log.info("the replies are no longer read")


def _devices(payload: dict[str, Any]) -> Any:
    from mtl_core.training.runtime.devices import list_devices

    return [device.model_dump(mode="json") for device in list_devices()]


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


def _check_joint_training(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.joint_execution import check_joint_training

    check_joint_training([spec_from_data(spec) for spec in payload["specs"]])
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
        result = execute(store, payload["run"])
    return {"run": payload["run"], "state": result.state}


def _train_jointly(payload: dict[str, Any]) -> Any:
    from mtl_core.runner.joint_execution import execute_jointly
    from mtl_core.store import open_store

    with open_store(payload["store"]) as store:
        results = execute_jointly(store, payload["runs"])
    return {"runs": payload["runs"], "states": [result.state for result in results]}


_HANDLERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "devices": _devices,
    "dataset": _dataset,
    "model": _model,
    "check": _check,
    "check_together": _check_joint_training,
    "cost": _cost,
    "ensemble": _ensemble,
    "resumable": _resumable,
    "train": _train,
    "train_together": _train_jointly,
}


def main() -> None:
    """Serve standard input and output; output of libraries is redirected to standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    replies, sys.stdout = sys.stdout, sys.stderr
    try:
        serve(sys.stdin, replies)
    except KeyboardInterrupt:
        log.info("interrupted")
