"""Memory that a run takes: of its process, and of its CUDA device."""

import psutil
import torch

from mtl_core.protocol.series_names import DEVICE_MEMORY, MEMORY


class MemoryUsage:
    """Measures the memory of this process, which runs that train together share.

    Args:
        device: Training device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._process = psutil.Process()

    def start(self) -> None:
        """Forget the highest use of the device by what the process did before."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)

    def values(self) -> dict[str, float]:
        """Return the bytes resident in memory now, and the most that tensors took on a CUDA device, by series."""
        values = {MEMORY: float(self._process.memory_info().rss)}
        if self._device.type == "cuda":
            values[DEVICE_MEMORY] = float(torch.cuda.max_memory_allocated(self._device))
        return values
