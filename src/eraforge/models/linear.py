"""Ridge regression in closed form, from sums that are gathered piece by piece and exact for binned data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel, frame_matrix
from eraforge.models import archive
from eraforge.models.eras import check_weighting, row_weights
from eraforge.models.progress import report
from eraforge.models.ranking import predictions_frame
from eraforge.models.rows import are_bytes, labels, pieces, require, training_rows

KIND = "ridge"
CENTRE = 2
"""Numerai's features are 0..4 and missing ones are 2: around 2 the sums stay small and missing means nothing."""
EXACT = 2**24
"""Every whole number up to here is a float32, so a product of small whole numbers is exact in the fast float32 BLAS."""
MOST_LABELS = 64
MANY_FEATURES = 512
CELLS_AT_ONCE = 32 * 2**20


@dataclass(frozen=True)
class Ridge:
    """Linear regression with an L2 penalty, solved exactly.

    Minimises `|y - Xw - b|^2 + alpha |w|^2` with `alpha = penalty * rows * mean variance of the features`, so that one
    value of `penalty` means the same for any number of rows and any scale. The intercept `b` is not penalised.

    Args:
        penalty: share of the mean feature variance; 0.1 shrinks directions that hold less than a tenth of it.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
    """

    penalty: float = 0.1
    era_half_life: float = 0.0
    even_eras: bool = False

    bytes_per_value: ClassVar[float] = 0.0
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(self.penalty > 0, "penalty", self.penalty, "above 0")
        check_weighting(self.era_half_life)

    def fit(self, panel: Panel) -> FittedRidge:
        """Solve for the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`.
            DataError: `nothing-to-learn-from`, `missing-feature-values`, `features-all-constant`.
        """
        rows = training_rows(panel)
        sums = gather(rows, self.era_half_life, self.even_eras)
        weights, intercept = sums.solve(self.penalty)
        return FittedRidge(weights, intercept, rows.features, asdict(self))

    def load(self, data: bytes) -> FittedRidge:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        return load_linear(KIND, data)


def gather(rows: Panel, era_half_life: float = 0.0, even_eras: bool = False) -> Sums:
    """The sums of products of a panel's labelled rows, read block by block.

    Raises:
        DataError: `nothing-to-learn-from`.
    """
    total = len(labels(rows))
    weights = row_weights(rows, era_half_life, even_eras)
    sums = Sums(len(rows.features))
    for matrix, truth in _blocks(rows):
        start = sums.rows
        sums.add(matrix, truth, None if weights is None else weights[start : start + len(truth)])
        report("rows", sums.rows, total)
    return sums


def load_linear(kind: str, data: bytes) -> FittedRidge:
    """A saved linear model of that kind.

    Raises:
        DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
    """
    facts, blobs = archive.unpack(kind, data)
    solution = archive.bytes_array(blobs["weights.npy"])
    return FittedRidge(solution[:-1], float(solution[-1]), tuple(facts["features"]), facts["settings"], kind)


