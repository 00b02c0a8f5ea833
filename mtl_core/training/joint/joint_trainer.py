"""Several runs of one architecture trained in one loop."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from mtl_core.protocol.requests import (
    CheckpointRequest,
    PauseRequest,
    Request,
    ResumeRequest,
    StopRequest,
    WeightsRequest,
)
from mtl_core.spec import ExperimentSpec, InputError, Problem, spec_to_data
from mtl_core.spec.model import CrossStitch, HardSharing, SeparateModels
from mtl_core.spec.training.averaging import Unaveraged
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.optimizers import Muon
from mtl_core.spec.training.schedules import PlateauSchedule
from mtl_core.spec.weighting import EqualWeighting, ManualWeighting
from mtl_core.training import loop
from mtl_core.training.batching.batches import StackedBatch
from mtl_core.training.joint.stacked_model import Stack, check_stackable, stacked_losses
from mtl_core.training.loop import Outcome, StoppedError, Trainer
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.optimization.lr_schedule import Rate
from mtl_core.training.optimization.optimizers import build_optimizer
from mtl_core.training.runtime.threads import threads_for

_TICKS = 1.5
"""How much rarer runs that train together are told of than one alone: still within half a second."""

Result = Outcome | DivergedError
State = Literal["finished", "stopped"]


class Lane(Trainer):
    """One of several runs that train together: all of a run but its steps.

    It validates, records, saves and tests its own model, whose parameters are views of the stack.
    """

    share: Callable[[], None] = staticmethod(lambda: None)
    """Brings the optimiser's state up to date, before it is saved."""

    @property
    def done(self) -> bool:
        """Whether its last epoch has been, by its length or by early stopping."""
        return self._done()

    def begin(self, threads: int) -> None:
        """Start the clock of a run."""
        self._saved, self._threads = time.perf_counter(), threads
        self.journal.start_clock(self.step)
        self.model.train()

    def weights(self) -> Tensor:
        """[K] the loss weights of the step to come, moves that are due made."""
        self._moves.replay(self.step)
        return self.weighting.weights()

    def note(self, losses: Sequence[Tensor], rate: float, present: tuple[bool, ...] | None) -> None:
        """Note a step; arguments as of :meth:`mtl_core.training.metrics.metric_log.Journal.note_step`."""
        self.journal.note_step(losses, None, rate, present)
        self.step += 1

    def tell(self) -> None:
        """A few times a second, as a run alone does."""
        self.flush()
        self._tell_progress()
        if time.perf_counter() - self._saved >= self.spec.training.checkpoint_seconds:
            self.save()

    def answer(self, request: Request) -> None:
        """Do what is asked of this run alone."""
        self._answer([request])

    def pause(self) -> None:
        """Save, and say that the run waits."""
        self.begin_pause("paused, with the runs it trains together with")

    def end_epoch(self) -> None:
        """Collect the epoch's losses, validate and record."""
        self.journal.collect(self.step, self.weighting.weights())
        self._end_epoch()

    def end(self, state: State) -> Outcome:
        """Save and test."""
        self.save()
        self._tell_progress()
        return Outcome(state, self.step, self.monitor.best_step, self._test())

    def save(self) -> None:
        """Write the checkpoints of a run that can go on alone."""
        self.share()
        super().save()


