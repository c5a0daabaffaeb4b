"""How much answers change from one era to the next, and what that costs.

Two eras have different universes, so rows are matched by id here. Source of every formula: numerai-tools 0.7.2,
`signals`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eraforge.core.errors import DataError, UserError
from eraforge.evaluation.kernels.primitives import (
    MAX_FILTERED,
    as_vector,
    clean,
    complete_rows,
    pearson,
    rank_ties_kept,
    refuse_many_extremes,
    refuse_missing,
    too_few,
)
from eraforge.evaluation.neutral.scores import as_neutralisers, neutralise
from eraforge.evaluation.neutral.weights import neutral_weights

NONE_TO_COMPARE = 1.0
"""Churn and turnover of an answer without a comparable predecessor."""


@dataclass(frozen=True)
class Answer:
    """One era's submission over the full universe of that era.

    Args:
        ids: (rows,), unique.
        values: (rows,); NaN where nothing was submitted.
        neutralisers: (rows, neutralisers) of that era.
        sample_weights: (rows,) of that era, or None where only churn is wanted.
    """

    ids: np.ndarray
    values: np.ndarray
    neutralisers: np.ndarray
    sample_weights: np.ndarray | None = None


def churn(
    ids: np.ndarray,
    values: np.ndarray,
    other_ids: np.ndarray,
    other_values: np.ndarray,
    *,
    top_bottom: int | None = None,
) -> float:
    """1 - Spearman correlation of two answers over their common ids; or the share that left the extremes.

    Source: numerai-tools 0.7.2, `signals.churn`.

    Args:
        ids, values: (rows,) each; ids unique.
        other_ids, other_values: the other era's, (other rows,) each.
        top_bottom: compare which ids are among that many lowest and highest instead (ties in row order).

    Returns:
        Between 0 and 2 (between 0 and 1 with `top_bottom`).

    Raises:
        DataError: `shapes-differ`, `duplicate-ids`, `too-few-overlapping-rows` when an answer shares less than four
            fifths of its rows, `constant-predictions`, `missing-values` and `top-bottom-too-large` with `top_bottom`.
    """
    ids, values = _checked(ids, values)
    other_ids, other_values = _checked(other_ids, other_values)
    if top_bottom:
        return _left_extremes(ids, values, other_ids, other_values, top_bottom)
    mine, other = _matched(ids, values, other_ids, other_values)
    for answer in (mine, other):
        if len(answer) < 2 or answer.min() == answer.max():
            raise DataError("constant-predictions", "A constant answer has no churn.", "Leave that era out.")
    return float(1 - pearson(rank_ties_kept(mine)[:, None], rank_ties_kept(other))[0])


def turnover(ids: np.ndarray, weights: np.ndarray, other_ids: np.ndarray, other_weights: np.ndarray) -> float:
    """Half the absolute change of portfolio weights over the common ids.

    Source: numerai-tools 0.7.2, `signals.turnover`.

    Args:
        ids, weights: (rows,) each, of `neutral_weights(..., centred=True)`.
        other_ids, other_weights: the other era's.

    Raises:
        DataError: `shapes-differ`, `duplicate-ids`, `too-few-overlapping-rows`.
    """
    mine, other = _matched(*_checked(ids, weights), *_checked(other_ids, other_weights))
    return float(np.abs(mine - other).sum() / 2)


def neutral_churn(current: Answer, previous: Answer) -> float:
    """Churn of the two answers' gaussianised ranks, each neutralised to its own era's neutralisers.

    Source: numerai-tools 0.7.2, `signals.neutral_churn`. Missing values are left out (up to a fifth).

    Raises:
        DataError: those of `churn` and `neutralise`.
    """
    return churn(
        *_neutral(current.ids, current.values, current.neutralisers),
        *_neutral(previous.ids, previous.values, previous.neutralisers),
    )


def mean_neutral_churn(current: Answer, previous: Sequence[Answer]) -> float:
    """Mean neutral churn of a cleaned answer against earlier ones (live: the last five); 1 when none compares.

    Source: numerai-tools 0.7.2, `signals.calculate_mean_neutral_churn`.

    Raises:
        DataError: those of `neutralise`; `constant-predictions` for a constant current answer.
    """
    return mean_residual_churn(neutral_residual(current), [neutral_residual(answer) for answer in previous])


def neutral_residual(answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """Ids and gaussianised ranks of a cleaned answer, neutralised to its own era: what neutral churn compares.

    Returns:
        (rows,) ids and (rows,) values; up to a fifth of the rows may be left out as missing.

    Raises:
        DataError: those of `neutralise`.
    """
    return _neutral(answer.ids, clean(answer.values), answer.neutralisers)


def mean_residual_churn(
    mine: tuple[np.ndarray, np.ndarray], previous: Sequence[tuple[np.ndarray, np.ndarray]]
) -> float:
    """`mean_neutral_churn` of what `neutral_residual` gave, for those who compare one answer many times.

    Raises:
        DataError: `constant-predictions` for a constant current answer.
    """
    if len(mine[1]) < 2 or np.isnan(mine[1]).any() or mine[1].min() == mine[1].max():
        raise DataError("constant-predictions", "The current answer is constant.", "Submit predictions that vary.")
    found = []
    for other in previous:
        try:
            found.append(churn(*mine, *other))
        except DataError as error:
            if error.code not in {"too-few-overlapping-rows", "constant-predictions"}:
                raise
    return math.fsum(found) / len(found) if found else NONE_TO_COMPARE


def max_churn_and_turnover(current: Answer, previous: Sequence[Answer]) -> tuple[float, float]:
    """Largest churn and turnover of a cleaned answer against earlier ones; 1 each when none compares.

    Source: numerai-tools 0.7.2, `signals.calculate_max_churn_and_turnover`.

    Raises:
        DataError: those of `churn` (but for too little overlap) and `neutral_weights`; `missing-sample-weights`.
    """
    mine, weights = clean(current.values), _weights(current)
    churns: list[float] = []
    turnovers: list[float] = []
    for answer in previous:
        other_weights = _weights(answer)
        try:
            changed = abs(churn(current.ids, mine, answer.ids, clean(answer.values)))
            traded = turnover(current.ids, weights, answer.ids, other_weights)
        except DataError as error:
            if error.code != "too-few-overlapping-rows":
                raise
            continue
        churns.append(changed)
        turnovers.append(traded)
    return max(churns, default=NONE_TO_COMPARE), max(turnovers, default=NONE_TO_COMPARE)


def neutral_churn_penalty(change: float, threshold: float = 0.1, scale: float = 10.0) -> float:
    """Share of a positive payout that is kept: 1 up to the threshold, then `2 / (1 + exp(scale (change - threshold)))`.

    Burns are not penalised. Source: numerai-tools 0.7.2, `signals.neutral_churn_penalty`.

    Raises:
        UserError: `penalty-out-of-range` for a churn or threshold outside [0, 2] or a scale that is not positive.
    """
    if not (0 <= change <= 2 and 0 <= threshold <= 2 and 0 < scale < math.inf):
        raise UserError(
            "penalty-out-of-range",
            f"A churn of {change} with threshold {threshold} and scale {scale} has no penalty.",
            "Churn and threshold lie between 0 and 2, the scale is positive.",
        )
    if change <= threshold:
        return 1.0
    decay = math.exp(-scale * (change - threshold))
    return 2 * decay / (1 + decay)


def _checked(ids: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    names = np.asarray(ids)
    if names.ndim != 1 or not len(names) or len(np.unique(names)) != len(names):
        raise DataError("duplicate-ids", "The ids of an answer are not unique, or there are none.", "One row per id.")
    return names, as_vector(values, len(names), "vector of values")


def _matched(
    ids: np.ndarray, values: np.ndarray, other_ids: np.ndarray, other_values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    known, other_known = ~np.isnan(values), ~np.isnan(other_values)
    common, mine, other = np.intersect1d(ids[known], other_ids[other_known], assume_unique=True, return_indices=True)
    for rows in (len(ids), len(other_ids)):
        if not len(common) / rows >= 1 - MAX_FILTERED:
            raise too_few(len(common), rows)
    return values[known][mine], other_values[other_known][other]


def _left_extremes(
    ids: np.ndarray, values: np.ndarray, other_ids: np.ndarray, other_values: np.ndarray, top_bottom: int
) -> float:
    kept = 0
    picked = []
    for names, answer in ((ids, values), (other_ids, other_values)):
        refuse_missing(answer, "the answers")
        refuse_many_extremes(top_bottom, len(answer))
        order = np.argsort(answer, kind="stable")
        picked.append((set(names[order[:top_bottom]].tolist()), set(names[order[-top_bottom:]].tolist())))
    for side in (0, 1):
        kept += len(picked[0][side] & picked[1][side])
    return 1 - kept / (2 * top_bottom)


def _neutral(ids: np.ndarray, values: np.ndarray, neutralisers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from eraforge.evaluation.kernels.tables import gauss_table, looked_up

    names, answer = _checked(ids, values)
    table = as_neutralisers(neutralisers, len(names))
    kept = complete_rows(len(names), answer, table)
    if kept is not None:
        names, answer, table = names[kept], answer[kept], table[kept]
    signals = looked_up(answer[:, None], gauss_table(len(names)))
    return names, neutralise(signals, table)[:, 0]


def _weights(answer: Answer) -> np.ndarray:
    if answer.sample_weights is None:
        raise DataError("missing-sample-weights", "An answer has no sample weights.", "Turnover needs them.")
    return neutral_weights(clean(answer.values), answer.neutralisers, answer.sample_weights, centred=True)[:, 0]
