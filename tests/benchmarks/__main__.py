"""``make bench``: the speed of the application on this machine, measured in one run.

``make bench ARGS=--quick`` is a fast pass with few repetitions; single parts are named, such as ``speed``.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from mtl_core.spec.method_costs import MEASURED_TASKS
from mtl_core.store import open_store
from mtl_core.text import format_size
from tests.benchmarks.disk import DiskRace, race_disk
from tests.benchmarks.methods import LOOP, NETWORKS, SUMMED, TORCHJD, Network, costs, ratios, write_costs
from tests.benchmarks.mlflow_store import POINTS, SERIES, curve_times, list_times
from tests.benchmarks.plots import ADD_GOAL, LIVE_GOAL, OVERLAY_GOAL, PlotTimes, time_plots
from tests.benchmarks.preflight import Preflight, preflight
from tests.benchmarks.quality.baselines import installed_baselines
from tests.benchmarks.quality.comparison import FIRST_SEED, Comparison, compare, mean_and_error, verdict
from tests.benchmarks.quality.experiments import experiments, presets
from tests.benchmarks.reading import Reading, read_large
from tests.benchmarks.responsiveness import Scene, blocked
from tests.benchmarks.run_list import LISTINGS, TABLE_GOALS, fill_store, list_runs, show_runs, table_times
from tests.benchmarks.scalars import MEDIAN_GOAL, READ_GOAL, SLOW_GOAL, WRITE_GOAL, ScalarTimes, time_scalars
from tests.benchmarks.seeds import SEEDS, seeds
from tests.benchmarks.shapes import SHAPES_GOAL, Shapes, time_shapes
from tests.benchmarks.snapshots import SNAPSHOT_GOAL, SnapshotCost, race_snapshots
from tests.benchmarks.speed import BY_HAND, TRAINER, Race, race
from tests.benchmarks.startup import start_up
from tests.benchmarks.workloads import digits, table

SPEED_GOAL, BLOCKED_GOAL, PREVIEW_GOAL, DISK_GOAL = 0.95, 0.1, 2.0, 0.9
PREFLIGHT_GOAL = 2.0
_PARTS = (
    "speed",
    "startup",
    "blocked",
    "methods",
    "seeds",
    "quality",
    "runs",
    "mlflow",
    "reading",
    "disk",
    "preflight",
    "shapes",
    "plots",
    "snapshots",
    "scalars",
)
_COUNTS = (2, 8, 40)
_QUALITY_SEEDS, _QUALITY_SECONDS = 5, 60
_SHARED_GOALS = {"MLP": 1.6, "CNN": 1.3}
_TORCHJD_GOAL = 0.6


def main() -> int:
    """Run the parts asked for and print what they found."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help="|".join(_PARTS) + "; all without")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--rounds", type=int, help="repetitions of the race; quality: seeds")
    parser.add_argument("--tables", type=_names, default=(), help="quality: only these, separated by commas")
    parser.add_argument("--baselines", type=_names, default=(), help="quality: only these, separated by commas")
    parser.add_argument("--write", action="store_true", help="methods: measure, and keep, what the window shows")
    arguments = parser.parse_args()
    parts, quick = arguments.parts or _PARTS, arguments.quick
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _say(f"{os.cpu_count()} cores, torch {version('torch')}")
    with tempfile.TemporaryDirectory(prefix="mtl-bench-") as name:
        folder = Path(name)
        if "speed" in parts:
            rounds, seconds = arguments.rounds or (3 if quick else 15), 60.0 if quick else 240.0
            for workload in (table(folder, 5 if quick else 12), digits(2 if quick else 4)):
                _print_race(race(workload, _made(folder / workload.folder), rounds, seconds))
        if "startup" in parts:
            _print_start_up(*start_up(_made(folder / "startup"), 3 if quick else 7))
        if "blocked" in parts:
            watching, leafing = blocked(_made(folder / "blocked"), 3 if quick else 8)
            _print_blocked("following a run on Live, from pressing Run to its end", watching)
            _print_blocked("visiting every page twice meanwhile", leafing)
        if "seeds" in parts:
            place = _made(folder / "seeds")
            spec = table(place, 3 if quick else 10).spec
            _say(f"\n{SEEDS} seeds of the MLP, stored as {SEEDS} runs {_load()}")
            for rows in (32, 128):
                made = spec.model_copy(update={"training": spec.training.model_copy(update={"batch_size": rows})})
                found = seeds(made, place, arguments.rounds or (2 if quick else 5))
                alone, all_ = median(found.one_by_one), median(found.together)
                times = f"one by one {alone:6.2f} s, together {all_:6.2f} s"
                _say(f"  batches of {rows:3}: {times}: {found.ratio:.1f} × as fast")
        if "quality" in parts:
            rounds = arguments.rounds or (2 if quick else _QUALITY_SEEDS)
            _print_quality(_made(folder / "quality"), rounds, arguments.tables, arguments.baselines)
        if "runs" in parts:
            _print_listings(_made(folder / "runs"), 2000 if quick else 10_000)
        if "mlflow" in parts:
            _print_mlflow(_made(folder / "mlflow"), *((2000, 5) if quick else (10_000, 50)))
        if "preflight" in parts:
            _print_preflight(preflight(_made(folder / "preflight"), 100_000))
        if "shapes" in parts:
            _print_shapes(time_shapes(_made(folder / "shapes"), 6 if quick else 20))
        if "plots" in parts:
            _print_plots(time_plots(5 if quick else 40))
        if "snapshots" in parts:
            with open_store(_made(folder / "snapshots") / "runs.sqlite") as store:
                for workload in (table(folder, 20 if quick else 60), digits(2 if quick else 6)):
                    _print_snapshots(workload.name, race_snapshots(workload, store, 2 if quick else 7))
        if "scalars" in parts:
            _print_scalars(time_scalars(_made(folder / "scalars"), 3000 if quick else 30_000))
        if "reading" in parts:
            _print_reading(read_large(_made(folder / "reading"), 300_000 if quick else 2_000_000))
        if "disk" in parts:
            _print_disk(race_disk(_made(folder / "disk"), 1500 if quick else 12_000, 5 if quick else 7))
        if "methods" in parts:
            counts = (MEASURED_TASKS,) if arguments.write else _COUNTS
            found = [_method_costs(network, counts, quick) for network in NETWORKS]
            if arguments.write:
                write_costs(*(ratios(one[MEASURED_TASKS]) for one in found))
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _print_quality(folder: Path, seeds: int, only: Sequence[str], only_baselines: Sequence[str]) -> None:
    baselines = {name: fit for name, fit in installed_baselines().items() if name in (only_baselines or (name,))}
    makers = experiments(folder) | presets()
    chosen = {name: make for name, make in makers.items() if name in (only or makers)}
    _say("\nNew experiments and presets, untouched, beside models that learn each task alone from the same rows")
    _say(f"Δm of {seeds} splits and initializations, in %, ± its standard error; processor time of a run {_load()}")
    _say(f"  {'experiment':20} {'':>7} " + " ".join(f"{name[:13]:>14}" for name in baselines))
    tables, numbers = [], range(FIRST_SEED, FIRST_SEED + seeds)
    for name, make in chosen.items():
        comparison = compare(name, make, numbers, baselines, folder)
        _print_comparison(comparison)
        tables += [] if name.startswith("preset") else [comparison]
    if not tables:
        return
    _say(f"Verdict on the {len(tables)} tables:")
    for line in verdict(tables):
        _say(f"  {line}")
    slowest = max(tables, key=lambda one: one.seconds)
    _goal(f"processor time of a run, {slowest.experiment}, in seconds", slowest.seconds, _QUALITY_SECONDS)


