"""Runs that follow each other in one process start from the same state of it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def isolated_run(*, compiles: bool) -> Iterator[None]:
    """Put back what a run changes in its process beyond its own objects, so that it leaves nothing to the next run.

    Torch's settings for the whole process are restored, and memory the run no longer uses is freed. Random number
    generators need no care: every run seeds them itself.

    Args:
        compiles: Whether the run uses ``torch.compile``. The compiler keeps what it compiled per line of code, not per
            model: with the shapes of an earlier run in mind it compiles otherwise, and after eight runs not at all.
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
