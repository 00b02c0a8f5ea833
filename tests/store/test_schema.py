"""The schema of the store: its tables, migrations and stores of older schemas.

Covers: mtl_core/store/migrations/, mtl_core/store/migrations/versions/.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from numpy.testing import assert_array_equal

from mtl_core.store import Progress, RunStore, SeriesKey, open_store, schema
from mtl_core.store.tables import METADATA

DATA = Path(__file__).with_name("data")


def drift(store: RunStore) -> list[Any]:
    with store._database.read_transaction() as connection:
        return compare_metadata(MigrationContext.configure(connection), METADATA)


def test_the_migrations_lead_to_the_tables(store: RunStore) -> None:
    assert drift(store) == []


def test_the_newest_schema_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [schema.SCHEMA]
    assert schema.SCHEMA in schema._known_revisions()


def test_each_schema_has_a_database_here() -> None:
    kept = {path.stem.removeprefix("schema_").zfill(4) for path in DATA.glob("schema_*.sqlite")}
    assert kept == set(schema._known_revisions())


@pytest.mark.parametrize("number", [1, 2])
def test_a_store_of_an_older_schema_is_read_whole(tmp_path: Path, number: int) -> None:
    path = Path(shutil.copy(DATA / f"schema_{number}.sqlite", tmp_path / "runs.sqlite"))
    with open_store(path) as store:
        assert drift(store) == []
        *study, queued, finished = store.runs()
        assert [(run.study, run.baseline) for run in study] == ([] if number == 1 else [(3, "right"), (3, "")])
        assert (finished.study, finished.baseline) == (None, "")
        assert (finished.id, finished.name, finished.state) == (1, "두 숫자", "finished")
        assert (finished.tags, finished.notes, finished.starred) == (("baseline", "한글"), "kept for the tests", True)
        assert (finished.method, finished.tasks) == ("uncertainty", ("left", "right"))
        assert finished.progress == Progress(2, 2, 4, 4, 1000.0, 0.0)
        assert (queued.parent, queued.state) == (1, "queued")
        assert store.spec_data(1)["weighting"]["kind"] == "uncertainty"
        series, _ = store.read(1)
        loss = series[SeriesKey("left", "train", "loss")]
        assert_array_equal(loss.steps, [1, 2, 3, 4])
        assert_array_equal(loss.values, [2.0, np.nan, np.inf, 0.5])
        best = {s.key: (s.best, s.best_step) for s in store.summaries([1])}
        assert best[SeriesKey("left", "val", "accuracy")] == (0.75, 4)
        assert [event.kind for event in store.events(1)] == ["start", "weights", "finish"]
        assert store.artifacts(1)[0].data == {"step": 4}
        assert [request.kind for request in store.take_requests(2)] == ["pause"]
        assert [r.id for r in store.runs(query="weighting.kind=uncertainty tag:한글")] == [1]


def test_importing_the_store_is_cheap() -> None:
    """Alembic is loaded only to make or upgrade a store; pandas, torch and Qt never."""
    check = "import sys, mtl_core.store; print(*sorted({'alembic', 'pandas', 'torch', 'PySide6'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
