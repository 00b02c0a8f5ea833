"""Background work: worker processes, the store off the GUI thread, the run queue, and drafts of unsaved edits."""

from app.jobs.background import Background
from app.jobs.callbacks import Failed
from app.jobs.drafts import AbandonedDraft, Draft, Drafts
from app.jobs.runs.run_follower import RunFollower
from app.jobs.runs.run_queue import RunQueue
from app.jobs.runs.study_progress import StudyProgress, StudyState
from app.jobs.store.newest_records import NewestRecords
from app.jobs.store.store_service import StoreService
from app.jobs.worker.dataset_descriptions import DatasetDescriptions
from app.jobs.worker.process import COMMAND, WorkerProcess
from app.jobs.worker.worker_client import Worker

__all__ = [
    "COMMAND",
    "AbandonedDraft",
    "Background",
    "DatasetDescriptions",
    "Draft",
    "Drafts",
    "Failed",
    "NewestRecords",
    "RunFollower",
    "RunQueue",
    "StoreService",
    "StudyProgress",
    "StudyState",
    "Worker",
    "WorkerProcess",
]
