"""What a model needs of this machine: its library, and where it computes, the CPU or a CUDA device."""

from __future__ import annotations

import ctypes
import importlib
import logging
from typing import Any

from eraforge.core.errors import UserError
from eraforge.models.rows import require

CHOICES = ("auto", "cpu", "cuda")
DRIVERS = ("libcuda.so.1", "nvcuda.dll")
_log = logging.getLogger("eraforge.models")


def library(name: str, extra: str) -> Any:
    """A library that comes with an extra, imported on first use because that takes seconds.

    Raises:
        UserError: `extra-not-installed`.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UserError(
            "extra-not-installed",
            f"This model needs {name}, which is not installed ({error}).",
            f"Install it with: pip install 'eraforge[{extra}]'.",
        ) from error


def check_device(device: str) -> None:
    """Check the setting `device`.

    Raises:
        UserError: `model-setting`.
    """
    require(device in CHOICES, "device", device, f"one of {', '.join(CHOICES)}")


def cuda_devices() -> int:
    """How many CUDA devices the driver of this machine offers; 0 without a driver."""
    for name in DRIVERS:
        try:
            driver = ctypes.CDLL(name)
        except OSError:
            continue
        count = ctypes.c_int(0)
        if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value
    return 0


def chosen_device(device: str, library: str, built_for_cuda: bool) -> str:
    """`cpu` or `cuda`: what the setting means on this machine with this build of a library.

    Raises:
        UserError: `no-cuda-device`, `library-without-cuda` when `cuda` was asked for and cannot be had.
    """
    if device == "cpu":
        return "cpu"
    found = cuda_devices()
    if found and built_for_cuda:
        return "cuda"
    if device == "cuda" and not found:
        raise UserError(
            "no-cuda-device",
            "This machine offers no CUDA device.",
            "Set device to auto or cpu, or install the driver of the graphics card.",
        )
    if device == "cuda":
        raise UserError(
            "library-without-cuda",
            f"The installed {library} is built for the CPU alone.",
            f"Install a build of {library} with CUDA, or set device to auto or cpu.",
        )
    why = f"{library} is built for the CPU alone" if found else "this machine offers no CUDA device"
    _log.info("%s computes on the CPU: %s", library, why)
    return "cpu"