def _print_comparison(comparison: Comparison) -> None:
    pairs = map(mean_and_error, comparison.delta_m.values())
    cells = " ".join(f"{100 * mean:+7.1f} ± {100 * error:4.1f}" for mean, error in pairs)
    _say(f"  {comparison.experiment:20} {comparison.seconds:5.1f} s {cells}")
    for task, scores in comparison.scores.items():
        values = " ".join(f"{scores[name]:14.4g}" for name in comparison.delta_m)
        _say(f"    {task:18} {scores['default']:7.4g} {values}")


def _rounds(tasks: int, quick: bool) -> int:
    return (10 if quick else 40) if tasks < 40 else (4 if quick else 10)


def _method_costs(network: Network, counts: Sequence[int], quick: bool) -> dict[int, dict[str, float]]:
    """Seconds of a step by contestant, for each number of tasks."""
    found = {tasks: costs(network, tasks, _rounds(tasks, quick)) for tasks in counts}
    _print_costs(network, found)
    return found


def _print_costs(network: Network, found: dict[int, dict[str, float]]) -> None:
    base = {tasks: times[SUMMED] for tasks, times in found.items()}
    plain = ", ".join(f"{1000 * base[tasks]:.2f} ms" for tasks in found)
    _say(f"\n{network.name}: a step of {tuple(found)} tasks by the plain sum takes {plain}; as multiples {_load()}")
    for name in found[MEASURED_TASKS]:
        _say(f"  {name:36} " + " ".join(f"{times[name] / base[tasks]:7.2f}" for tasks, times in found.items()))
    eight = found[MEASURED_TASKS]
    goal = _SHARED_GOALS[network.name[:3]]
    worst = max((name for name in eight if name.endswith("representation")), key=lambda name: eight[name])
    _goal(f"the representation at 8 tasks at most {goal} × the sum, {worst}", eight[worst] / base[MEASURED_TASKS], goal)
    ours = eight["pcgrad · parameters"]
    _goal("PCGrad on all shared parameters at 8 tasks, of TorchJD's time", ours / eight[TORCHJD], _TORCHJD_GOAL)
    _goal("and of the time of a plain loop with the same solver", ours / eight[LOOP], 1.0)


