"""PCGrad (Yu et al.: Gradient Surgery for Multi-Task Learning, NeurIPS 2020)."""

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec.weighting import PcGradWeighting
from mtl_core.weighting.aggregated import Aggregated, GramianAggregator
from mtl_core.weighting.build import Setup


def surgery(gramian: Tensor, _losses: Tensor) -> tuple[Tensor, Tensor]:
    """The weights of the sum of the projected gradients.

    A copy of each task's gradient visits the other tasks' (original) gradients in random order; where the
    product is negative it is projected onto their normal plane. A zero gradient conflicts with none; gradients
    that are not finite are summed as they are. The order is drawn from torch's global generator, a permutation
    of all tasks for each task; its own place in it is skipped.

    The copies are kept as weights of the original gradients, [K, K], and all make their t-th visit at once.
    Given the same generator this is torchjd's ``PCGradWeighting``, which makes its K(K-1) visits one by one
    with tensors of one number each: 0.25 ms of solver a step at two tasks and 1.2 ms at eight, as much as a
    small network's whole backward pass.

    Args:
        gramian: [K, K] inner products, float64 on the CPU.
    """
    products = gramian.numpy()
    count = len(products)
    if not np.isfinite(products).all():
        return (gramian.new_ones(count),) * 2
    orders = np.stack([torch.randperm(count).numpy() for _ in range(count)])
    tasks = np.arange(count)
    weights = np.eye(count)
    lengths = np.diagonal(products)
    for visited in orders.T:
        inner = np.einsum("ij,ij->i", products[visited], weights)
        conflict = (inner < 0) & (visited != tasks) & (lengths[visited] > 0)
        rows, columns = tasks[conflict], visited[conflict]
        weights[rows, columns] -= inner[conflict] / lengths[columns]
    total = torch.from_numpy(weights.sum(axis=0))
    return total, total


def build(_spec: PcGradWeighting, setup: Setup) -> Aggregated:
    """The sum, not the mean, of the projected gradients."""
    return Aggregated(GramianAggregator(surgery), setup.ones)
