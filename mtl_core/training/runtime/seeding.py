"""Seeds: the same spec on the same device gives the same run."""

import random

import numpy as np
import torch
from torch import Tensor


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's generators."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # libraries draw from the global one
    torch.manual_seed(seed)


def epoch_order(rows: int, seed: int, epoch: int) -> Tensor:
    """The order in which an epoch visits the rows: a permutation of ``0 … rows-1``.

    It depends on nothing but its arguments, so a checkpoint need not hold it.
    """
    return torch.randperm(rows, generator=epoch_generator(seed, epoch))


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """A generator of an epoch's own, which depends on nothing but seed and epoch."""
    sequence = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(sequence >> np.uint64(1)))


def rng_state() -> dict[str, Tensor]:
    """The state of torch's generators, on the CPU and on every CUDA device."""
    cuda = (
        {f"cuda{i}": state for i, state in enumerate(torch.cuda.get_rng_state_all())}
        if torch.cuda.is_available()
        else {}
    )
    return {"cpu": torch.get_rng_state(), **cuda}


def restore_rng(state: dict[str, Tensor]) -> None:
    """Set torch's generators to a saved state; devices that are not here are passed over."""
    torch.set_rng_state(state["cpu"].cpu())
    for i in range(torch.cuda.device_count()):
        if f"cuda{i}" in state:
            torch.cuda.set_rng_state(state[f"cuda{i}"].cpu(), i)
