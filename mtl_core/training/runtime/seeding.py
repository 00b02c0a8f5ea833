"""Seeding of random number generators: the same spec on the same device gives the same run."""

import random
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's generators."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # libraries draw from the global one
    torch.manual_seed(seed)


def epoch_order(rows: int, seed: int, epoch: int) -> Tensor:
    """Return the shuffled row indices of an epoch: a permutation of ``0 … rows-1``.

    It depends only on the arguments, so checkpoints do not contain it.
    """
    return torch.randperm(rows, generator=epoch_generator(seed, epoch))


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Return a generator for an epoch, which depends only on seed and epoch."""
    sequence = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(sequence >> np.uint64(1)))


def batch_generator(seed: int, epoch: int, batch: int) -> torch.Generator:
    """Return a generator for a batch of an epoch, which depends only on the arguments."""
    sequence = np.random.SeedSequence([seed, epoch, batch]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(sequence >> np.uint64(1)))


def mixing_generator(seed: int, epoch: int, batch: int) -> np.random.Generator:
    """Return NumPy's generator for the mixing of a batch, independent of that of :func:`batch_generator`."""
    return np.random.default_rng([seed, epoch, batch, 1])


class TorchGenerators:
    """State of torch's global random number generators, on the CPU and every CUDA device."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state of every generator."""
        cuda_states = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return {"cpu": torch.get_rng_state()} | {f"cuda{i}": state for i, state in enumerate(cuda_states)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore a state; devices that this machine lacks are skipped."""
        torch.set_rng_state(state["cpu"].cpu())
        for i in range(torch.cuda.device_count()):
            if f"cuda{i}" in state:
                torch.cuda.set_rng_state(state[f"cuda{i}"].cpu(), i)
