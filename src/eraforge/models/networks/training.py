"""The one training loop of all networks: batches by era, early stopping on per-era CORR, the best epoch's weights."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import ERA, ID, Panel
from eraforge.models.eras import row_weights
from eraforge.models.networks.machine import torch_device
from eraforge.models.networks.settings import LoopSettings
from eraforge.models.progress import report
from eraforge.models.ranking import era_corr, predictions_frame
from eraforge.models.rows import are_bytes, labels

BLOCK = 65536
_log = logging.getLogger("eraforge.models")


@dataclass(frozen=True)
class Table:
    """Rows in memory, one byte per value where the features are bytes, and widened a batch at a time.

    Args:
        keys: `era` and `id` of each row.
        matrix: features, (rows, features), int8 or float32 with NaN.
        truth: labels, (rows,).
        starts: places where an era begins, with the number of rows last.
    """

    keys: pl.DataFrame
    matrix: np.ndarray
    truth: np.ndarray
    starts: np.ndarray


def read_table(panel: Panel) -> Table:
    """The labelled rows of a panel.

    Raises:
        DataError: `nothing-to-learn-from`.
    """
    truth = labels(panel)
    names = panel.frame.select(pl.col(panel.features).null_count().sum()).collect() if are_bytes(panel) else None
    whole = names is not None and not any(names.row(0))
    matrix = panel.matrix(np.int8 if whole else np.float32)
    keys = panel.frame.select(ERA, ID).collect()
    eras = keys[ERA].to_numpy()
    changes = np.flatnonzero(eras[1:] != eras[:-1]) + 1
    return Table(keys, matrix, truth, np.concatenate([[0], changes, [len(eras)]]))


def standardisation(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each feature over the values that are not missing, each (features,), float64.

    Raises:
        DataError: `features-all-constant`.
    """
    count, total, squares = (np.zeros(matrix.shape[1]) for _ in range(3))
    for start in range(0, len(matrix), BLOCK):
        block = matrix[start : start + BLOCK].astype(np.float64)
        known = np.isfinite(block)
        block[~known] = 0.0
        count += known.sum(axis=0)
        total += block.sum(axis=0)
        squares += (block**2).sum(axis=0)
    mean = total / np.maximum(count, 1)
    variance = np.maximum(squares / np.maximum(count, 1) - mean**2, 0.0)
    varies = variance > 1e-12 * np.maximum(mean**2, 1.0)
    if not varies.any():
        raise DataError("features-all-constant", "No feature has two values.", "Select features that vary.")
    return mean, np.where(varies, np.sqrt(variance), 1.0)


