"""The training loop, top to bottom."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from mtl_core.spec import TOTAL
from mtl_core.tasks.undefined_metrics import undefined_metrics
from mtl_core.training.batching.batches import Batch
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.metrics.validation import Scores, total
from mtl_core.training.recorder import Request
from mtl_core.training.run_state import Prepared
from mtl_core.training.runtime.threads import threads_for
from mtl_core.training.step.forward import Penalty, cuts, forward, mean_losses, parted
from mtl_core.training.transfer.initial_weights import freeze_trunk
from mtl_core.training.transfer.regularizers import Keeper
from mtl_core.weighting import ForwardPass
from mtl_core.weighting.gradients.diagnostics import agreement_series, measure_agreement, parameter_blocks

TICK_SECONDS = 0.3
"""How often losses are copied out, requests are read and progress is told."""
PAUSE_SECONDS = 0.1


class StoppedError(Exception):
    """Someone asked the run to stop and keep what it has."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        state: ``finished`` or ``stopped``.
        steps: Steps done.
        best_step: The step after which the monitored value was best, -1 without a validated epoch.
        test: Metrics of the best model on the test split.
    """

    state: Literal["finished", "stopped"]
    steps: int
    best_step: int
    test: Scores


class Trainer(Prepared):
    """Trains one run of an experiment."""

    def run(self) -> Outcome:
        """Train to the end, or until someone stops it.

        Returns:
            How it ended; results and checkpoints are with the recorder.

        Raises:
            DivergedError: A loss became NaN or infinite; the checkpoints are those from before.
            EnvironmentFault, StoreError: A checkpoint cannot be saved.
        """
        self._clock = self._saved = time.perf_counter()
        self.journal.start_clock(self.step)
        row = self.data.train.inputs[:1].to(self.device)
        with threads_for(self.model, row, self.train.batch_size, self._threads) as self._threads:
            return self._run()

    def _run(self) -> Outcome:
        self.model.train()
        state: Literal["finished", "stopped"] = "finished"
        if self.keeper is not None and not self.keeper.before:
            self.keeper.begin(self.data, self._score(self.model, self.test))
            if self.keeper.warning:
                self.warn(self.keeper.warning)
        try:
            while not self._done():
                self._train_epoch()
                self._end_epoch()
        except StoppedError:
            state = "stopped"
        self.save()
        self._tell_progress()
        return Outcome(state, self.step, self.monitor.best_step, self._test())

    def _done(self) -> bool:
        training = self.spec.training
        return self.epoch >= training.epochs or self.monitor.exhausted(training.early_stopping)

    def _train_epoch(self) -> None:
        freeze_trunk(self.model, frozen=self.epoch < self.spec.training.shared.freeze_epochs)
        if self.keeper is not None:
            self.keeper.begin_epoch()
        start = self.step - self.epoch * self.train.count
        for batch in self.train.shuffled(self.spec.training.seed, self.epoch, start):
            self._moves.replay(self.step)
            if time.perf_counter() >= self._clock:
                self._tick()
            self._train_step(batch)
        self.journal.collect(self.step, self.weighting.weights())

    def _train_step(self, batch: Batch) -> None:
        self.rate.before_step(self.step)
        weighting = self.weighting
        parts = [batch] if weighting.batch_parts == 1 else parted(batch, weighting.batch_parts)
        self.scale.before(weighting)
        self.computing.begin_step()
        cut = cuts(weighting, self.computing)
        passes = [forward(self.computing, self.tasks, part, cut=cut) for part in parts]
        for parameter in self._stepped:  # what zero_grad() does, without its hooks: they take 3 % of a small step
            parameter.grad = None
        every = self.spec.training.compare_gradients
        if every is not None and self.step % every == 0:
            self._compare_gradients(passes[0])
        penalty = self.computing.penalty()
        added = None if penalty is None else Penalty(penalty, self._clipped)
        if self.keeper is not None:
            self.keeper.before_backward(passes, parts, self._clipped)
        weighting.backward_parts(passes, self.model)
        if added is not None:
            added.add()
        if self.keeper is not None:
            self.keeper.after_backward()
        self._penalties.add()
        if self.spec.training.grad_clip is not None:
            nn.utils.clip_grad_norm_(self._clipped, self.spec.training.grad_clip)
        if self.scale.allows(self._clipped, weighting):
            self.optimizer.step()
        self.average.after_step(self.step)
        if weighting.needs_losses_after_step:
            self._look_again(batch)
        weights = None if weighting.constant else weighting.weights().clone()
        self.journal.note_step(mean_losses(passes), weights, self.rate.now, batch.present)
        self.step += 1

    def _compare_gradients(self, one: ForwardPass) -> None:
        found = measure_agreement(one, parameter_blocks(self.model, self.model.shared_parameters()))
        self.journal.note_values(self.step, agreement_series(found, self.spec.task_names, TOTAL))

    @torch.no_grad()
    def _look_again(self, batch: Batch) -> None:
        again = forward(self.computing, self.tasks, batch, cut=False)
        self.weighting.observe(torch.stack(list(again.losses)), batch.present)

    def _tick(self) -> None:
        """A few times a second: tell what happened, do what was asked.

        It comes before a step, never between the last step of an epoch and its validation: what is asked and saved
        at step S comes after all that happened in the S steps before.
        """
        self.flush()
        self._tell_progress()
        self._answer(self.recorder.requests())
        now = time.perf_counter()
        if now - self._saved >= self.spec.training.checkpoint_seconds:
            self.save()
        self._clock = time.perf_counter() + TICK_SECONDS

    def _end_epoch(self) -> None:
        self.average.after_epoch(self.epoch + 1)
        judged = self.average.judged(self.train)
        scores = self._score(judged, self.val)
        self._check(scores)
        means = torch.from_numpy(self.journal.end_epoch())
        self.weighting.epoch_end(means.to(self.weighting.weights()))
        self.epoch += 1
        value = self._monitored(scores)
        stopping = self.spec.training.early_stopping
        if self.monitor.improved(value, self.step, stopping.min_delta if stopping else 0.0):
            self._best = {name: tensor.clone() for name, tensor in judged.state_dict().items()}
        self.journal.note_scores("val", self.step, scores)
        # of the last step, which a resumed run keeps
        self.journal.note_values(self.step - 1, self.model.sharing_metrics())
        stops = self.monitor.exhausted(stopping)
        self.journal.log_epoch(self.step, self.epoch, scores, last=self._done())
        if stops:
            text = f"no better {self.monitor.name} for {self.monitor.waited} epochs: stops early"
            self.recorder.event(self.step, "epoch", text)

    def _monitored(self, scores: Scores) -> float:
        """The value that chooses the best epoch; the first time around, also what of the scores is not defined."""
        combined = total(scores, self.journal.ruler)
        if text := self.monitor.switch(scores, combined):
            self.warn(text)
            self.rate.restart()
        if self.epoch == 1:
            self._tell_undefined(scores, "validation")
        value = self.monitor.value(scores, combined)
        self.rate.after_epoch(value, self.monitor.direction)
        return value

    def _tell_undefined(self, scores: Scores, split: str) -> None:
        """Which metrics a split's rows leave undefined, since what is not shown is not missed."""
        for text in undefined_metrics(self.spec.tasks, scores, split):
            self.warn(text)

    def _check(self, scores: Scores) -> None:
        """See that the last step of an epoch has not broken the model: its loss was taken before."""
        for task, values in scores.items():
            if not math.isfinite(values.get("loss", 0.0)) and not self.finite():
                self.journal.refuse(DivergedError(task, self.step, values["loss"]))

    def _test(self) -> Scores:
        """The best model on the test split."""
        judged = self.model if self._best else self.average.judged(self.train)
        if self._best:
            self.model.load_state_dict(self._best)
        scores = self._score(judged, self.test)
        self._tell_undefined(scores, "test")
        step = self.monitor.best_step if self._best else self.step
        if self.keeper is not None:
            self._tell_kept(self.keeper, step, scores)
        self.journal.note_scores("test", step, scores)
        self.flush()
        return scores

    def _tell_kept(self, keeper: Keeper, step: int, scores: Scores) -> None:
        """What the old tasks lost: in the log, and as a first point of the test scores."""
        if step:
            self.journal.note_known("test", 0, keeper.before)
        for change in keeper.changes(scores):
            self.recorder.event(self.step, "kept", str(change), change.data())

    def _tell_progress(self) -> None:
        self.journal.tell_progress(
            step=self.step,
            steps=self.steps,
            epoch=self.epoch,
            epochs=self.spec.training.epochs,
            batch_size=self.train.batch_size,
        )

    def _answer(self, requests: Sequence[Request]) -> None:
        waiting = list(requests)
        paused = False
        while waiting or paused:
            for request in waiting:
                match request.kind:
                    case "stop":
                        raise StoppedError
                    case "pause" if not paused:
                        paused = True
                        self.save()
                        self.recorder.event(self.step, "pause", "paused")
                    case "resume" if paused:
                        paused = False
                        self.recorder.event(self.step, "resume", "goes on")
                        self.journal.start_clock(self.step)
                    case "checkpoint":
                        self.save()
                    case "weights":
                        self._moves.make(self.step, request.payload.get("weights"))
            if paused:
                time.sleep(PAUSE_SECONDS)
            waiting = list(self.recorder.requests()) if paused else []
