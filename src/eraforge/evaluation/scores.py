"""The official scores of one era: arrays in, arrays out, equal to numerai-tools 0.7.2."""

from __future__ import annotations

import numpy as np

from eraforge.core.errors import DataError

MAX_FILTERED = 0.2


def corr(predictions: np.ndarray, target: np.ndarray) -> np.ndarray:
    """CORR of each prediction column of one era (CORR20, CORR60, crypto CORR).

    Pearson correlation of `pow1.5(gauss(tie-kept rank))` of the predictions with `pow1.5` of the centred target.
    Source: numerai-tools 0.7.2, `scoring.numerai_corr`.

    Args:
        predictions: (rows, columns) or (rows,); rows with a NaN in any column are left out.
        target: (rows,), aligned with the predictions; NaN rows are left out.

    Returns:
        (columns,) correlations; NaN for a constant column.

    Raises:
        DataError: `shapes-differ`, `too-few-overlapping-rows` when more than a fifth of the rows is left out.
    """
    columns, truth = _aligned(predictions, target)
    truth = truth - np.nanmean(truth)
    kept = _complete_rows(columns, truth)
    signals, truth = _power(_gauss(columns[kept])), _power(truth[kept])
    return _pearson(signals, truth)


def mmc(predictions: np.ndarray, meta_model: np.ndarray, target: np.ndarray) -> np.ndarray:
    """MMC of each prediction column of one era; BMC when `meta_model` holds a benchmark.

    Covariance of the target with the part of the gaussianised predictions orthogonal to the gaussianised meta model.
    A target within [0, 1] counts in fifths: it is multiplied by 4. Source: numerai-tools 0.7.2,
    `scoring.correlation_contribution`.

    Args:
        predictions: (rows, columns) or (rows,); rows with a NaN in any column are left out.
        meta_model: (rows,), aligned; NaN rows are left out.
        target: (rows,), aligned; NaN rows are left out.

    Returns:
        (columns,) contributions; 0 for a constant column.

    Raises:
        DataError: `shapes-differ`, `too-few-overlapping-rows` when more than a fifth of the rows is left out.
    """
    columns, truth = _aligned(predictions, target)
    columns, meta = _aligned(columns, meta_model)
    kept = _complete_rows(columns, truth, meta)
    truth = truth[kept]
    signals, market = _gauss(columns[kept]), _gauss(meta[kept, None])[:, 0]
    return _contribution(_orthogonal(signals, market), truth)


def corr_each(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`corr` of one era against several targets, ranking the predictions once.

    Args:
        predictions: (rows, columns) or (rows,).
        targets: (rows, targets), for example one target after 1, 2, 3 ... days.

    Returns:
        (targets, columns); row j is `corr(predictions, targets[:, j])`.

    Raises:
        DataError: as `corr`.
    """
    columns, _ = _aligned(predictions, targets[:, 0])
    if np.isnan(columns).any() or np.isnan(targets).any():
        return np.stack([corr(columns, target) for target in targets.T])
    signals, truths = _power(_gauss(columns)), _power(targets - targets.mean(axis=0))
    return np.stack([_pearson(signals, truth) for truth in truths.T])


def mmc_each(predictions: np.ndarray, meta_model: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`mmc` of one era against several targets, ranking the predictions once.

    Args:
        predictions: (rows, columns) or (rows,).
        meta_model: (rows,).
        targets: (rows, targets).

    Returns:
        (targets, columns); row j is `mmc(predictions, meta_model, targets[:, j])`.

    Raises:
        DataError: as `mmc`.
    """
    columns, _ = _aligned(predictions, targets[:, 0])
    if np.isnan(columns).any() or np.isnan(meta_model).any() or np.isnan(targets).any():
        return np.stack([mmc(columns, meta_model, target) for target in targets.T])
    orthogonal = _orthogonal(_gauss(columns), _gauss(np.asarray(meta_model, float)[:, None])[:, 0])
    return np.stack([_contribution(orthogonal, truth) for truth in targets.T])


def corr_with_meta_model(predictions: np.ndarray, meta_model: np.ndarray) -> np.ndarray:
    """Correlation of each prediction column of one era with the meta model as it is (CWMM).

    Pearson correlation of `pow1.5(gauss(tie-kept rank))` of the predictions with the stake-weighted meta model.
    Source: the tournament's published definition of CORR with the meta model.

    Args:
        predictions: (rows, columns) or (rows,).
        meta_model: (rows,), aligned; NaN rows are left out.

    Returns:
        (columns,) correlations; NaN for a constant column.

    Raises:
        DataError: as `corr`.
    """
    columns, meta = _aligned(predictions, meta_model)
    kept = _complete_rows(columns, meta)
    return _pearson(_power(_gauss(columns[kept])), meta[kept])


def _orthogonal(signals: np.ndarray, market: np.ndarray) -> np.ndarray:
    orthogonal: np.ndarray = signals - np.outer(market, (signals.T @ market) / (market @ market))
    return orthogonal


def _contribution(orthogonal: np.ndarray, truth: np.ndarray) -> np.ndarray:
    if ((truth >= 0) & (truth <= 1)).all():
        truth = truth * 4
    contribution: np.ndarray = (truth - truth.mean()) @ orthogonal / len(truth)
    return contribution


def _aligned(predictions: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    columns, vector = np.asarray(predictions, float), np.asarray(other, float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or vector.shape != columns.shape[:1] or not len(vector):
        raise DataError(
            "shapes-differ",
            f"Predictions of shape {columns.shape} do not fit a vector of shape {vector.shape}.",
            "Give (rows, columns) and (rows,) with the rows of one era in one order.",
        )
    return columns, vector


def _complete_rows(columns: np.ndarray, *vectors: np.ndarray) -> np.ndarray:
    kept: np.ndarray = ~np.isnan(columns).any(axis=1)
    for vector in vectors:
        kept &= ~np.isnan(vector)
    if kept.mean() < 1 - MAX_FILTERED:
        raise DataError(
            "too-few-overlapping-rows",
            f"Only {kept.sum()} of {len(kept)} rows have predictions and truth; four fifths are needed.",
            "Predict every row of the era.",
        )
    return kept


def _gauss(columns: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri
    from scipy.stats import rankdata

    gauss: np.ndarray = ndtri((rankdata(columns, axis=0) - 0.5) / len(columns))
    return gauss


def _power(values: np.ndarray) -> np.ndarray:
    powered: np.ndarray = np.sign(values) * np.abs(values) ** 1.5
    return powered


def _pearson(columns: np.ndarray, vector: np.ndarray) -> np.ndarray:
    columns, vector = columns - columns.mean(axis=0), vector - vector.mean()
    scale = np.sqrt((columns**2).sum(axis=0) * (vector @ vector))
    result: np.ndarray = np.divide(vector @ columns, scale, out=np.full(len(scale), np.nan), where=scale > 0)
    return result
