"""What all networks share: the settings of the training loop, fitting, and the saved form."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.panel import Panel, frame_matrix
from eraforge.models import archive
from eraforge.models.devices import library
from eraforge.models.eras import purged_tail
from eraforge.models.networks.machine import seeded, torch_device
from eraforge.models.networks.settings import LoopSettings
from eraforge.models.ranking import predictions_frame
from eraforge.models.rows import pieces, training_rows

CELLS_AT_ONCE = 2 * 2**20
ROWS_AT_ONCE = 256
"""Rows that one thread of a processor takes through the network at a time: its cache holds what lies between layers."""
OF_THE_MACHINE = ("threads", "device")


@dataclass(frozen=True)
class Network(LoopSettings):
    """A network: the settings of the training loop, to which each architecture adds its own."""

    def module(self, features: tuple[str, ...]) -> Any:
        """A fresh torch module: (rows, features) standardised -> (rows,), or (rows, members) to be averaged.

        Raises:
            UserError: what the architecture needs of the features, such as `panel-without-windows`.
        """
        raise TypeError(f"{type(self).__name__} is not an architecture")

    def fit(self, panel: Panel) -> FittedNetwork:
        """Train on the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`, `too-few-eras-to-stop-early`,
                `extra-not-installed`, `no-cuda-device`, `library-without-cuda`, `gpu-memory-exhausted`.
            DataError: `nothing-to-learn-from`, `features-all-constant`, `training-diverged`.
        """
        library("torch", "nn")
        from eraforge.models.networks.training import train

        rows, tail = training_rows(panel), None
        if self.patience:
            earlier, last = purged_tail(panel, self.tail)
            rows, tail = training_rows(earlier), training_rows(last)
        with seeded(self.seed, self.threads):
            arrays = train(self, self.module(rows.features), rows, tail)
        return FittedNetwork(self, arrays, rows.features)

    def load(self, data: bytes) -> FittedNetwork:
        """The fitted model that `save` wrote.

        Raises:
            UserError: `extra-not-installed`.
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        facts, blobs = archive.unpack(self.kind, data)
        settings = {**facts["settings"], **{name: getattr(self, name) for name in OF_THE_MACHINE}}
        arrays = {name.removesuffix(".npy"): archive.bytes_array(blob) for name, blob in blobs.items()}
        return FittedNetwork(type(self)(**settings), arrays, tuple(facts["features"]))


class FittedNetwork:
    """Trained weights by name, with the mean and deviation of each feature, and the network they belong to."""

    def __init__(self, network: Network, arrays: dict[str, np.ndarray], features: tuple[str, ...]) -> None:
        torch = library("torch", "nn")
        self.network = network
        self.arrays = arrays
        self.features = features
        self._device = torch_device(network.device)
        weights = {name.removeprefix("weights/"): array for name, array in arrays.items() if "/" in name}
        with seeded(network.seed, network.threads):
            module = network.module(features)
        module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
        # In double precision a row's prediction does not depend, beyond the 15th digit, on the rows beside it.
        self._module = module.double().eval().to(self._device)

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order. A missing value counts as the feature's mean.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the training.
        """
        torch = library("torch", "nn")
        parts = []
        workers = min(self.network.threads, torch.get_num_threads()) if self._device.type == "cpu" else 1
        with seeded(self.network.seed, 1), ThreadPoolExecutor(workers) as pool:
            for rows in pieces(panel, self.features, max(1, CELLS_AT_ONCE // len(self.features))):
                if not rows.height:
                    continue
                block = frame_matrix(rows, self.features, np.float64)
                block -= self.arrays["mean"]
                block /= self.arrays["scale"]
                np.nan_to_num(block, copy=False, nan=0.0)
                step = ROWS_AT_ONCE if self._device.type == "cpu" else len(block)
                some = (block[start : start + step] for start in range(0, len(block), step))
                parts.append(predictions_frame(rows, np.concatenate(list(pool.map(self._answer, some)))))
        return pl.concat(parts) if parts else predictions_frame(panel.collect(), np.empty(0))

    def _answer(self, block: np.ndarray) -> np.ndarray:
        """What the module says of standardised rows (rows, features), its members averaged: (rows,)."""
        torch = library("torch", "nn")
        with torch.no_grad():
            values: np.ndarray = self._module(torch.from_numpy(block).to(self._device)).cpu().numpy()
        return values.mean(axis=1) if values.ndim == 2 else values

    def save(self) -> bytes:
        """A zip of the weights and the standardisation (`.npy`) and the settings and features as JSON."""
        settings = {name: value for name, value in asdict(self.network).items() if name not in OF_THE_MACHINE}
        blobs = {f"{name}.npy": archive.array_bytes(array) for name, array in self.arrays.items()}
        return archive.pack(self.network.kind, {"settings": settings, "features": list(self.features)}, blobs)
