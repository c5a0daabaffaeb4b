"""What a portfolio will be paid: a distribution per round and per period, from the score history of its own models.

Future scores are drawn in blocks of consecutive rounds, the same rounds for all models, so that overlap and
correlation between models are those of the history. Rounds that overlap with rounds already resolved start from what
those told: each drawn path is corrected by the linear prediction from the known past (conditioning by kriging). The
uncertainty of the means and of the size of the swings is drawn too. Every draw goes through the payout policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from eraforge.core.errors import UserError
from eraforge.core.words import PayoutPolicy
from eraforge.evaluation.resampling import stationary_indices
from eraforge.evaluation.uncertainty import Overlap, long_run
from eraforge.portfolio.history import History
from eraforge.portfolio.payouts import churn_factor, required

QUANTILES = {"q05": 0.05, "q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q90": 0.9, "q95": 0.95}
ALONE = 0.15
PORTFOLIO = ""


@dataclass(frozen=True, slots=True)
class Staked:
    """One stake in one coming round.

    Args:
        round, model: where it lies.
        stake: NMR at risk.
        policy: with all its figures, see `payouts.supplied`; it may differ between models and rounds.
        period: what the round's payout is summed into, such as the month in which it resolves ("2026-11").
        churn: mean neutral churn, where the policy has a penalty.
    """

    round: int
    model: str
    stake: Decimal
    policy: PayoutPolicy
    period: str
    churn: Decimal | None = None


def forecast(history: History, coming: Sequence[Staked], *, draws: int = 2000, seed: int = 0) -> pl.DataFrame:
    """The payout distribution of every coming stake, of every model and period, and of the whole portfolio.

    Returns:
        One row per (period, round, model) with columns `scope` ("round" or "period"), `period`, `round` (null for a
        period), `model` ("" for the portfolio), `stake` (of a period: the sum over its rounds), `mean`, `q05` .. `q95`
        (NMR), `policy` (names), `known_until` (last known round), `draws`.

    Raises:
        UserError: `forecast-nothing-coming`, `forecast-round-known`, `forecast-model-unknown`,
            `forecast-score-unknown`.
        Held: `payout-figure-unknown`, `payout-churn-unknown`.
    """
    _check(history, coming)
    ahead = max(one.round for one in coming) - history.last
    scores = draw_scores(history, ahead, draws, seed)
    paid = np.stack([_paid(history, scores, one) for one in coming], axis=1)
    base = pl.DataFrame(
        {
            "row": np.arange(len(coming)),
            "period": [one.period for one in coming],
            "round": [one.round for one in coming],
            "model": [one.model for one in coming],
            "stake": [float(one.stake) for one in coming],
            "policy": [one.policy.name for one in coming],
        }
    )
    everyone = base.with_columns(model=pl.lit(PORTFOLIO))
    grouped = [("round", ["period", "round", "model"]), ("period", ["period", "model"])]
    parts = [_summary(rows, paid, scope, keys) for rows in (base, everyone) for scope, keys in grouped]
    told = pl.concat(parts, how="diagonal").with_columns(
        known_until=pl.lit(history.last, pl.Int64), draws=pl.lit(draws, pl.Int64)
    )
    order = ["scope", "period", "round", "model", "stake", "mean", *QUANTILES, "policy", "known_until", "draws"]
    return told.select(order).sort("scope", "period", "round", "model")


def _check(history: History, coming: Sequence[Staked]) -> None:
    if not coming:
        raise UserError("forecast-nothing-coming", "No stake in a coming round is given.", "Name rounds and stakes.")
    for one in coming:
        if one.round <= history.last:
            raise UserError(
                "forecast-round-known",
                f"Round {one.round} is not after round {history.last}, whose scores are known.",
                "Forecast rounds after the history's last one.",
            )
        if one.model not in history.models:
            raise UserError("forecast-model-unknown", f"There is no history of {one.model!r}.", "Add it, or leave it.")
        missing = [name for name, weight in one.policy.weights.items() if weight and name not in history.scores]
        if missing:
            raise UserError(
                "forecast-score-unknown",
                f"The policy of round {one.round} pays on {', '.join(missing)}, of which there is no history.",
                "Give the history of every paying score.",
            )


def draw_scores(history: History, ahead: int, draws: int, seed: int) -> np.ndarray:
    """Scores of the `ahead` rounds after the history's last one: (draws, ahead, M, S)."""
    generator = np.random.default_rng(seed)
    count, models, kinds = history.values.shape
    past = min(history.overlap.length - 1, count)
    path = past + ahead
    rows = stationary_indices(count, 4.0 * path, draws, generator, length=path)
    wide = _swing_scale(history.overlap, count)
    degrees = max(4.0, count / _squared(history.overlap, count))
    size = wide * np.sqrt(degrees / generator.chisquare(degrees, draws))[:, None, None, None]
    swings = history.values - history.values.mean(axis=0)
    shared = generator.standard_normal((draws, 1, 1)) * size[:, 0] * history.shared_error
    own = generator.standard_normal((draws, models, kinds)) * history.own_error
    centre = (history.centre + shared + own)[:, None]
    drawn = swings[rows] * size
    if not past:
        return np.asarray(centre + drawn)
    weights = _prediction(history.overlap, past, ahead)
    known = history.values[count - past :][None] - centre
    return np.asarray(centre + drawn[:, past:] + np.einsum("hp,dpms->dhms", weights, known - drawn[:, :past]))


