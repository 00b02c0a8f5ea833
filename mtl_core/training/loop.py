"""The training loop, top to bottom."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.datasets import TaskData
from mtl_core.spec import TOTAL, ExperimentSpec, InputError, WeightMove
from mtl_core.tasks import TaskHead, build_task
from mtl_core.training.averaging import Average
from mtl_core.training.batches import Batch, Batches, check_single_rows, fits, split_bytes
from mtl_core.training.checkpoints import OWN_CHECKPOINT, Checkpoint, load_model, optimizer_state, restore_optimizer
from mtl_core.training.computing import computing
from mtl_core.training.journal import Journal
from mtl_core.training.keeping import Keeper, build_keeper
from mtl_core.training.ledger import DivergedError
from mtl_core.training.monitor import Monitor
from mtl_core.training.moves import Moves, hand_weights
from mtl_core.training.old_heads import told
from mtl_core.training.optimizers import build_optimizer
from mtl_core.training.parts import Penalties, groups_of
from mtl_core.training.passes import Penalty, cuts, forward, mean_losses, parted
from mtl_core.training.precision import LossScale, check_precision
from mtl_core.training.rates import Rate
from mtl_core.training.recording import Recorder, Request
from mtl_core.training.sampling import build_order
from mtl_core.training.seeding import restore_rng, rng_state, seed_everything
from mtl_core.training.threads import threads_for
from mtl_core.training.transfer import freeze_trunk, read_start, take_trunk
from mtl_core.training.validation import Scorer, Scores, evaluation_batches, total
from mtl_core.weighting import MovableWeighting, Pass, build_weighting
from mtl_core.weighting.diagnostics import agreement, as_values, blocks_of

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


@dataclass
class Trainer:
    """One run of an experiment.

    Args:
        spec: The experiment.
        data: Its data, on the CPU.
        device: Where to train.
        recorder: Who keeps the results.
        folder: Where ``last.safetensors`` and ``best.safetensors`` go.
        moves: Weight moves beside the spec's own, of a run that is resumed: those made by hand before it ended.
        start: The file that the shared layers begin with, of a run that is not resumed.
    """

    spec: ExperimentSpec
    data: TaskData
    device: torch.device
    recorder: Recorder
    folder: Path
    moves: Sequence[WeightMove] = ()
    start: Path | None = None

    model: MultiTaskModel = field(init=False)
    tasks: tuple[TaskHead, ...] = field(init=False)
    step: int = field(init=False, default=0)
    epoch: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        spec, training, names = self.spec, self.spec.training, self.spec.task_names
        check_precision(training.precision, self.device)
        seed_everything(training.seed)
        self.tasks = tuple(build_task(task, self.data.targets[task.name]) for task in spec.tasks)
        outputs = {task.name: task.out_features for task in self.tasks}
        self.model = build_model(spec.model, self.data.input_shape, outputs).to(self.device)
        self.keeper = build_keeper(self.model, spec, self.tasks)
        self.taken = self._take(self.start) if self.start else ""
        method = build_weighting(spec.weighting, spec.tasks, device=self.device)
        self.weighting = MovableWeighting(method, names)
        self.optimizer = build_optimizer(
            training.optimizer, groups_of(self.model, training), self.weighting.parameters()
        )
        self.scale = LossScale(self.model, active=training.precision == "fp16")
        self.computing = computing(self.model, training, self.scale, self._warn)
        self.average = Average(training.averaging, self.model, training.epochs)
        self._penalties = Penalties(self.model, training)
        self._stepped = [p for group in self.optimizer.param_groups for p in group["params"]]
        self._clipped = [p for p in self.model.parameters() if p.requires_grad]
        self._place_data(names)
        if self.train.batch_size == 1:
            check_single_rows(self.model, self.train.rows, self.data.input_shape)
        self.steps = self.train.count * training.epochs
        self.monitor = Monitor(training.monitor, self._direction(training.monitor))
        self.rate = Rate(training, self.optimizer, self.monitor.direction, self.steps, self.train.count)
        self.journal = Journal(self.recorder, self.tasks, hand_weights(spec))
        self._best: dict[str, Tensor] = {}
        self._best_saved = -1
        self._told = told(self.data)
        self._score = Scorer(self.tasks, self.device)
        self._threads = training.threads
        self._moves = Moves(spec, self.moves, self.weighting, self.journal, self.recorder)

    def _take(self, path: Path) -> str:
        start = read_start(path)
        text = take_trunk(self.model, start)
        return f"{text}; {self.keeper.take(start, self.data)}" if self.keeper else text

    def run(self) -> Outcome:
        """Train to the end, or until someone stops it.

        Returns:
            How it ended; results and checkpoints are with the recorder.

        Raises:
            DivergedError: A loss became NaN or infinite; the checkpoints are those from before.
            InputError: A checkpoint cannot be saved.
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
                self._warn(self.keeper.warning)
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
        parts = [batch] if weighting.parts == 1 else parted(batch, weighting.parts)
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
        if weighting.looks_again:
            self._look_again(batch)
        weights = None if weighting.constant else weighting.weights().clone()
        self.journal.note_step(mean_losses(passes), weights, self.rate.now, batch.present)
        self.step += 1

    def _compare_gradients(self, one: Pass) -> None:
        found = agreement(one, blocks_of(self.model, self.model.shared_parameters()))
        self.journal.note_values(self.step, as_values(found, self.spec.task_names, TOTAL))

    @torch.no_grad()
    def _look_again(self, batch: Batch) -> None:
        again = forward(self.computing, self.tasks, batch, cut=False)
        self.weighting.observe(torch.stack(list(again.losses)), batch.present)

    def _tick(self) -> None:
        """A few times a second: tell what happened, do what was asked.

        It comes before a step, never between the last step of an epoch and its validation: what is asked and saved
        at step S comes after all that happened in the S steps before.
        """
        self._flush()
        self._tell_progress()
        self._answer(self.recorder.requests())
        now = time.perf_counter()
        if now - self._saved >= self.spec.training.checkpoint_seconds:
            self.save()
        self._clock = time.perf_counter() + TICK_SECONDS

    def _flush(self) -> None:
        self.journal.flush(self.step, self.weighting.weights())

    def _end_epoch(self) -> None:
        self.average.after_epoch(self.epoch + 1)
        judged = self.average.judged(self.train)
        scores = self._score(judged, self.val)
        self._check(scores)
        means = torch.from_numpy(self.journal.end_epoch())
        self.weighting.epoch_end(means.to(self.weighting.weights()))
        self.epoch += 1
        value = self.monitor.value(scores, total(scores, self.journal.ruler))
        self.rate.after_epoch(value)
        stopping = self.spec.training.early_stopping
        if self.monitor.improved(value, self.step, stopping.min_delta if stopping else 0.0):
            self._best = {name: tensor.clone() for name, tensor in judged.state_dict().items()}
        self.journal.note_scores("val", self.step, scores)
        self.journal.note_values(self.step - 1, self.model.learned())  # of the last step, which a resumed run keeps
        stops = self.monitor.exhausted(stopping)
        self.journal.log_epoch(self.step, self.epoch, scores, last=self._done())
        if stops:
            text = f"no better {self.monitor.path} for {self.monitor.waited} epochs: stops early"
            self.recorder.event(self.step, "epoch", text)

    def _check(self, scores: Scores) -> None:
        """See that the last step of an epoch has not broken the model: its loss was taken before."""
        for task, values in scores.items():
            if not math.isfinite(values.get("loss", 0.0)) and not self._finite():
                self.journal.refuse(DivergedError(task, self.step, values["loss"]))

    def _finite(self) -> bool:
        """Whether every parameter is a number."""
        return all(bool(parameter.isfinite().all()) for parameter in self.model.parameters())

    def _test(self) -> Scores:
        """The best model on the test split."""
        judged = self.model if self._best else self.average.judged(self.train)
        if self._best:
            self.model.load_state_dict(self._best)
        scores = self._score(judged, self.test)
        step = self.monitor.best_step if self._best else self.step
        if self.keeper is not None:
            self._tell_kept(self.keeper, step, scores)
        self.journal.note_scores("test", step, scores)
        self._flush()
        return scores

    def _tell_kept(self, keeper: Keeper, step: int, scores: Scores) -> None:
        """What the old tasks lost: in the log, and as a first point of the test scores."""
        if step:
            self.journal.note_known("test", 0, keeper.before)
        for change in keeper.changes(scores):
            self.recorder.event(self.step, "kept", str(change), change.data())

    def _warn(self, text: str) -> None:
        self.recorder.event(self.step, "warning", text)

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

    def _direction(self, path: str) -> Any:
        task, _, metric = path.partition(".")
        return next((t.directions.get(metric, "min") for t in self.tasks if t.name == task), "min")

    def _place_data(self, names: tuple[str, ...]) -> None:
        """The whole data set on the training device when it fits, else chunk by chunk."""
        splits = {"train": self.data.train, "val": self.data.val, "test": self.data.test}
        data = self.data.to(self.device) if fits(split_bytes(splits), self.device) else self.data
        batch_size = self.spec.training.batch_size
        order = build_order(self.spec.training.sampling, self.data.train, self.spec.tasks)
        self.train = Batches(data.train, names, batch_size, self.device, drop_single=True, order=order)
        self.val = evaluation_batches(data.val, names, self.device)
        self.test = evaluation_batches(data.test, names, self.device)

    def save(self) -> None:
        """Write the last checkpoint, and before it the best one when it is new.

        A model with a parameter that is not a number is not written: its next loss will say what happened.

        Raises:
            DivergedError: The last steps' losses are not finite; nothing is written.
        """
        self._flush()
        if not self._finite():
            return
        if self._best and self.monitor.best_step != self._best_saved:
            self._write("best", Checkpoint({"model": self._best}, {"step": self.monitor.best_step} | self._told))
            self._best_saved = self.monitor.best_step
        self._write("last", self._snapshot())
        self._saved = time.perf_counter()

    def _write(self, kind: Any, checkpoint: Checkpoint) -> None:
        path = self.folder / f"{kind}.safetensors"
        checkpoint.save(path)
        self.recorder.checkpoint(kind, path, int(checkpoint.values["step"]))

    def _snapshot(self) -> Checkpoint:
        tensors, groups = optimizer_state(self.optimizer)
        return Checkpoint(
            {
                "model": self.model.state_dict(),
                "optimizer": tensors,
                "weighting": self.weighting.state_dict(),
                "average": self.average.state(),
                "rng": rng_state(),
                "kept": self.keeper.state() if self.keeper else {},
                "history": {"losses": torch.from_numpy(self.journal.history())},
            },
            {
                "step": self.step,
                "epoch": self.epoch,
                "groups": groups,
                "monitor": self.monitor.state(),
                "rate": self.rate.state(),
                "scale": self.scale.state(),
                "ruler": self.journal.ruler,
                "fingerprint": self.data.fingerprint,
                "kept": self.keeper.values() if self.keeper else {},
                "threads": self._threads,
                **self._told,
            },
        )

    def restore(self, checkpoint: Checkpoint, best: Checkpoint | None) -> None:
        """Go on from a checkpoint as if the run had never stopped.

        Raises:
            InputError: It is of other data or of another model.
        """
        values, parts, path = checkpoint.values, checkpoint.parts, self.folder / "last.safetensors"
        if values["fingerprint"] != self.data.fingerprint:
            raise InputError(
                "dataset",
                "the data has changed since the checkpoint was saved",
                fix="Put the old data back, or run the experiment again.",
            )
        load_model(self.model, path, parts["model"])
        try:
            restore_optimizer(self.optimizer, parts.get("optimizer", {}), values["groups"])
            self.weighting.load_state_dict(parts.get("weighting", {}))
            self.average.restore(parts.get("average", {}))
            if self.keeper is not None:
                self.keeper.restore(parts.get("kept", {}), values["kept"])
        except (RuntimeError, ValueError, KeyError) as error:
            rule = "is a checkpoint of another optimiser or weighting"
            raise InputError(str(path), rule, found=error, fix=OWN_CHECKPOINT) from None
        restore_rng(parts["rng"])
        self.step, self.epoch = values["step"], values["epoch"]
        self.monitor.restore(values["monitor"])
        self.rate.restore(values.get("rate", {}))  # checkpoints of the first release have none of the two
        self.scale.restore(values.get("scale", {}))
        self.journal.ruler, self._threads = values["ruler"], values["threads"]
        self.journal.losses = [parts["history"]["losses"].cpu().numpy()]
        if best:
            self._best, self._best_saved = best.parts["model"], best.values["step"]
        self._moves.forget_before(self.step)