def _goal(what: str, value: float, most: float) -> None:
    _say(f"  {what}: {value:.2f}; at most {most} is {'reached' if value <= most else 'missed'}")


def _print_race(found: Race) -> None:
    rounds = len(found.laps[BY_HAND])
    _say(f"\n{found.workload.name}: samples/s, medians of {rounds} rounds, threads: {found.threads} {_load()}")
    for name in found.laps:
        cpu, base = found.cpu_per_row(name), found.cpu_per_row(BY_HAND)
        ratio = f"{found.ratio(name):5.2f} × by hand"
        _say(f"  {name:36} {found.speed(name):10,.0f}   {ratio}   processor time a sample {cpu / base:5.2f} ×")
    goal = "reached" if found.ratio(TRAINER) >= SPEED_GOAL else "missed"
    low, high = found.spread(TRAINER)
    _say(f"  at least {SPEED_GOAL:.2f} × by hand is {goal}; half of the rounds lie in {low:.2f} … {high:.2f} ×")
    around, points = median(run.around for run in found.runs), found.runs[-1].points
    window = median(found.window_cpu)
    _say(f"  besides: {around:.2f} s to begin and end a run of {points:,} stored values;")
    _say(f"  the window takes {window:.0%} of a core meanwhile")


def _print_disk(found: DiskRace) -> None:
    size, limit = format_size(found.size), format_size(found.limit)
    _say(f"\nPictures of {size} decoded, where {limit} may be in memory: samples/s, medians {_load()}")
    for name, speeds in found.speeds.items():
        peak = format_size(max(found.peaks[name]))
        _say(f"  {name:20} {median(speeds):10,.0f}   at most {peak} of memory beyond that before the run")
    goal = "reached" if found.ratio >= DISK_GOAL else "missed"
    _say(f"  from disk {found.ratio:.2f} × as fast as from memory; at least {DISK_GOAL} is {goal}")
    _say(f"  processor time from disk {found.cpu_ratio:.2f} × that from memory")


def _print_start_up(window: float, torch_import: float) -> None:
    _say(f"\nStart {_load()}")
    _say(f"  window painted with the example open {window:6.2f} s")
    _say(f"  import torch                         {torch_import:6.2f} s   ({window / torch_import:.2f} ×)")


def _print_listings(folder: Path, runs: int) -> None:
    store = folder / "many.sqlite"
    fill_store(store, runs)
    _say(f"\nA store of {runs} runs with 20 series each {_load()}")
    for options in LISTINGS:
        seconds, cpu = min(list_runs(store, options) for _ in range(3))
        _say(f"  {' '.join(['runs', *options]):45} {seconds:6.2f} s, {cpu:.2f} s of processor time")
    for part, seconds in table_times(store).items():
        if part in TABLE_GOALS:
            _goal(f"seconds of processor time to {part} them in the table", seconds, TABLE_GOALS[part])
        else:
            _say(f"  {part} {seconds * 1000:.0f} ms")
    page = show_runs(folder, store, runs)
    longest = max((one.seconds for one in page.worst), default=0.0)
    goal = "reached" if longest < BLOCKED_GOAL else "missed"
    _say(f"  the Runs page shows all with their metrics after {page.seconds:.2f} s")
    _say(f"  longest blockage {longest * 1000:.0f} ms; under {BLOCKED_GOAL * 1000:.0f} ms is {goal}")
    for one in page.worst:
        _say(f"  {one.seconds * 1000:4.0f} ms, {one.cpu * 1000:3.0f} of them computing  {one.at}")


def _print_mlflow(folder: Path, runs: int, curves: int) -> None:
    fill_store(folder / "many.sqlite", runs)
    ours, theirs = table_times(folder / "many.sqlite"), list_times(folder / "many.db", runs)
    _say(f"\nThe same {runs} runs in MLflow {version('mlflow-skinny')}: seconds of processor time {_load()}")
    ours["list"] = ours["read"]  # with their metrics, which MLflow reads too
    for part, seconds in theirs.items():
        _say(f"  {part:8} here {ours[part]:6.3f}   MLflow {seconds:6.3f}   ({seconds / ours[part]:.0f} ×)")
    _say(
        "  MLflow sorts and filters the first 100 runs, which its page shows; here all of them are sorted and filtered"
    )
    here, there = curve_times(folder, curves)
    _say(f"  {curves} runs × {SERIES} series × {POINTS:,} points are read in {here:.3f}, from MLflow in {there:.1f}")


