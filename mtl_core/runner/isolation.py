"""Isolation of runs that one process executes one after the other."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def isolated_run(*, compiles: bool) -> Iterator[None]:
    """Restore the process-wide state that a run changes, so that it does not affect the next run.

    Torch's global settings are restored and unused memory is freed. Random number generators are not restored, as every
    run seeds them.

    Args:
        compiles: Whether the run uses ``torch.compile``. The compiler caches by code object, not by model: shapes of
            earlier runs change how it compiles, and after eight runs it stops compiling.
    """
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    precision = torch.get_float32_matmul_precision()
    deterministic = torch.are_deterministic_algorithms_enabled()
    if compiles:
        _reset_compiler()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)
        torch.use_deterministic_algorithms(deterministic)
        if compiles:
            _reset_compiler()
        gc.collect()  # models are in cycles with their hooks
        torch.cuda.empty_cache()  # does nothing where no run has used CUDA


def _reset_compiler() -> None:
    import torch._dynamo  # takes a second, of those who compile only

    torch._dynamo.reset()
