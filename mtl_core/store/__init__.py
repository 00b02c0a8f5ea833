"""Every run and all that is known of it, in one database; the only package that imports SQLAlchemy.

``open_store()`` gives a :class:`RunStore`, which hands out frozen records and NumPy arrays. The default database is
``runs.sqlite`` in :func:`home`; any SQLAlchemy URL does. A window, the command line and the processes that train may
use one store at once: a run is a row, what it measures is appended, what is asked of it is a row too, and whoever
looks gets only what is new.

Tables
------
=============  ======================================================================================================
``runs``       a run a row: spec (JSON), state, seed, device, versions, data fingerprint, times, process, progress;
               ``study`` (the first run of its study) and ``baseline`` (the task it trains alone, for its study)
``settings``   a leaf of a run's spec a row: ``path``, ``text``, ``number`` (where it is one)
``tasks``      the tasks of a run; ``tags`` the words people gave it
``summaries``  a series of a run a row: count, last, min, max, best and their steps
``chunks``     a stretch of a series a row: ``first`` (number of its first point), ``count``, ``steps``, ``numbers``
``events``     what happened in a run; ``requests`` what was asked of it; ``artifacts`` the files it left
=============  ======================================================================================================

Times are seconds since 1970, in UTC. A series is named by task, split and metric: ``left, train, loss``;
``total, train, loss``; ``left, val, accuracy``; the weights in use are ``left, train, weight``, the learning rate is
``"", train, lr``. NaN and infinities are kept: arrays hold them as they are, and in ``summaries`` NULL is NaN.

Reading a series without this package
-------------------------------------
``steps`` holds little-endian int64, ``numbers`` little-endian float64, so that three lines read a series::

    chunks = "SELECT steps, numbers FROM chunks WHERE run_id=? AND task=? AND split=? AND metric=? ORDER BY first"
    steps, values = zip(*sqlite3.connect("runs.sqlite").execute(chunks, (1, "left", "val", "accuracy")))
    steps, values = np.frombuffer(b"".join(steps), "<i8"), np.frombuffer(b"".join(values), "<f8")

What people ask of many runs is SQL, for example the best accuracies of PCGrad::

    SELECT r.id, r.name, s.task, s.best, s.best_step FROM runs r JOIN summaries s ON s.run_id = r.id
    WHERE r.method = 'pcgrad' AND s.split = 'val' AND s.metric = 'accuracy' ORDER BY s.best DESC
"""

from mtl_core.locations import home
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.protocol.states import END_STATES, LIVE_STATES, RUN_STATES, EndState, RunState
from mtl_core.store.processes import this_host
from mtl_core.store.records import (
    Artifact,
    Cursor,
    EventRecord,
    Points,
    RequestRecord,
    RunRecord,
    Summary,
)
from mtl_core.store.store import RunStore, open_store

__all__ = [
    "END_STATES",
    "LIVE_STATES",
    "RUN_STATES",
    "Artifact",
    "Cursor",
    "Direction",
    "EndState",
    "EventRecord",
    "Points",
    "Progress",
    "RequestRecord",
    "RunRecord",
    "RunState",
    "RunStore",
    "SeriesKey",
    "Summary",
    "home",
    "open_store",
    "this_host",
]
