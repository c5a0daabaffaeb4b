"""The kernels of the score rules: a round's predictions made ready once, then scored on any number of targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eraforge.evaluation.daily import PreparedField, corr_each, meta_model_correlations, mmc_each, prepare
from eraforge.evaluation.neutral.scores import neutral_corr, neutral_mmc
from eraforge.evaluation.neutral.weights import alpha, mpc


@dataclass(frozen=True, slots=True)
class ReadyRound:
    """What every kernel may look at.

    Args:
        field: ranks and meta model.
        predictions: (rows, members).
        risks: (members,) NMR at risk.
        neutralisers, weights: (rows, k) and (rows,) of a world that has them.
    """

    field: PreparedField
    predictions: np.ndarray
    risks: np.ndarray
    neutralisers: np.ndarray | None = None
    weights: np.ndarray | None = None


def ready(
    predictions: np.ndarray,
    risks: np.ndarray,
    shares: np.ndarray,
    benchmarks: np.ndarray,
    neutralisers: np.ndarray | None,
    weights: np.ndarray | None,
) -> ReadyRound:
    """Rank a round's predictions and build its meta model.

    Args:
        shares: (members,) what each weighs in the meta model.
        benchmarks: (rows, m); the meta model stands in for them in a world without any.
    """
    some = benchmarks if benchmarks.shape[1] else predictions[:, :1]
    return ReadyRound(prepare(predictions, shares, some), predictions, risks, neutralisers, weights)


def score(kernel: str, made: ReadyRound, truths: np.ndarray) -> np.ndarray:
    """Scores of every member on every target.

    Args:
        kernel: as a score rule names it.
        truths: (rows, targets).

    Returns:
        (targets, members); NaN throughout where the world lacks what the kernel needs.
    """
    return KERNELS[kernel](made, truths)


def _meta(made: ReadyRound, truths: np.ndarray) -> np.ndarray:
    return np.tile(meta_model_correlations(made.field), (truths.shape[1], 1))


def _alpha(made: ReadyRound, truths: np.ndarray) -> np.ndarray:
    if made.neutralisers is None or made.weights is None:
        return _nothing(made, truths)
    return np.stack([alpha(made.predictions, made.neutralisers, made.weights, truth) for truth in truths.T])


def _mpc(made: ReadyRound, truths: np.ndarray) -> np.ndarray:
    if made.neutralisers is None or made.weights is None or not made.risks.sum() > 0:
        return _nothing(made, truths)
    return np.stack([mpc(made.predictions, made.risks, made.neutralisers, made.weights, truth) for truth in truths.T])


def _neutral_corr(made: ReadyRound, truths: np.ndarray) -> np.ndarray:
    if made.neutralisers is None:
        return _nothing(made, truths)
    return np.stack([neutral_corr(made.predictions, made.neutralisers, truth) for truth in truths.T])


def _neutral_mmc(made: ReadyRound, truths: np.ndarray) -> np.ndarray:
    if made.neutralisers is None:
        return _nothing(made, truths)
    market = made.field.meta_model
    return np.stack([neutral_mmc(made.predictions, market, made.neutralisers, truth) for truth in truths.T])


def _nothing(made: ReadyRound, truths: np.ndarray) -> np.ndarray:
    return np.full((truths.shape[1], made.predictions.shape[1]), np.nan)


KERNELS: dict[str, Callable[[ReadyRound, np.ndarray], np.ndarray]] = {
    "alpha": _alpha,
    "bmc": lambda made, truths: mmc_each(made.field, made.field.benchmark, truths),
    "corr": lambda made, truths: corr_each(made.field, truths),
    "meta": _meta,
    "mmc": lambda made, truths: mmc_each(made.field, made.field.market, truths),
    "mpc": _mpc,
    "neutral_corr": _neutral_corr,
    "neutral_mmc": _neutral_mmc,
}
