"""The process that trains the runs of the queue, one turn after the other."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs.runs.turns import Turn
from app.jobs.runs.worker_questions import train_question
from app.jobs.worker.process import WorkerProcess
from app.jobs.worker.worker_client import Worker
from mtl_core.errors import WorkbenchError
from mtl_core.protocol.wire import Reply

IDLE_MS = 60_000
"""How long a process without a run is kept: it holds some 300 MB, and a new one takes seconds to load torch."""


@dataclass(frozen=True)
class ProcessExit:
    """The exit of a process that had runs to train.

    Attributes:
        pid: Its number.
        status: Its exit status; below zero the signal that ended it.
        last_line: The last line of its log.
        reused: Whether it had trained other runs before.
    """

    pid: int
    status: int
    last_line: str
    reused: bool


@dataclass(frozen=True)
class TurnEnd:
    """The end of a turn: the process answered, refused to train, or exited.

    Attributes:
        runs: The runs of the turn.
        refusal: Why the process would not train them.
        exit: How the process exited; None while it lives.
    """

    runs: Turn
    refusal: WorkbenchError | None = None
    exit: ProcessExit | None = None


class TrainingProcess(QObject):
    """One worker process at a time, which is reused for the next turn when a turn has ended well.

    ``turnEnded(TurnEnd)``: a turn is over; :meth:`release` says whether its process may train another one.

    Args:
        worker: Its warm process is taken when there is none.
        parent: Owner.
    """

    turnEnded = Signal(object)

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._process: WorkerProcess | None = None
        self._runs: Turn = ()
        self._question_id = -1
        self._reused = False
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._end_process)

    @property
    def runs(self) -> Turn:
        """The runs of the current turn, until it is released."""
        return self._runs

    @property
    def pid(self) -> int | None:
        """Number of the process, if there is one."""
        return self._process.pid if self._process is not None else None

    def train(self, runs: Turn, url: str) -> None:
        """Train a run of a store, or several together."""
        self._idle.stop()
        if self._process is None:
            self._process, self._reused = self._worker.take_process(), False
            self._process.setParent(self)
            self._process.replied.connect(self._on_reply)
            self._process.exited.connect(self._on_exit)
        self._runs = runs
        self._question_id = self._process.send(train_question(runs, url))

    def release(self, *, reuse: bool) -> None:
        """End the turn.

        Args:
            reuse: Keep the process for the next turn. After a run that failed it is not: an error may leave a device
                unusable, or memory taken.
        """
        self._runs, self._reused = (), True
        if not reuse:
            self._end_process()
        elif self._process is not None:
            self._idle.start()

    def close(self, seconds: float = 5.0) -> None:
        """Let a process that trains continue by itself, and end one that does not."""
        self._idle.stop()
        process, self._process = self._process, None
        if process is None:
            return
        if self._runs:
            process.detach()
        else:
            process.kill()  # nothing is lost
            process.wait(seconds)

    def _end_process(self) -> None:
        """Let the process end, which emits ``exited`` later."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def _on_reply(self, reply: Reply) -> None:
        if self.sender() is not self._process or not self._runs or reply.id != self._question_id:
            return
        self.turnEnded.emit(TurnEnd(self._runs, reply.error))

    def _on_exit(self, status: int, last_line: str) -> None:
        process = self.sender()
        if isinstance(process, WorkerProcess):
            process.deleteLater()
        if not isinstance(process, WorkerProcess) or process is not self._process:
            return  # its turn was over
        self._process = None
        self._idle.stop()
        if self._runs:
            self.turnEnded.emit(TurnEnd(self._runs, exit=ProcessExit(process.pid, status, last_line, self._reused)))
