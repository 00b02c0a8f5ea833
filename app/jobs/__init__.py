"""Worker processes, the store off the GUI thread, and the runs that are on."""

from app.jobs.callbacks import Failed
from app.jobs.drafts import Draft, Drafts, LeftDraft
from app.jobs.runs.run_follower import RunFollower
from app.jobs.runs.run_queue import RunQueue
from app.jobs.store.newest_records import NewestRecords
from app.jobs.store.store_service import StoreService
from app.jobs.worker.dataset_descriptions import DatasetDescriptions
from app.jobs.worker.process import COMMAND, WorkerProcess
from app.jobs.worker.worker_client import Worker

__all__ = [
    "COMMAND",
    "DatasetDescriptions",
    "Draft",
    "Drafts",
    "Failed",
    "LeftDraft",
    "NewestRecords",
    "RunFollower",
    "RunQueue",
    "StoreService",
    "Worker",
    "WorkerProcess",
]
