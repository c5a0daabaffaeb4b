"""How forecasts turned out: each stored forecast against the payout that was settled, and whether intervals held."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from eraforge.core.errors import DataError
from eraforge.portfolio.amounts import amount

LEVELS = {"50": ("q25", "q75"), "80": ("q10", "q90"), "90": ("q05", "q95")}
NEEDED = ("scope", "period", "round", "model", "stake", "mean", "q05", "q10", "q25", "q75", "q90", "q95", "known_until")


@dataclass(frozen=True)
class Reconciliation:
    """Forecasts beside what came true.

    Args:
        rows: the forecasts whose payouts are all settled, with `settled` (NMR), `off` (settled less mean), `off_stake`
            (`off` as a share of the stake) and `inside_50`, `inside_80`, `inside_90`.
        calibration: per `scope` and `of` ("model" or "portfolio"): `count`, the share inside each interval, mean `off`
            as a share of the stake (`bias`) and mean absolute one (`error`).
        open: forecasts that still wait for a payout.
    """

    rows: pl.DataFrame
    calibration: pl.DataFrame
    open: int

    @property
    def sentence(self) -> str:
        """The finding for people."""
        if not self.rows.height:
            return f"No forecast can be judged yet; {self.open} wait for their payouts."
        inside = int(self.rows["inside_80"].sum())
        return (
            f"{inside} of {self.rows.height} settled live payouts lie inside their 80% intervals; "
            f"{self.open} forecasts wait for their payouts."
        )


def reconcile(forecasts: pl.DataFrame, settled: pl.DataFrame) -> Reconciliation:
    """Compare stored forecasts with settled payouts.

    Forecasts of a period or of a portfolio are judged once every round they sum is settled for every model in them.
    Forecasts made at several times (`known_until`) are judged each for itself.

    Args:
        forecasts: what `forecast.forecast` returned, any number of such frames concatenated.
        settled: columns `round`, `model`, `payout` (NMR, text or number, negative for a burn).

    Raises:
        DataError: `reconcile-columns`, `reconcile-duplicate` for two payouts of one model and round.
        UserError: as `amounts.amount` for a payout that is no number.
    """
    _check(forecasts, settled)
    paid = settled.select(
        pl.col("round").cast(pl.Int64),
        pl.col("model"),
        pl.Series("settled", [_number(value) for value in settled["payout"].to_list()], dtype=pl.Float64),
    )
    stakes = forecasts.filter(pl.col("scope") == "round", pl.col("model") != "").select(
        "known_until", "period", pl.col("round").cast(pl.Int64), "model"
    )
    stakes = stakes.unique(maintain_order=True).join(paid, on=["round", "model"], how="left")
    judged = [_judge(forecasts, stakes, scope, whole) for scope in ("round", "period") for whole in (False, True)]
    every = pl.concat(judged, how="vertical")
    rows = every.filter(pl.col("settled").is_not_null())
    return Reconciliation(rows, _calibration(rows), every.height - rows.height)


def _check(forecasts: pl.DataFrame, settled: pl.DataFrame) -> None:
    missing = [name for name in NEEDED if name not in forecasts.columns]
    missing += [name for name in ("round", "model", "payout") if name not in settled.columns]
    if missing:
        raise DataError(
            "reconcile-columns", f"The columns {', '.join(missing)} are missing.", "Store forecasts as they are made."
        )
    if settled.select("round", "model").is_duplicated().any():
        raise DataError("reconcile-duplicate", "A model has two payouts in one round.", "Keep the settled one alone.")


def _number(value: object) -> float | None:
    if value is None or isinstance(value, float):
        return value
    return float(amount(value))  # type: ignore[arg-type]


def _judge(forecasts: pl.DataFrame, stakes: pl.DataFrame, scope: str, whole: bool) -> pl.DataFrame:
    """Forecasts of one kind with the sum of their payouts, null where one is still open."""
    keys = ["known_until", "period", *(["round"] if scope == "round" else []), *([] if whole else ["model"])]
    sums = stakes.group_by(keys).agg(
        settled=pl.when(pl.col("settled").is_null().any()).then(None).otherwise(pl.col("settled").sum())
    )
    told = forecasts.filter(pl.col("scope") == scope, (pl.col("model") == "") == whole)
    told = told.with_columns(pl.col("round").cast(pl.Int64)).join(sums, on=keys, how="left", maintain_order="left")
    off = pl.col("settled") - pl.col("mean")
    inside = [
        pl.col("settled").is_between(pl.col(low), pl.col(high)).alias(f"inside_{level}")
        for level, (low, high) in LEVELS.items()
    ]
    share = pl.when(pl.col("stake") > 0).then(off / pl.col("stake"))
    return told.with_columns(off.alias("off"), share.alias("off_stake"), *inside)


def _calibration(rows: pl.DataFrame) -> pl.DataFrame:
    of = pl.when(pl.col("model") == "").then(pl.lit("portfolio")).otherwise(pl.lit("model")).alias("of")
    return (
        rows.group_by("scope", of)
        .agg(
            pl.len().alias("count"),
            *(pl.col(f"inside_{level}").mean() for level in LEVELS),
            pl.col("off_stake").mean().alias("bias"),
            pl.col("off_stake").abs().mean().alias("error"),
        )
        .sort("scope", "of")
    )
