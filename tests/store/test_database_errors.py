"""Errors of a database server as messages for a user."""

import pytest
import sqlalchemy as sa

from mtl_core.store import database_errors

NAME = "postgresql+psycopg://ann:***@db/runs"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            'connection failed: connection to server at "db", port 5432 failed: Connection refused\n\tIs the server '
            "running on that host and accepting TCP/IP connections?",
            "the database does not answer; found Connection refused Is the server running",
        ),
        (
            "failed to resolve host 'db': [Errno -2] Name or service not known",
            "the database does not answer; found failed to resolve host 'db'",
        ),
        ("connection timeout expired", "the database does not answer; found connection timeout expired"),
        (
            'connection to server at "db", port 5432 failed: FATAL:  password authentication failed for user "ann"',
            "the database refuses the user or the password; found FATAL: password authentication failed",
        ),
        (
            'connection to server at "db", port 5432 failed: FATAL:  database "runs" does not exist',
            'the server has no such database or user; found FATAL: database "runs" does not exist. Make it',
        ),
    ],
)
def test_why_a_server_cannot_be_used_is_one_sentence(said: str, told: str) -> None:
    explanation = database_errors.translate_error(NAME, sa.exc.OperationalError(None, None, Exception(said)))
    assert str(explanation).startswith(f"{NAME}: {told}")
    assert "\n" not in str(explanation)


def test_a_server_that_goes_away_in_between_does_not_answer() -> None:
    error = sa.exc.OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly"))
    assert "the database does not answer" in str(database_errors.translate_error(NAME, error))


def test_a_fault_of_the_program_is_not_explained_away() -> None:
    error = sa.exc.OperationalError("SELECT nothing", {}, Exception("no such column: nothing"))
    assert database_errors.translate_error(NAME, error) is None
