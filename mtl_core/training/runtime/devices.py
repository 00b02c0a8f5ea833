"""Devices of this machine, and the device that a spec selects."""

import os
import platform

import torch

from mtl_core.plugins import package_versions
from mtl_core.spec import DeviceInfo, ExperimentSpec, InputError, spec_to_data


def list_devices() -> tuple[DeviceInfo, ...]:
    """List the devices of this machine; the first is the one that ``auto`` selects."""
    cuda = tuple(
        DeviceInfo(name=f"cuda:{i}", label=f"CUDA {i} · {torch.cuda.get_device_name(i)}")
        for i in range(torch.cuda.device_count())
    )
    return (*cuda, DeviceInfo(name="cpu", label=f"CPU · {os.cpu_count()} cores"))


def choose_device(name: str) -> torch.device:
    """Return the device that a spec names.

    Args:
        name: ``auto`` (the first CUDA device, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InputError: This machine has no such device.
    """
    names = [device.name for device in list_devices()]
    device_name = names[0] if name == "auto" else "cuda:0" if name == "cuda" else name
    if device_name not in names:
        raise InputError(
            "training.device",
            "this machine has no such device",
            found=name,
            fix=f"Devices here: {', '.join(names)}. 'auto' takes the best of them.",
        )
    return torch.device(device_name)


def versions(spec: ExperimentSpec | None = None) -> dict[str, str]:
    """Return the versions of libraries and settings that results depend on.

    Args:
        spec: The experiment, whose kinds may be those of other packages.
    """
    versions_by_name = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
    }
    if torch.version.cuda:
        versions_by_name["cuda"] = torch.version.cuda
    versions_by_name["threads"] = str(torch.get_num_threads())
    return versions_by_name if spec is None else versions_by_name | package_versions(spec_to_data(spec))