def _print_preflight(result: Preflight) -> None:
    _say(f"\nThe check of the data of {result.rows:,} rows and {result.columns} columns {_load()}")
    _goal("seconds of the first check, once the table has been read", result.first, PREFLIGHT_GOAL)
    _say(f"  {result.checks} checks, {result.findings} findings; again {result.seconds:.2f} s")
    _say(f"  reading the table {result.reading:.2f} s")


def _print_shapes(models: Sequence[Shapes]) -> None:
    _say(f"\nFrom an edit on the Model page to the shapes of its layers, medians {_load()}")
    for one in models:
        window, worker = (round(1000 * seconds) for seconds in (one.window_cpu, one.worker_cpu))
        cpu = f"{window} ms of processor time in the window, {worker} ms in its worker"
        _say(f"  {one.model:15} {one.median * 1000:4.0f} ms   {cpu}")
    slowest = max(models, key=lambda one: one.median)
    _goal(f"seconds until the shapes of {slowest.model} are shown", slowest.median, SHAPES_GOAL)


def _print_snapshots(name: str, cost: SnapshotCost) -> None:
    _say(f"\nSnapshots of the last validation, {name}: seconds of processor time, medians {_load()}")
    _say(f"  with {cost.within:.2f}, without {cost.without:.2f}: {cost.within / cost.without - 1:+.1%}")
    _goal("percent of a training in what keeps and writes them", 100 * cost.own, SNAPSHOT_GOAL)


def _print_plots(times: PlotTimes) -> None:
    _say(f"\nPlots: milliseconds of processor time of the window's thread, medians {_load()}")
    _goal("a live frame of 10 tasks with 2 series of 10,000 points", times.live, LIVE_GOAL)
    _goal("a frame of an overlay of 50 runs of 10,000 points in one plot", times.overlay, OVERLAY_GOAL)
    _goal("adding a run to 8 such plots until they are painted, both threads", times.add, ADD_GOAL)
    _say(f"  all 8 plots in one frame, which the ticker spreads over eight: {times.overlay_all:.2f}")
    _say(f"  one of them on the drawing thread: {times.rendering:.2f}")
    _say(f"  a move of the linked cursor over the 10 plots: {times.cursor:.2f}")


def _print_scalars(times: ScalarTimes) -> None:
    _say(f"\nScalars: microseconds of processor time of the trainer for the ten of a step {_load()}")
    _goal("median", times.median, MEDIAN_GOAL)
    _goal("99th percentile, with a write every 0.3 s of steps of 2 ms", times.slow, SLOW_GOAL)
    _say(f"  such a write with the report of the progress: {times.writing:.2f}")
    reached = "reached" if times.written >= WRITE_GOAL else "missed"
    _say(f"  {times.written:.1f} million scalars a second reach the disk; at least {WRITE_GOAL} is {reached}")
    _goal("seconds to read a million points of 20 runs", times.read, READ_GOAL)


def _print_reading(reading: Reading) -> None:
    rate, memory = reading.rows / reading.whole, (reading.peak - reading.base) / reading.size
    _say(f"\nA CSV file of {reading.rows:,} rows, {reading.size / 1e6:.0f} MB {_load()}")
    _goal("seconds until its first rows and guessed types are shown", reading.preview, PREVIEW_GOAL)
    _say(f"  all is described after {reading.whole:.2f} s more: {rate:,.0f} rows/s")
    _say(f"  estimated from the first rows and some others: {reading.estimate:,} rows")
    base, peak = reading.base / 1e6, reading.peak / 1e6
    _say(f"  peak memory {peak:.0f} MB, {base:.0f} of them before; between, {memory:.1f} times the file")


def _print_blocked(what: str, scene: Scene) -> None:
    longest = max((one.seconds for one in scene.worst), default=0.0)
    goal = "reached" if longest < BLOCKED_GOAL else "missed"
    _say(f"\nThe window's thread, {what} {_load()}")
    _say(f"  longest blockage {longest * 1000:.0f} ms; under {BLOCKED_GOAL * 1000:.0f} ms is {goal}")
    _say(f"  a process that only sleeps was kept waiting for up to {scene.sleeper * 1000:.0f} ms at the same time")
    for one in scene.worst:
        own = f"{one.seconds * 1000:4.0f} ms, {one.cpu * 1000:3.0f} of them computing"
        _say(f"  {own:32} {one.at}")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _load() -> str:
    one, five, _ = os.getloadavg()
    return f"(load {one:.1f}, {five:.1f} over five minutes)"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
