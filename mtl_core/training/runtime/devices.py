"""Which device a run trains on."""

import os
import platform

import torch

from mtl_core.plugins import package_versions
from mtl_core.spec import DeviceInfo, ExperimentSpec, InputError, spec_to_data


def devices() -> tuple[DeviceInfo, ...]:
    """All devices one can train on, the one that ``auto`` takes first."""
    cuda = tuple(
        DeviceInfo(name=f"cuda:{i}", label=f"CUDA {i} · {torch.cuda.get_device_name(i)}")
        for i in range(torch.cuda.device_count())
    )
    return (*cuda, DeviceInfo(name="cpu", label=f"CPU · {os.cpu_count()} cores"))


def choose_device(name: str) -> torch.device:
    """The device that a spec names.

    Args:
        name: ``auto`` (the first CUDA device, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InputError: This machine has no such device.
    """
    known = [device.name for device in devices()]
    wanted = known[0] if name == "auto" else "cuda:0" if name == "cuda" else name
    if wanted not in known:
        raise InputError(
            "training.device",
            "this machine has no such device",
            found=name,
            fix=f"Devices here: {', '.join(known)}. 'auto' takes the best of them.",
        )
    return torch.device(wanted)


def versions(spec: ExperimentSpec | None = None) -> dict[str, str]:
    """The versions a result depends on.

    Args:
        spec: The experiment, whose kinds may be those of other packages.
    """
    found = {"python": platform.python_version(), "torch": torch.__version__, "platform": platform.platform()}
    if torch.version.cuda:
        found["cuda"] = torch.version.cuda
    found["threads"] = str(torch.get_num_threads())
    return found if spec is None else found | package_versions(spec_to_data(spec))
