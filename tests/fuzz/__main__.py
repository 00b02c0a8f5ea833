"""Try many damaged inputs and print which were not handled as they should be.

``python -m tests.fuzz --specs 10000 --data 1000 --checkpoints 500 --stores 100``; all seeds from ``--first`` on.
"""

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from tests.bad_input.place import make_runs
from tests.fuzz.inputs import KINDS
from tests.fuzz.trials import tried


def main() -> int:
    """Try what was asked for; whether any was at fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0, metavar="N", help="how many")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")
    parser.add_argument("--alone", type=int, default=200, metavar="N", help="every Nth in a process of its own")
    arguments = parser.parse_args()
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory(prefix="mtl-fuzz-") as name:
        os.environ["MTL_WORKBENCH_HOME"] = str(Path(name) / "home")
        template = Path(name) / "template"
        template.mkdir()
        make_runs(template)
        return max(_try(kind, arguments, Path(name), template) for kind in KINDS)


def _try(kind: str, arguments: argparse.Namespace, folder: Path, template: Path) -> int:
    count, counts, begin = getattr(arguments, kind), Counter[str](), time.monotonic()
    for seed in range(arguments.first, arguments.first + count):
        alone = seed % arguments.alone == arguments.alone - 1
        results = tried(kind, seed, folder / kind, template, alone=alone)
        counts.update(result.outcome for result in results)
        for result in results:
            for fault in result.faults:
                print(f"{kind} seed {seed}: {fault}", flush=True)
    if count:
        parts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
        print(f"{kind}: {count} inputs, {parts}; {time.monotonic() - begin:.0f} s", flush=True)
    return int(counts["at fault"] > 0)


if __name__ == "__main__":
    sys.exit(main())
