"""Parse the seeds of a study, and describe the study; without Qt."""

_MOST_SEEDS = 100
_LARGEST_SEED = 2**32 - 1


def parse_seeds(text: str) -> tuple[tuple[int, ...], str]:
    """The seeds in ``text``, such as ``0, 1, 2`` or ``0-4``, and the problem with them, or ``""``."""
    seeds: list[int] = []
    for part in text.replace(";", ",").replace(",", " ").split():
        first, _, last = part.replace("–", "-").partition("-")
        if not all(number.isascii() and number.isdecimal() and len(number) < 11 for number in (first, last or first)):
            return (), f"{part!r} is no seed: write whole numbers, such as 0, 1, 2 or 0-4"
        low, high = int(first), int(last or first)
        if high < low or high > _LARGEST_SEED or high - low >= _MOST_SEEDS:
            return (), f"{part!r}: from a smaller to a larger seed, at most {_MOST_SEEDS} of them"
        seeds += range(low, high + 1)
    repeated = next((seed for i, seed in enumerate(seeds) if seed in seeds[:i]), None)
    if repeated is not None:
        return (), f"seed {repeated} is there twice"
    if len(seeds) > _MOST_SEEDS:
        return (), f"at most {_MOST_SEEDS} seeds"
    return tuple(seeds), "" if seeds else "at least one seed"


def study_text(seeds: int, tasks: int, *, together: bool = False) -> str:
    """The number of runs of a study as text; ``together``: its seeds train in one loop."""
    seeds_text = f"{seeds} seed{'' if seeds == 1 else 's'}"
    if tasks < 2:
        return f"{seeds_text}: {seeds} run{'' if seeds == 1 else 's'}. A baseline needs at least two tasks."
    warning = " One seed says nothing of chance: take three or more." if seeds == 1 else ""
    runs = seeds * (1 + tasks)
    order = f"{seeds} at once" if together and seeds > 1 else "one after the other"
    return f"{seeds_text} × (all tasks + each of {tasks} alone) = {runs} runs, {order}.{warning}"


def fold_study_text(folds: int, tasks: int) -> str:
    """The number of runs of a study of folds as text."""
    alone = f" × (all tasks + each of {tasks} alone)" if tasks > 1 else ""
    runs = folds * (1 + tasks if tasks > 1 else 1)
    gather = "Compare gathers the predictions of all rows."
    return f"{folds} folds{alone} = {runs} runs, one after the other. {gather}"