class Together:
    """Trains several runs that differ in their seeds, or in the loss weights a person set.

    Every step is one for each run: the models' parameters are stacked, their losses computed by ``torch.func.vmap``
    and stepped by one optimiser. Each run has the initial weights and the order of rows that it has alone, so that its
    losses are the same but for rounding; dropout draws other numbers than it does alone. A run that stops early or
    diverges leaves the others training; stopping or pausing one stops or pauses all.

    Args:
        lanes: The runs, each at its first step.

    Raises:
        InputError: They cannot be trained together.
    """

    def __init__(self, lanes: Sequence[Lane]) -> None:
        check_together([lane.spec for lane in lanes])
        first = lanes[0]
        check_stackable(first.model, first.tasks, first.data.train)
        training = first.spec.training
        self.lanes, self._training = lanes, training
        self._active = list(range(len(lanes)))
        self._results: dict[int, Result] = {}
        self._stack = Stack([lane.model for lane in lanes])
        self._optimizer = build_optimizer(training.optimizer, self._stack.groups(training), ())
        self._rate = Rate(training, self._optimizer, first.steps, first.train.count)
        self._losses = stacked_losses(first.model, first.tasks, self._stack.parameters)
        self._seeds = [lane.spec.training.seed for lane in lanes]
        self._step, self._epoch = 0, 0
        for lane in lanes:
            lane.share = self._share

    def run(self) -> list[Result]:
        """Train all to their ends, or until someone stops one.

        Returns:
            How each run ended, in the order of the runs.

        Raises:
            EnvironmentFault, StoreError: A checkpoint cannot be saved.
        """
        first = self.lanes[0]
        row = first.data.train.inputs[:1].to(first.device)
        with threads_for(first.model, row, first.train.batch_size, self._training.threads) as threads:
            for lane in self.lanes:
                lane.begin(threads)
            self._clock = time.perf_counter()
            try:
                while self._active:
                    self._train_epoch()
            except StoppedError:
                self._end_all("stopped")
        return [self._results[number] for number in range(len(self.lanes))]

    def _train_epoch(self) -> None:
        self._stack.freeze_trunk(frozen=self._epoch < self._training.shared.freeze_epochs)
        for batch in self.lanes[0].train.stacked(self._seeds, self._epoch):
            if time.perf_counter() >= self._clock:
                self._each(Lane.tell)
                self._answer()
                self._clock = time.perf_counter() + _TICKS * loop.TICK_SECONDS
            if not self._active:
                return
            self._train_step(batch)
        self._epoch += 1
        self._each(Lane.end_epoch)
        self._end_all("finished")

    def _train_step(self, batch: StackedBatch) -> None:
        self._rate.before_step(self._step)
        weights = torch.stack([lane.weights() for lane in self.lanes])
        losses = self._losses(batch.inputs, batch.targets, batch.masks)
        self._optimizer.zero_grad()
        torch.autograd.backward(losses, weights)
        if self._training.grad_clip is not None:
            self._stack.clip(self._training.grad_clip)
        self._optimizer.step()
        self._step += 1
        values, count = losses.detach().flatten().unbind(), losses.shape[1]
        for number in self._active:
            own = values[number * count : (number + 1) * count]
            self.lanes[number].note(own, self._rate.now, batch.present[number] if batch.present else None)

    def _each(self, work: Callable[[Lane], None]) -> None:
        """Do something for every run that still trains."""
        for number in list(self._active):
            self._guarded(number, work)

    def _guarded(self, number: int, work: Callable[[Lane], None]) -> None:
        """Do something for a run; when its loss turns out to be no number, it ends here, alone."""
        try:
            work(self.lanes[number])
        except DivergedError as error:
            self._leave(number, error)

    def _end_all(self, state: State) -> None:
        """End the runs that are done, or, when someone stops one, all."""
        for number in list(self._active):
            if state == "stopped" or self.lanes[number].done:
                self._guarded(number, lambda lane: self._leave(number, lane.end(state)))  # noqa: B023

    def _leave(self, number: int, result: Result) -> None:
        self._results[number] = result
        self._active.remove(number)

    def _answer(self) -> None:
        """Do what is asked of any run: stopping, pausing and going on is for all."""
        paused = False
        while True:
            for number, request in self._requests():
                match request:
                    case StopRequest():
                        raise StoppedError
                    case PauseRequest() if not paused:
                        paused = True
                        self._each(Lane.pause)
                    case ResumeRequest() if paused:
                        paused = False
                        self._each(Lane.end_pause)
                    case CheckpointRequest() | WeightsRequest():
                        self._guarded(number, partial(Lane.answer, request=request))
            if not paused:
                return
            time.sleep(loop.PAUSE_SECONDS)

    def _requests(self) -> list[tuple[int, Request]]:
        return [(number, request) for number in self._active for request in self.lanes[number].recorder.requests()]

    def _share(self) -> None:
        self._stack.share_state(self._optimizer, [lane.optimizer for lane in self.lanes], self._rate.now)


def check_together(specs: Sequence[ExperimentSpec]) -> None:
    """See that the settings of some runs allow training them together.

    Raises:
        InputError: They differ in more than seed and hand-set loss weights, or have what works on one run only.
    """
    first = specs[0]
    if any(_common(spec) != _common(first) for spec in specs):
        raise InputError("spec", "runs that train together may differ in seed and hand-set loss weights only")
    if problems := _problems(first):
        raise InputError.of(problems)


def _common(spec: ExperimentSpec) -> dict[str, Any]:
    """What must be the same in all."""
    data = spec_to_data(spec)
    data["training"].pop("seed")
    if isinstance(spec.weighting, EqualWeighting | ManualWeighting):
        data["weighting"] = {"normalize": spec.weighting.normalize}
    return data | {"name": ""}


def _problems(spec: ExperimentSpec) -> list[Problem]:
    training = spec.training
    penalties = [(name, part) for name, part in (("shared", training.shared), ("heads", training.heads))]
    wanted = [
        ("model.sharing", isinstance(spec.model.sharing, HardSharing | SeparateModels | CrossStitch), "hard"),
        ("weighting", isinstance(spec.weighting, EqualWeighting | ManualWeighting), "equal or manual"),
        ("weighting.normalize", spec.weighting.normalize == "none", "none"),
        ("training.optimizer", not isinstance(training.optimizer, Muon), "any but Muon"),
        ("training.schedule", not isinstance(training.schedule, PlateauSchedule), "any but reduce-on-plateau"),
        ("training.averaging", isinstance(training.averaging, Unaveraged), "none"),
        ("training.keep", isinstance(training.keep, NewHeads), "new heads"),
        ("training.precision", training.precision == "float32", "float32"),
        ("training.accumulate", training.accumulate == 1, "1"),
        ("training.compile", not training.compile, "false"),
        ("training.compare_gradients", training.compare_gradients is None, "empty"),
        *((f"training.{name}.l1", not part.l1, "0") for name, part in penalties),
        *((f"training.{name}.l2", not part.l2, "0") for name, part in penalties),
    ]
    rule = "runs that train together need"
    fix = "Change it, or train one by one."
    return [Problem(path, f"{rule} {what}", fix=fix) for path, fine, what in wanted if not fine]
