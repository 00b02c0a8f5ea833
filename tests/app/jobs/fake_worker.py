"""Speaks the worker's protocol without torch; the name of a run's experiment says how it goes.

``quick`` ends at once, ``hold`` trains until it is asked to stop, ``die`` dies after it has begun and ``never``
before, ``refuse`` answers with an error before it claims the run, the baseline of ``right`` of ``faulty`` does not pass
its check, and ``apart`` not that of training together. The check of ``checked-late`` is answered once there is a file
``go`` in the home folder. ``vanish`` ends a process that has trained before, without a word, and is like ``quick`` in a
new one. The file ``asks.log`` in the home folder lists what was asked.
"""

import contextlib
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from mtl_core.errors import InputError
from mtl_core.protocol.wire import READY_ID, Reply, encode_reply

_trained: list[int] = []


def main() -> None:
    say(Reply(READY_ID, "ready"))
    for line in sys.stdin:
        ask = json.loads(line)
        (Path(os.environ["MTL_WORKBENCH_HOME"]) / "asks.log").open("a").write(ask["ask"] + "\n")
        say(answer(ask))


def say(reply: Reply) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(encode_reply(reply))
        sys.stdout.flush()


def answer(ask: dict[str, Any]) -> Reply:
    match ask["ask"]:
        case "devices":
            return Reply(ask["id"], [{"name": "cpu", "label": "CPU · test"}])
        case "check":
            return check(ask)
        case "check_together" if ask["specs"][0]["name"].startswith("apart"):
            return Reply(ask["id"], error=InputError("weighting", "runs that train together need", found="dwa"))
        case "check_together":
            return Reply(ask["id"], [])
        case "train_together":
            return train_together(ask)
        case "resumable":
            return Reply(ask["id"], True)
        case "train":
            return train(ask)
        case _:
            return Reply(ask["id"], error=InputError(ask["ask"], "is not known to this worker"))


def check(ask: dict[str, Any]) -> Reply:
    match ask["spec"]:
        case {"name": str(name)} if name.startswith("checked-late"):
            while not (Path(os.environ["MTL_WORKBENCH_HOME"]) / "go").exists():
                time.sleep(0.02)
            return Reply(ask["id"], [])
        case {"name": "faulty · right alone"}:
            return Reply(ask["id"], [{"path": "model.shared[0]", "rule": "cannot be built", "found": "", "fix": ""}])
        case dict():
            return Reply(ask["id"], [])
        case "die":
            sys.stderr.write("no memory left\n")
            sys.stderr.flush()
            os._exit(3)
        case "noise":
            sys.stdout.write("a library greets you\n")
        case "hold":
            time.sleep(60)
    return Reply(ask["id"], [{"path": str(ask["spec"]), "rule": str(os.getpid()), "found": "", "fix": ""}])


def train(ask: dict[str, Any]) -> Reply:
    from mtl_core.store import open_store

    with open_store(ask["store"]) as store:
        run = ask["run"]
        name = store.spec(run).name
        if name == "never":
            sys.stderr.write("no room\n")
            sys.stderr.flush()
            os._exit(7)
        if name == "vanish" and _trained:
            os._exit(0)
        _trained.append(run)
        if name == "refuse":
            return Reply(ask["id"], error=InputError("dataset", "there is no such file", found="x.csv"))
        store.claim(run, pid=os.getpid(), host=socket.gethostname(), device="CPU · test", versions={})
        if name == "die":
            os._exit(9)
        state = hold(store, run) if name.startswith("hold") else "finished"
        store.finish(run, state)
        return Reply(ask["id"], {"run": run, "state": state})


def train_together(ask: dict[str, Any]) -> Reply:
    from mtl_core.store import open_store

    with open_store(ask["store"]) as store:
        for run in ask["runs"]:
            store.claim(run, pid=os.getpid(), host=socket.gethostname(), device="CPU · test", versions={})
        name = store.spec(ask["runs"][0]).name
        if name == "die":
            os._exit(9)
        state = hold(store, ask["runs"][0]) if name.startswith("hold") else "finished"
        for run in ask["runs"]:
            store.finish(run, state)
    return Reply(ask["id"], {"runs": ask["runs"], "states": [state] * len(ask["runs"])})


def hold(store: Any, run: int) -> str:
    """Append a point every few hundredths of a second until asked to stop."""
    from mtl_core.protocol.events import WarningEvent, WeightsData, WeightsEvent
    from mtl_core.protocol.requests import WeightsRequest
    from mtl_core.store import Points, Progress, SeriesKey

    for step in range(1, 10_000):  # no longer than any test, should nobody be left to stop it
        point = Points(np.array([step]), np.array([1.0 / step]))
        store.append(run, {SeriesKey("left", "train", "loss"): point})
        store.record_heartbeat(run, Progress(0, 20, step, 1000, 1234.0, 70.0))
        for request in store.take_requests(run):
            text = f"asked to {request.kind}"
            match request.content:
                case WeightsRequest(weights=weights):
                    data = WeightsData(weights=weights, step=step)
                    store.add_event(run, WeightsEvent(step=step, message=text, data=data))
                case _:
                    store.add_event(run, WarningEvent(step=step, message=text))
            match request.kind:
                case "stop":
                    return "stopped"
                case "pause":
                    store.set_state(run, "paused")
                case "resume":
                    store.set_state(run, "running")
        time.sleep(0.02)
    return "stopped"


if __name__ == "__main__":
    main()