class FittedRidge:
    """Weights around the centre 2 of the features, float64, shape (features,), and the intercept."""

    def __init__(
        self,
        weights: np.ndarray,
        intercept: float,
        features: tuple[str, ...],
        settings: dict[str, Any],
        kind: str = KIND,
    ) -> None:
        self.kind = kind
        self.weights = weights
        self.intercept = intercept
        self.features = features
        self.settings = settings

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the training.
            DataError: `prediction-not-finite` when a feature value is missing.
        """
        parts = []
        with one_thread():
            for rows in pieces(panel, self.features, max(1, CELLS_AT_ONCE // 8 // len(self.features))):
                matrix = frame_matrix(rows, self.features, np.float64)
                matrix -= CENTRE
                parts.append(predictions_frame(rows, matrix @ self.weights + self.intercept))
        return pl.concat(parts) if parts else predictions_frame(panel.collect(), np.empty(0))

    def save(self) -> bytes:
        """A zip of the weights (`.npy`, the intercept last) and the settings and features as JSON."""
        facts = {"settings": self.settings, "features": list(self.features)}
        solution = np.append(self.weights, self.intercept)
        return archive.pack(self.kind, facts, {"weights.npy": archive.array_bytes(solution)})


@dataclass
class Sums:
    """The sums of products that ridge regression needs, gathered block by block.

    For 8-bit features and binned labels every sum is a whole number and exact: neither the order of the rows nor the
    number of threads can change a bit. Other data are summed in float64.
    """

    features: int
    rows: int = 0
    gram: np.ndarray = field(init=False)
    by_label: dict[float, np.ndarray] = field(default_factory=dict)
    plain: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.gram = np.zeros((self.features, self.features))
        # rows of `plain`: sum of x, sum of x*y; its last column: rows, sum of y
        self.plain = np.zeros((2, self.features + 1))

    def add(self, matrix: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Add a block: features (rows, features), int16 around the centre or float64; labels and weights (rows,)."""
        self.rows += len(truth)
        values, places = np.unique(truth, return_inverse=True)
        whole = np.issubdtype(matrix.dtype, np.integer)
        largest = int(np.abs(matrix).max(initial=1)) if whole else 0
        if not whole or len(values) > MOST_LABELS or weights is not None:
            self._add_plain(matrix.astype(np.float64, copy=False), truth, weights)
            return
        step = max(1, EXACT // largest**2)
        for start in range(0, len(truth), step):
            self._add_exact(matrix[start : start + step], values, places[start : start + step])

    def _add_exact(self, matrix: np.ndarray, values: np.ndarray, places: np.ndarray) -> None:
        small = matrix.astype(np.float32)
        of_label = np.zeros((len(places), len(values)), dtype=np.float32)
        of_label[np.arange(len(places)), places] = 1
        # Threads pay off only for wide products; on narrow ones they mostly wait for each other.
        with one_thread() if self.features < MANY_FEATURES else nullcontext():
            self.gram += small.T @ small
            sums = (of_label.T @ small).astype(np.float64)
        counts = of_label.sum(axis=0, dtype=np.float64)
        for value, total, count in zip(values.tolist(), sums, counts, strict=True):
            known = self.by_label.setdefault(value, np.zeros(self.features + 1))
            known += np.append(total, count)

    def _add_plain(self, matrix: np.ndarray, truth: np.ndarray, weights: np.ndarray | None) -> None:
        each = np.ones(len(truth)) if weights is None else weights
        sides = np.vstack([each, each * truth])
        with one_thread():
            self.gram += matrix.T @ (matrix if weights is None else matrix * weights[:, None])
            self.plain += np.column_stack([sides @ matrix, sides.sum(axis=1)])

    def moments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """Scatter of the features around their means, products with the centred label, the means, the label's mean.

        Raises:
            DataError: `features-all-constant`, `missing-feature-values`.
        """
        of_one, of_label = self.plain[0].copy(), self.plain[1].copy()
        for value in sorted(self.by_label):
            of_one += self.by_label[value]
            of_label += value * self.by_label[value]
        mean, label_mean = of_one[:-1] / self.rows, of_label[-1] / self.rows
        scatter = self.gram - self.rows * np.outer(mean, mean)
        size = float(np.trace(scatter)) / self.features
        if not np.isfinite(size):
            raise DataError(
                "missing-feature-values",
                "A feature holds missing values, which a linear model cannot use.",
                "Fill them when the panel is checked.",
            )
        if size <= 1e-9 * self.rows:
            raise DataError("features-all-constant", "No feature has two values.", "Select features that vary.")
        return scatter, of_label[:-1] - label_mean * of_one[:-1], mean, float(label_mean)

    def solve(self, penalty: float) -> tuple[np.ndarray, float]:
        """Weights around the centre and the intercept of ridge regression.

        Raises:
            DataError: `features-all-constant`, `missing-feature-values`.
        """
        from scipy.linalg import solve

        scatter, products, mean, label_mean = self.moments()
        scatter[np.diag_indices(self.features)] += penalty * float(np.trace(scatter)) / self.features
        with one_thread():
            weights = solve(scatter, products, assume_a="pos", overwrite_a=True)
        return weights, float(label_mean - mean @ weights)


def _blocks(panel: Panel) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Centred features and labels of some rows at a time."""
    kind: type[np.generic] = np.int16 if are_bytes(panel) else np.float64
    for rows in pieces(panel, panel.features, max(1, CELLS_AT_ONCE // len(panel.features))):
        matrix = frame_matrix(rows, panel.features, kind)
        matrix -= CENTRE
        yield matrix, rows.get_column(panel.target.name).cast(pl.Float64).to_numpy()


def one_thread() -> Any:
    """Linear algebra on one thread within the block: how sums are split among threads would change their last bits."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")
