"""Runs belong to studies: seeds of one experiment, and their single-task baselines."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("runs", sa.Column("study", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("baseline", sa.Text(), server_default="", nullable=False))
    op.create_index(op.f("ix_runs_study"), "runs", ["study"], unique=False)
