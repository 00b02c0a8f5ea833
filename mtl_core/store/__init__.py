"""Runs and all their data in one database; the only package that imports SQLAlchemy.

``open_store()`` returns a :class:`RunStore`, whose methods return frozen records and NumPy arrays. The default database
is ``runs.sqlite`` in :func:`home`; any SQLAlchemy URL can be given. Windows, the command line and the processes that
train can use one store at the same time: a run is a row, its metrics are appended, requests to it are rows too, and
readers get only what is new.

Tables
------
=============  ======================================================================================================
``runs``       one row per run: spec (JSON), state, seed, device, versions, data fingerprint, times, process, progress;
               ``study`` (the first run of its study) and ``baseline`` (the task it trains alone, for its study)
``settings``   one row per leaf of a run's spec: ``path``, ``text``, ``number`` (if it is one)
``tasks``      the tasks of a run; ``tags`` its tags
``summaries``  one row per series of a run: count, last, min, max, best and their steps
``chunks``     consecutive points of a series: ``first`` (index of the first), ``count``, ``steps``, ``numbers``
``events``     events of a run; ``requests`` requests to it; ``artifacts`` its files
=============  ======================================================================================================

Times are seconds since 1970, in UTC. The key of a series is its task, split and metric: ``left, train, loss``;
``total, train, loss``; ``left, val, accuracy``; the loss weights in use are ``left, train, weight``, the learning rate
is ``"", train, lr``. NaN and infinities are kept: arrays contain them, and in ``summaries`` NULL is NaN.

Reading a series without this package
-------------------------------------
``steps`` is little-endian int64, ``numbers`` little-endian float64; three lines read a series::

    chunks = "SELECT steps, numbers FROM chunks WHERE run_id=? AND task=? AND split=? AND metric=? ORDER BY first"
    steps, values = zip(*sqlite3.connect("runs.sqlite").execute(chunks, (1, "left", "val", "accuracy")))
    steps, values = np.frombuffer(b"".join(steps), "<i8"), np.frombuffer(b"".join(values), "<f8")

Questions about many runs can be asked in SQL, by ``mtl-workbench query``, which can change nothing, or by any program
that reads the database; for example for the best accuracies of PCGrad::

    SELECT r.id, r.name, s.task, s.best, s.best_step FROM runs r JOIN summaries s ON s.run_id = r.id
    WHERE r.method = 'pcgrad' AND s.split = 'val' AND s.metric = 'accuracy' ORDER BY s.best DESC
"""

from mtl_core.locations import home
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.protocol.states import END_STATES, LIVE_STATES, RUN_STATES, EndState, RunState
from mtl_core.store.opening import open_store
from mtl_core.store.processes import host_name
from mtl_core.store.records import (
    Artifact,
    Cursor,
    EventRecord,
    Points,
    RequestRecord,
    RunRecord,
    Summary,
)
from mtl_core.store.rows.removal import DiskUse
from mtl_core.store.run_list import FilterNames
from mtl_core.store.sql_query import QueryResult, query_store
from mtl_core.store.store import RunStore

__all__ = [
    "END_STATES",
    "LIVE_STATES",
    "RUN_STATES",
    "Artifact",
    "Cursor",
    "Direction",
    "DiskUse",
    "EndState",
    "EventRecord",
    "FilterNames",
    "Points",
    "Progress",
    "QueryResult",
    "RequestRecord",
    "RunRecord",
    "RunState",
    "RunStore",
    "SeriesKey",
    "Summary",
    "home",
    "host_name",
    "open_store",
    "query_store",
]
