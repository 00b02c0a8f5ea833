"""Processes that begin with their modules loaded: a server loads them once and forks itself for each process.

A worker spends seconds on loading torch and what training needs, and most tests of the window start workers. A process
that :func:`popen` gives runs its command unchanged; only the modules are there already.

The server is ``python -m tests.fork_server SOCKET MODULE…``. A request is a JSON object with four files: the standard
streams, and a socket on which the number of the process is told and, when it has ended, its exit status.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LIMIT = 1 << 17
"""Bytes of a request."""
_ROOT = Path(__file__).parents[1]
ENGINE = (
    "mtl_core.runner.worker",
    "mtl_core.runner.execution",
    "mtl_core.runner.joint_execution",
    "mtl_core.runner.inspection",
    "mtl_core.store",
    "alembic.command",
    "alembic.context",
    "sklearn.datasets",
    "torchmetrics",
    "torch._dynamo",
    "torch.fx.experimental.symbolic_shapes",
)
"""What a worker has loaded once it has trained."""
_MODULES = {
    ("-m", "mtl_core.runner"): ENGINE,
    ("-m", "mtl_core"): ("mtl_core.cli", *ENGINE),
    (str(_ROOT / "tests/app/jobs/fake_worker.py"),): ("numpy", "mtl_core.protocol.wire", "mtl_core.store"),
}
"""What is loaded for whom, by the beginning of the arguments; another command is started as ever."""


def popen(command: Sequence[str], **options: Any) -> "Process":
    """Start a process as ``subprocess.Popen`` does, by a fork where there is a server for its command."""
    modules = next((found for words, found in _MODULES.items() if tuple(command[1 : 1 + len(words)]) == words), None)
    if sys.platform != "linux" or modules is None or command[0] != sys.executable:
        return subprocess.Popen(command, **options)
    if modules not in _servers:
        _servers[modules] = _Server(modules)
    return ForkedProcess(_servers[modules].socket, command, **options)


def forked() -> set[int]:
    """The numbers of the forked processes that still are there."""
    return {child for server in servers() for child in children_of(server)}


def servers() -> set[int]:
    """The numbers of the servers."""
    return {server.process.pid for server in _servers.values()}


def children_of(pid: int) -> set[int]:
    """The numbers of the children of a process, where the system tells."""
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found |= set(map(int, task.read_text().split()))
    return found


def close_servers() -> None:
    """End the servers; what they have forked goes on."""
    while _servers:
        _, server = _servers.popitem()
        server.socket.close()
        server.process.wait()


class ForkedProcess:
    """A process that a server has forked: as much of ``subprocess.Popen`` as its users here need."""

    def __init__(
        self,
        server: socket.socket,
        command: Sequence[str],
        *,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        encoding: str | None = None,
        env: dict[str, str] | None = None,
        start_new_session: bool = False,
    ) -> None:
        self.args = command
        self.returncode: int | None = None
        self._waiting = threading.Lock()
        ours, theirs = socket.socketpair()
        self._told = ours.detach()
        self._close = weakref.finalize(self, os.close, self._told)
        mode = "" if encoding else "b"
        self.stdin, read = _pipe(stdin, 0, "w" + mode, encoding)
        self.stdout, write = _pipe(stdout, 1, "r" + mode, encoding)
        self.stderr, errors = _pipe(stderr, 2, "r" + mode, encoding)
        request = {"command": command, "environment": env or dict(os.environ), "folder": str(Path.cwd())}
        text = json.dumps({**request, "session": start_new_session}).encode()
        socket.send_fds(server, [text], [read, write, errors, theirs.fileno()])
        theirs.close()
        for number in {read, write, errors} - {0, 1, 2}:
            os.close(number)
        self.pid = int(os.read(self._told, 64))

    def poll(self) -> int | None:
        """The exit status, or None while the process runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process; its exit status, negative where a signal ended it."""
        if not self._waiting.acquire(timeout=-1 if timeout is None else timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        try:
            if self.returncode is None:
                if not select.select([self._told], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
                self.returncode = int(os.read(self._told, 64))
                self._close()
            return self.returncode
        finally:
            self._waiting.release()

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process."""
        self.send_signal(signal.SIGKILL)


Process = subprocess.Popen[Any] | ForkedProcess


def _pipe(wish: Any, number: int, mode: str, encoding: str | None) -> tuple[Any, int]:
    """This end of a pipe, or None, and the file that the process gets for one of its standard streams."""
    if wish is None:
        return None, number
    if wish == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    if wish != subprocess.PIPE:
        return None, os.dup(wish.fileno())
    read, write = os.pipe()
    ours, theirs = (write, read) if number == 0 else (read, write)
    return os.fdopen(ours, mode, encoding=encoding), theirs


class _Server:
    """A server with these modules, which ends when its socket is closed."""

    def __init__(self, modules: Sequence[str]) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), *modules],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )


_servers: dict[tuple[str, ...], _Server] = {}


def _serve(server: socket.socket) -> dict[str, Any] | None:
    """Fork for each request until there are no more; in a forked process return its request, in the end None."""
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for ready in select.select([server.fileno(), *running], [], [])[0]:
            if ready != server.fileno():
                pid, client = running.pop(ready)
                os.close(ready)
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with client, contextlib.suppress(OSError):  # nobody may be left to be told
                    client.send(str(status).encode())
                continue
            text, files, *_ = socket.recv_fds(server, _LIMIT, 4)
            if not text:
                return None
            pid = os.fork()
            if pid == 0:
                for other, (_, client) in running.items():
                    os.close(other)
                    client.close()
                server.close()
                request: dict[str, Any] = json.loads(text)
                return {**request, "files": files}
            for file in files[:3]:
                os.close(file)
            client = socket.socket(fileno=files[3])
            running[os.pidfd_open(pid)] = pid, client
            client.send(str(pid).encode())


def _run(request: dict[str, Any]) -> None:
    """Become the process that was asked for, and run its command."""
    if request["session"]:
        os.setsid()
    for number, file in enumerate(request["files"][:3]):
        os.dup2(file, number)
    for file in request["files"]:
        os.close(file)
    _open_streams()
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    match request["command"][1:]:
        case ["-m", module, *arguments]:
            sys.argv = [module, *arguments]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case [script, *arguments]:
            sys.argv = [script, *arguments]
            runpy.run_path(script, run_name="__main__")


def _open_streams() -> None:
    """Open the standard streams anew: the server's remember of its own files whether one can seek in them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before, mode = getattr(sys, name), "w" if number else "r"
        stream = open(number, mode, encoding=before.encoding, errors=before.errors, closefd=False)  # noqa: SIM115
        stream.reconfigure(line_buffering=name == "stderr" or stream.isatty())
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def prepare(modules: Sequence[str]) -> None:
    """Load modules in a process that will be forked."""
    for module in modules:
        importlib.import_module(module)
    threads = {task: (task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()}
    others = {name for task, name in threads.items() if task.name != str(os.getpid())}
    assert others <= {"jemalloc_bg_thd"}, others  # a fork has no other thread than this one; jemalloc starts its own
    gc.freeze()  # or the collections of forked processes copy all that is loaded


def main(server: socket.socket, modules: Sequence[str]) -> None:
    """Load modules and serve."""
    prepare(modules)
    request = _serve(server)
    if request is not None:
        _run(request)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
