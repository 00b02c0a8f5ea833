"""What a notification says of runs that have ended; without Qt."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtl_core.protocol.states import RunState

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

_WORDS: Mapping[RunState, str] = {
    "finished": "has finished",
    "stopped": "was stopped",
    "failed": "failed",
    "interrupted": "was interrupted",
}
_FAILURES = ("failed", "interrupted")


@dataclass(frozen=True)
class EndText:
    """A notification.

    Attributes:
        title: What has ended.
        body: How: the name of a run and its error, or the number of runs by how they ended.
        run: The run that is shown when it is pressed: the first that failed, else the last.
        has_failure: Whether a run failed or was interrupted.
    """

    title: str
    body: str
    run: int
    has_failure: bool


def end_text(
    runs: "Sequence[RunRecord]", studies: "Mapping[int, Sequence[RunRecord]]", queue: "Sequence[RunRecord]"
) -> EndText | None:
    """The notification of what has ended at one moment; None if nothing has that a person waits for.

    Args:
        runs: The runs of no study that have ended.
        studies: All runs of each study that is over, by its number.
        queue: All runs of the queue, if none of it is left.
    """
    of_studies = [record for study in studies.values() for record in study]
    ended = [*runs, *of_studies]
    if len(queue) > 1 and {record.id for record in queue} > {record.id for record in ended}:
        return _of_several(f"All {len(queue)} runs have ended", queue)
    if len(studies) == 1 and not runs:
        (number,) = studies
        return _of_several(f"Study {number} has ended", of_studies)
    if len(ended) > 1:
        return _of_several(f"{len(ended)} runs have ended", ended)
    return _of_run(ended[0]) if ended else None


def _of_run(record: "RunRecord") -> EndText:
    has_failure = record.state in _FAILURES
    error = record.error if has_failure else ""
    body = "\n".join(part for part in (record.name, error) if part)
    return EndText(f"Run {record.id} {_WORDS.get(record.state, 'has ended')}", body, record.id, has_failure)


def _of_several(title: str, records: "Sequence[RunRecord]") -> EndText:
    counts: Counter[str] = Counter(record.state for record in records)
    body = ", ".join(f"{counts[state]} {state}" for state in _WORDS if counts[state])
    failed = [record.id for record in records if record.state in _FAILURES]
    return EndText(title, body, (failed or [records[-1].id])[0], bool(failed))