def _prediction(overlap: Overlap, past: int, ahead: int) -> np.ndarray:
    """Weights (ahead, past) with which known deviations predict coming ones; a part of each score stands alone."""
    rho = (1 - ALONE) * overlap.correlation(past + ahead)
    rho[0] = 1.0
    places = np.arange(past)
    within = rho[np.abs(np.subtract.outer(places, places))]
    across = rho[np.subtract.outer(past + np.arange(ahead), places)]
    return np.asarray(np.linalg.solve(within, across.T).T)


def _swing_scale(overlap: Overlap, count: int) -> float:
    """Deviations from the mean of a short overlapping series are too small by this factor."""
    share = long_run(overlap.correlation(count), count) / count
    return float(1 / np.sqrt(max(1 - share, 0.2)))


def _squared(overlap: Overlap, count: int) -> float:
    rho = overlap.correlation(count)
    return float(1 + 2 * np.square(rho[1:]).sum())


def _paid(history: History, scores: np.ndarray, one: Staked) -> np.ndarray:
    """NMR per draw of one stake: (draws,)."""
    weights, factor, cap = required(one.policy)
    drawn = scores[:, one.round - history.last - 1, history.models.index(one.model)]
    total = sum(
        (float(weight) * drawn[:, history.scores.index(name)] for name, weight in weights.items() if weight),
        np.zeros(len(drawn)),
    )
    rate = np.clip(float(factor) * total, -float(cap), float(cap))
    if one.policy.churn_penalty is not None:
        rate = np.where(rate > 0, rate * float(churn_factor(one.policy.churn_penalty, one.churn)), rate)
    return np.asarray(rate * float(one.stake))


def _summary(base: pl.DataFrame, paid: np.ndarray, scope: str, keys: list[str]) -> pl.DataFrame:
    groups = base.group_by(keys, maintain_order=True).agg(
        pl.col("row"), pl.col("stake").sum(), pl.col("policy").unique(maintain_order=True).str.join("; ")
    )
    sums = np.stack([paid[:, rows.to_numpy()].sum(axis=1) for rows in groups["row"]], axis=1)
    told = {"mean": sums.mean(axis=0)} | {name: np.quantile(sums, share, axis=0) for name, share in QUANTILES.items()}
    columns = [pl.Series(name, values) for name, values in told.items()]
    return groups.drop("row").with_columns(pl.lit(scope).alias("scope"), *columns)