class Loop:
    """One training of one module.

    Args:
        network: the settings.
        module: the fresh module, on the CPU.
        table: rows to learn from.
        weights: of each row, or None.
    """

    def __init__(self, network: LoopSettings, module: Any, table: Table, weights: np.ndarray | None) -> None:
        self.network = network
        self.device = torch_device(network.device)
        self.module = module.to(self.device)
        self.table = table
        self.weights = np.ones(len(table.truth)) if weights is None else weights
        self.mean, self.scale = standardisation(table.matrix)
        self._mean, self._scale = (self._tensor(array.astype(np.float32)) for array in (self.mean, self.scale))
        self._label_scale = float(table.truth.std()) or 1.0
        self.narrow = self.device.type == "cuda" and torch.cuda.is_bf16_supported()
        self.narrow = network.precision == "bfloat16" or (network.precision == "auto" and self.narrow)
        self.optimiser = torch.optim.AdamW(
            self.module.parameters(), lr=network.learning_rate, weight_decay=network.weight_decay
        )
        self._rng = np.random.default_rng(network.seed)

    def epoch(self) -> None:
        """One pass over all eras in a drawn order.

        Raises:
            DataError: `training-diverged`.
        """
        self.module.train()
        for rows in self._batches():
            inputs = self._inputs(self.table.matrix[rows])
            truth = self.table.truth[rows]
            truth = self._tensor(((truth - truth.mean()) / self._label_scale).astype(np.float32))
            weights = self._tensor(self.weights[rows].astype(np.float32))
            self.optimiser.zero_grad(set_to_none=True)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.narrow):
                outputs = self.module(inputs)
            loss = self._loss(outputs.float(), truth, weights, inputs)
            if not torch.isfinite(loss):
                raise DataError(
                    "training-diverged",
                    f"The loss of {self.network.kind!r} became {float(loss.detach())}.",
                    "Lower its learning_rate, and check the features for extreme values.",
                )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
            self.optimiser.step()

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """The module's present predictions, (rows,), float64."""
        self.module.eval()
        parts = []
        with torch.no_grad():
            for start in range(0, len(matrix), self.network.rows_at_once):
                values = self.module(self._inputs(matrix[start : start + self.network.rows_at_once]))
                parts.append((values.mean(dim=1) if values.ndim == 2 else values).cpu().numpy())
        return np.concatenate(parts).astype(np.float64)

    def arrays(self) -> dict[str, np.ndarray]:
        """A checkpoint: the weights and the standardisation."""
        state = self.module.state_dict()
        weights = {f"weights/{name}": tensor.detach().cpu().numpy().copy() for name, tensor in state.items()}
        return {**weights, "mean": self.mean, "scale": self.scale}

    def _batches(self) -> Iterator[np.ndarray]:
        """Places of the rows of each batch: one era or a part of one, in a drawn order."""
        parts: list[np.ndarray] = []
        for start, stop in zip(self.table.starts, self.table.starts[1:], strict=False):
            rows = np.arange(start, stop)
            count = -(-len(rows) // self.network.rows_at_once)
            parts += [rows] if count == 1 else np.array_split(self._rng.permutation(rows), count)
        for place in self._rng.permutation(len(parts)):
            if len(parts[place]) > 1:
                yield parts[place]

    def _loss(self, outputs: Any, truth: Any, weights: Any, inputs: Any) -> Any:
        table = outputs if outputs.ndim == 2 else outputs[:, None]
        if self.network.loss == "error":
            loss = ((table - truth[:, None]) ** 2 * weights[:, None]).mean()
        else:
            loss = (1 - (_standard(table) * _standard(truth[:, None])).mean(dim=0)).mean() * weights.mean()
        if self.network.exposure_penalty:
            exposure = _standard(table.mean(dim=1, keepdim=True)).T @ _standard(inputs) / len(inputs)
            loss = loss + self.network.exposure_penalty * (exposure**2).mean()
        own = getattr(self.module, "own_loss", None)
        return loss if own is None else loss + own()

    def _inputs(self, matrix: np.ndarray) -> Any:
        block = (self._tensor(matrix).float() - self._mean) / self._scale
        return torch.nan_to_num(block, nan=0.0)

    def _tensor(self, array: np.ndarray) -> Any:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)


def train(network: LoopSettings, module: Any, rows: Panel, tail: Panel | None) -> dict[str, np.ndarray]:
    """Train a fresh module; returns the weights of the best epoch by name, and the standardisation.

    Args:
        rows: labelled rows to learn from.
        tail: labelled rows of later eras to stop early by; None trains all epochs.

    Raises:
        UserError: `gpu-memory-exhausted`, `no-cuda-device`, `library-without-cuda`.
        DataError: `nothing-to-learn-from`, `features-all-constant`, `training-diverged`.
    """
    table = read_table(rows)
    last = None if tail is None else read_table(tail)
    weights = row_weights(rows, network.era_half_life, network.even_eras)
    loop = Loop(network, module, table, weights)
    try:
        found = _epochs(loop, last)
    except torch.cuda.OutOfMemoryError as error:
        raise UserError(
            "gpu-memory-exhausted",
            f"The CUDA device has too little memory for batches of {network.rows_at_once} rows.",
            "Lower rows_at_once, use fewer features, or set device to cpu.",
        ) from error
    if loop.device.type == "cuda":
        _log.info("%s took at most %d MiB of the CUDA device", network.kind, torch.cuda.max_memory_allocated() >> 20)
    return found


def _epochs(loop: Loop, last: Table | None) -> dict[str, np.ndarray]:
    best, best_epoch, found = -np.inf, 0, None
    for epoch in range(loop.network.epochs):
        loop.epoch()
        report("epochs", epoch + 1, loop.network.epochs)
        if last is None:
            continue
        score = float(era_corr(predictions_frame(last.keys, loop.predict(last.matrix)), last.truth).mean())
        if score > best:
            best, best_epoch, found = score, epoch, loop.arrays()
        elif epoch - best_epoch >= loop.network.patience:
            break
    return loop.arrays() if found is None else found


def _standard(columns: Any) -> Any:
    """Columns with mean 0 and deviation 1; constant ones are 0."""
    centred = columns - columns.mean(dim=0, keepdim=True)
    return centred / (centred.pow(2).mean(dim=0, keepdim=True) + 1e-12).sqrt()
