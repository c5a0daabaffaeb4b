"""A round scored day after day: one ranking of the field, many targets. Arrays in, arrays out.

A round's predictions stay the same for sixty score days while its targets change daily, so the costly half of a score
(ranks and their normal quantiles) is made once. The results equal `evaluation.scores` on each day's target.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eraforge.evaluation.kernels.primitives import (
    centre,
    correlation_of_sums,
    gaussianise,
    orthogonalise,
    power,
    rank_ties_kept,
)
from eraforge.evaluation.scores import contribution_target, stake_weighted_meta_model

POWER = 1.5


@dataclass(frozen=True, slots=True)
class PreparedField:
    """The predictions of one round, ready for any number of targets.

    Args:
        signals: (rows, models) gaussianised tie-kept ranks; `powered` is the same to the power 1.5, centred.
        squares: (models,) sums of squares of `powered`; 0 for constant predictions.
        meta_model: (rows,) the stake-weighted meta model.
        market: (rows,) the meta model ranked and gaussianised; `benchmark` likewise.
    """

    signals: np.ndarray
    powered: np.ndarray
    squares: np.ndarray
    meta_model: np.ndarray
    market: np.ndarray
    benchmark: np.ndarray


def prepare(predictions: np.ndarray, stakes: np.ndarray, benchmarks: np.ndarray) -> PreparedField:
    """Rank and gaussianise a round's predictions and build its meta model.

    Args:
        predictions: (rows, models) without NaN.
        stakes: (models,) at risk; 0 leaves a model out of the meta model.
        benchmarks: (rows, m) predictions of the benchmark models, equally weighted.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `missing-values`.
    """
    ranks = rank_ties_kept(predictions)
    signals = gaussianise(ranks)
    meta_model = stake_weighted_meta_model(ranks, stakes)
    powered = centre(power(signals, POWER))
    varies = signals.min(axis=0) != signals.max(axis=0)
    return PreparedField(
        signals=signals,
        powered=powered,
        squares=np.where(varies, np.einsum("ij,ij->j", powered, powered), 0.0),
        meta_model=meta_model,
        market=gaussianise(rank_ties_kept(meta_model)),
        benchmark=gaussianise(rank_ties_kept(rank_ties_kept(benchmarks).mean(axis=1))),
    )


def corr_each(field: PreparedField, targets: np.ndarray) -> np.ndarray:
    """`scores.corr` of every model against each of several targets: (rows, targets) -> (targets, models)."""
    return np.stack([_correlations(field, power(centre(target), POWER)) for target in targets.T])


def mmc_each(field: PreparedField, market: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`scores.mmc` (or `bmc`) of every model against each of several targets: (rows, targets) -> (targets, models).

    `market` is one of the field's two gaussianised references.
    """
    orthogonal = orthogonalise(field.signals, market)
    truths = [contribution_target(target) for target in targets.T]
    return np.stack([np.einsum("ij,i->j", orthogonal, truth) / len(truth) for truth in truths])


def meta_model_correlations(field: PreparedField) -> np.ndarray:
    """`scores.meta_model_correlation` of every model: (models,)."""
    return _correlations(field, field.meta_model)


def _correlations(field: PreparedField, vector: np.ndarray) -> np.ndarray:
    centred = centre(vector)
    squares = np.einsum("i,i->", centred, centred) * (vector.min() != vector.max())
    return correlation_of_sums(np.einsum("ij,i->j", field.powered, centred), field.squares, squares)
