"""A window in another process, controlled by the benchmarks."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self


class Window:
    """The real window, offscreen, on a store and a home of its own.

    Args:
        home: Its ``MTL_WORKBENCH_HOME``.
        store: The store it opens.
        spec: What it opens; the bundled example without.
    """

    def __init__(self, home: Path, store: Path, spec: Path | None = None) -> None:
        arguments = ["--store", str(store), *([] if spec is None else [str(spec)])]
        self.begun = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.window_process", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"MTL_WORKBENCH_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.ask("quit")
        else:
            self._process.terminate()
        self._process.wait(30)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def wait_for(self, what: str) -> dict[str, Any]:
        """The next thing of that name that it says."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            if said["what"] == what:
                return said
        raise RuntimeError(f"the window ended before it said {what!r}")

    def ask(self, command: str) -> dict[str, Any]:
        """Have it do something; its answer."""
        answers = {
            "follow": "follows",
            "run": "runs",
            "visit": "visits",
            "watch": "watches",
            "list": "lists",
            "edit": "edits",
            "together": "trains",
            "compare": "compares",
        }
        answers |= {"quit": "quits"}
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        word = command.split(maxsplit=1)[0]
        return self.wait_for(answers.get(word, word))

    @contextmanager
    def halted(self) -> Iterator[None]:
        """Takes the processor from it for a while."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)
