"""Torch made repeatable for the time of a block, and the device it computes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eraforge.models.devices import chosen_device, library


@contextmanager
def seeded(seed: int, threads: int) -> Iterator[None]:
    """Within the block torch draws from this seed, computes with so many threads, and by repeatable algorithms.

    Everything is as it was afterwards. On a CUDA device the sums of some algorithms still depend on chance.
    """
    torch = library("torch", "nn")
    before, repeatable = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(not torch.cuda.is_available())
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(repeatable)
            torch.set_num_threads(before)


def torch_device(device: str) -> Any:
    """The torch device that the setting means here.

    Raises:
        UserError: `no-cuda-device`, `library-without-cuda`.
    """
    torch = library("torch", "nn")
    return torch.device(chosen_device(device, "torch", bool(torch.cuda.is_available())))
