"""Classes of errors, and the translation of system errors."""

import errno
import os
from pathlib import Path

import pytest
import torch

from mtl_core.errors import (
    EnvironmentFault,
    InputError,
    Problem,
    StoreError,
    WorkbenchError,
    WorkerError,
    environment_fault,
    file_error,
)


def test_only_an_input_at_fault_exits_with_two() -> None:
    statuses = {kind: kind.exit_status for kind in (InputError, StoreError, WorkerError, EnvironmentFault)}
    assert statuses == {InputError: 2, StoreError: 3, WorkerError: 3, EnvironmentFault: 3}


def test_a_message_is_at_most_a_thousand_characters_on_one_line() -> None:
    long = "x\n" * 5000
    error = WorkbenchError.of([Problem(long, long, long, long), Problem("b", "must")] * 500)
    assert all(len(str(problem)) <= 1000 for problem in error.problems)
    assert len(str(error)) <= 1000
    assert len(str(error).splitlines()) == 1


def test_the_place_of_a_problem_is_kept_whole_so_that_it_can_be_looked_up() -> None:
    assert Problem("x" * 5000, "must").path == "x" * 5000


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG])
def test_a_name_that_leads_nowhere_is_an_input_at_fault(number: int) -> None:
    assert isinstance(file_error("a", "cannot be read", OSError(number, os.strerror(number))), InputError)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_full_disk_and_a_missing_permission_are_faults_of_the_surroundings(number: int) -> None:
    error = file_error("a", "cannot be read", OSError(number, os.strerror(number)))
    assert isinstance(error, EnvironmentFault)
    assert os.strerror(number) in str(error)


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), "/a/b"),
        (OSError(errno.ENOSPC, "No space left on device"), "files"),
        (MemoryError(), "memory"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), "memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"), "memory"),
        (RuntimeError("CUDA error: device-side assert triggered"), "device"),
    ],
)
def test_what_the_surroundings_do_to_code_that_did_not_expect_it_gets_a_kind(error: Exception, where: str) -> None:
    fault = environment_fault(error)
    assert isinstance(fault, EnvironmentFault)
    assert fault.problem.path == where


def test_a_name_too_long_for_the_file_system_is_an_input_at_fault_wherever_it_is_met() -> None:
    with pytest.raises(OSError, match="File name too long") as caught:
        Path("x" * 300).exists()
    fault = environment_fault(caught.value)
    assert isinstance(fault, InputError)
    assert "must be shorter; found File name too long" in str(fault)


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("shapes differ"), ValueError("x"), OSError("odd")])
def test_a_bug_is_no_fault_of_the_surroundings(error: Exception) -> None:
    assert environment_fault(error) is None
