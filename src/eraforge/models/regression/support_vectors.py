"""Support vector regression that scales: linear, or with a radial kernel by landmarks (Nystroem)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from eraforge.core.panel import Panel, frame_matrix
from eraforge.models import archive
from eraforge.models.eras import check_weighting
from eraforge.models.linear import one_thread
from eraforge.models.ranking import predictions_frame
from eraforge.models.regression.blocks import Map, Rows, minimise, read_rows, standardised
from eraforge.models.rows import pieces, require, training_rows

KIND = "support_vectors"
CELLS_AT_ONCE = 4 * 2**20
LEAST = 1e-10
"""Eigenvalues below this share of the largest are noise, and left out."""


@dataclass(frozen=True)
class SupportVectors:
    """Support vector regression: errors up to a margin cost nothing, larger ones their excess squared.

    The radial kernel is approximated by `landmarks` rows, so that time grows with the rows and not with their square.
    Sources: Vapnik, The Nature of Statistical Learning Theory (1995); Williams, Seeger, Using the Nystroem Method to
    Speed Up Kernel Machines (2001).

    Args:
        kernel: `radial` or `linear`.
        landmarks: rows that stand for all others in the radial kernel.
        width: the kernel is `exp(-width * |x - z|^2 / features)` of standardised features.
        margin: error that costs nothing, in deviations of the label.
        penalty: L2 penalty on the weights.
        rounds: iterations of L-BFGS at most.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
        seed: seed of the choice of landmarks.
    """

    kernel: str = "radial"
    landmarks: int = 256
    width: float = 0.3
    margin: float = 0.1
    penalty: float = 1e-3
    rounds: int = 200
    era_half_life: float = 0.0
    even_eras: bool = False
    seed: int = 7

    bytes_per_value: ClassVar[float] = 2.0
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(self.kernel in ("radial", "linear"), "kernel", self.kernel, "radial or linear")
        require(self.landmarks >= 2, "landmarks", self.landmarks, "a number of rows from 2")
        require(self.width > 0, "width", self.width, "above 0")
        require(self.margin >= 0, "margin", self.margin, "at least 0")
        require(self.penalty > 0, "penalty", self.penalty, "above 0")
        require(self.rounds >= 1, "rounds", self.rounds, "a number of rounds from 1")
        check_weighting(self.era_half_life)

    def fit(self, panel: Panel) -> FittedSupportVectors:
        """Solve for the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`.
            DataError: `nothing-to-learn-from`, `missing-feature-values`, `features-all-constant`.
        """
        rows = read_rows(training_rows(panel), self.era_half_life, self.even_eras)
        arrays = {"mean": rows.mean, "scale": rows.scale}
        if self.kernel == "radial":
            arrays |= self._landmarks(rows)
        deviation = float(rows.truth.std()) or 1.0
        margin = self.margin * deviation

        def loss(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            excess = np.sign(scores - truth) * np.maximum(np.abs(scores - truth) - margin, 0.0)
            return excess**2 / 2, excess

        arrays["weights"] = minimise(rows, loss, self.penalty, kernel_map(arrays, self.width), self.rounds)
        return FittedSupportVectors(arrays, panel.features, asdict(self))

    def load(self, data: bytes) -> FittedSupportVectors:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        facts, blobs = archive.unpack(KIND, data)
        arrays = {name.removesuffix(".npy"): archive.bytes_array(blob) for name, blob in blobs.items()}
        return FittedSupportVectors(arrays, tuple(facts["features"]), facts["settings"])

    def _landmarks(self, rows: Rows) -> dict[str, np.ndarray]:
        """Landmark rows, and the matrix that makes products of kernel values products of mapped rows."""
        rng = np.random.default_rng(self.seed)
        chosen = np.sort(rng.choice(len(rows.truth), min(self.landmarks, len(rows.truth)), replace=False))
        points = standardised(rows.matrix[chosen], rows.mean, rows.scale)
        with one_thread():
            values, vectors = np.linalg.eigh(radial(points, points, self.width))
            keep = values > LEAST * values.max()
            return {"points": points, "whitening": vectors[:, keep] / np.sqrt(values[keep])}


def radial(rows: np.ndarray, points: np.ndarray, width: float) -> np.ndarray:
    """`exp(-width * |x - z|^2 / features)` of every row and point, (rows, points)."""
    distance = (rows**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * (rows @ points.T)
    kernel: np.ndarray = np.exp(-width * np.maximum(distance, 0.0) / points.shape[1])
    return kernel


def kernel_map(arrays: dict[str, np.ndarray], width: float) -> Map | None:
    """What the scores are linear in: None for the standardised features themselves."""
    if "points" not in arrays:
        return None
    return lambda block: radial(block, arrays["points"], width) @ arrays["whitening"]


class FittedSupportVectors:
    """Weights with the intercept last, the standardisation, and for the radial kernel the landmarks."""

    def __init__(self, arrays: dict[str, np.ndarray], features: tuple[str, ...], settings: dict[str, Any]) -> None:
        self.arrays = arrays
        self.features = features
        self.settings = settings

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the training.
            DataError: `prediction-not-finite` when a feature value is missing.
        """
        mapped = kernel_map(self.arrays, self.settings["width"])
        weights = self.arrays["weights"]
        parts = []
        with one_thread():
            for rows in pieces(panel, self.features, max(1, CELLS_AT_ONCE // len(self.features))):
                block = frame_matrix(rows, self.features, np.float64)
                block = standardised(block, self.arrays["mean"], self.arrays["scale"])
                block = block if mapped is None else mapped(block)
                parts.append(predictions_frame(rows, block @ weights[:-1] + weights[-1]))
        return pl.concat(parts) if parts else predictions_frame(panel.collect(), np.empty(0))

    def save(self) -> bytes:
        """A zip of the arrays (`.npy`) and the settings and features as JSON."""
        blobs = {f"{name}.npy": archive.array_bytes(array) for name, array in self.arrays.items()}
        return archive.pack(KIND, {"settings": self.settings, "features": list(self.features)}, blobs)
