"""How well payout forecasts hold on real rounds, walked forward month by month. Prints two tables.

    python benchmarks/payout_forecast.py FOLDER [first|second]

FOLDER holds `rounds_168_260_all_models.parquet`, `rounds.parquet` and `daily_rounds_843_1100_32_models.parquet`.
`second` (the default) measures the held-back half of the rounds; `first` the half the method was developed on.

Each month is forecast from nothing but rounds that had resolved before its first day. Coming stakes, multipliers and
payout factors are those the rounds closed with: a plan knows them. "Same as last month" takes each model's mean rate of
return over the rounds that resolved in the month before and gets the same stakes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.policies import row_of
from eraforge.core.calendar import open_day, score_day
from eraforge.evaluation.uncertainty import DAILY_20, WEEKLY_20, Overlap
from eraforge.portfolio.forecast import Staked, forecast
from eraforge.portfolio.history import read_history
from eraforge.portfolio.payouts import supplied

SIZE, PORTFOLIOS, KNOWN = 30, 12, 12


@dataclass(frozen=True)
class Field:
    """One data set: final scores, what each stake was paid, and when each round resolved."""

    name: str
    rows: pl.DataFrame  # round, model, scores, stake, paid, resolves, weights and factor
    scores: tuple[str, ...]
    overlap: Overlap
    size: int
    portfolios: int


def weekly(folder: Path, half: str) -> Field:
    """Rounds 168 to 260, one a week, 20 weekdays. Settled payouts in the second half, the rule's own in the first."""
    resolves = pl.read_parquet(folder / "rounds.parquet").select(
        pl.col("number").cast(pl.Int32).alias("round"), pl.col("resolveTime").dt.date().alias("resolves")
    )
    rows = pl.read_parquet(folder / "rounds_168_260_all_models.parquet").rename(
        {"roundNumber": "round", "username": "model", "selectedStakeValue": "stake", "roundPayoutFactor": "factor"}
    )
    rate = pl.col("factor") * (
        pl.col("corr") * pl.col("corrMultiplier") + pl.col("mmc").fill_null(0) * pl.col("mmcMultiplier").fill_null(0)
    )
    ruled = pl.col("stake") * rate.clip(-0.25, 0.25)
    rows = rows.with_columns(paid=pl.col("payout") if half == "second" else ruled).join(resolves, on="round")
    return Field(f"weekly rounds, {half} half", rows, ("corr", "mmc"), WEEKLY_20, SIZE, PORTFOLIOS)


def daily(folder: Path, half: str) -> Field:
    """Rounds 843 to 1100, five a week, 20 weekdays; 32 models, one NMR each, paid as the rule says."""
    rows = pl.read_parquet(folder / "daily_rounds_843_1100_32_models.parquet").rename({"corr": "v2_corr20"})
    days = {
        number: score_day(CLASSIC.calendar, open_day(CLASSIC.calendar, number), 20)
        for number in rows["round"].unique().to_list()
    }
    rate = 0.5 * pl.col("v2_corr20").cast(pl.Float64) + 2 * pl.col("mmc").cast(pl.Float64)
    rows = rows.with_columns(
        stake=pl.lit(1.0),
        factor=pl.lit(1.0),
        paid=rate.clip(-0.05, 0.05),
        resolves=pl.col("round").replace_strict(days, return_dtype=pl.Date),
    ).drop_nulls("paid")
    rows = rows.filter(pl.col("paid").is_not_nan())
    return Field(f"daily rounds, {half} half", rows, ("v2_corr20", "mmc"), DAILY_20, 100, 1)


def months(field: Field, rounds: tuple[int, int]) -> Iterator[tuple[date, pl.DataFrame, pl.DataFrame]]:
    """(first day, known rows, coming rows) of every month all of whose rounds lie in the half that is measured."""
    for first in sorted(set(field.rows["resolves"].dt.truncate("1mo").to_list())):
        coming = field.rows.filter(pl.col("resolves").dt.truncate("1mo") == first)
        low, high = coming.select(low=pl.col("round").min(), high=pl.col("round").max()).row(0)
        if rounds[0] <= low and high <= rounds[1]:
            yield first, field.rows.filter(pl.col("resolves") < first), coming


def portfolios(field: Field, known: pl.DataFrame, coming: pl.DataFrame, seed: int) -> Iterator[list[str]]:
    """Disjoint random portfolios of models that stake in all coming rounds and have 12 known ones."""
    count = coming["round"].n_unique()
    staked = coming.filter(pl.col("stake") > 0.001, pl.col("paid").is_not_null()).group_by("model").len()
    present = staked.filter(pl.col("len") == count)["model"]
    old = known.drop_nulls(list(field.scores)).group_by("model").len().filter(pl.col("len") >= KNOWN)["model"]
    models = np.array(sorted(set(present) & set(old)))
    np.random.default_rng(seed).shuffle(models)
    for start in range(0, len(models), field.size):
        chosen = models[start : start + field.size]
        if start < field.size * field.portfolios and len(chosen) >= 20:
            yield sorted(chosen.tolist())


def stakes(rows: pl.DataFrame, period: str) -> list[Staked]:
    """The coming stakes under the policy of their round, with what the round and the model themselves decided."""
    found = []
    for row in rows.iter_rows(named=True):
        table = row_of(CLASSIC.policies, max(row["round"], 225), None)
        chosen = {"corr": row.get("corrMultiplier"), "mmc": row.get("mmcMultiplier")} if table.per_model else {}
        if not chosen and None in table.weights.values():
            chosen = {"v2_corr20": 0.5, "mmc": 2}
        weights = {name: Decimal(str(weight or 0)) for name, weight in chosen.items()}
        policy = supplied(table, weights=weights, factor=Decimal(str(row["factor"])))
        found.append(Staked(row["round"], row["model"], Decimal(str(row["stake"])), policy, period))
    return found


def last_month(known: pl.DataFrame, coming: pl.DataFrame) -> float:
    """The portfolio's payout were each model to earn its mean rate of the month before."""
    latest = known["resolves"].dt.truncate("1mo").max()
    before = known.filter(pl.col("resolves").dt.truncate("1mo") == latest, pl.col("rate").is_not_null())
    rates = before.group_by("model").agg(pl.col("rate").mean())
    joined = coming.group_by("model").agg(pl.col("stake").sum()).join(rates, on="model", how="left")
    return float((joined["stake"] * joined["rate"].fill_null(before["rate"].mean())).sum())


def measure(field: Field, rounds: tuple[int, int]) -> pl.DataFrame:
    """One row per forecast figure of every month: scope, what came true, and both point forecasts."""
    weights = (
        pl.col("corr") * pl.col("corrMultiplier").fill_null(1) + pl.col("mmc") * pl.col("mmcMultiplier").fill_null(0)
        if "corr" in field.scores
        else 0.5 * pl.col("v2_corr20") + 2 * pl.col("mmc")
    )
    cap = 0.25 if "corr" in field.scores else 0.05
    whole = Field(
        field.name,
        field.rows.with_columns(rate=weights.cast(pl.Float64).clip(-cap, cap)),
        field.scores,
        field.overlap,
        field.size,
        field.portfolios,
    )
    found = []
    for number, (first, known, coming) in enumerate(months(whole, rounds)):
        for place, models in enumerate(portfolios(whole, known, coming, seed=number)):
            past = known.filter(pl.col("model").is_in(models))
            ahead = coming.filter(pl.col("model").is_in(models))
            scored = past.drop_nulls(list(field.scores))
            history = read_history(scored, models, field.scores, field.overlap)
            told = forecast(history, stakes(ahead, f"{first:%Y-%m}"), draws=1000, seed=number)
            keys = [("round", ["round", "model"]), ("period", ["model"])]
            for truth_rows in (ahead, ahead.with_columns(model=pl.lit(""))):
                for scope, names in keys:
                    truth = truth_rows.group_by(names).agg(pl.col("paid").sum(), pl.col("resolves").max())
                    truth = truth.with_columns(pl.col("round").cast(pl.Int64)) if "round" in names else truth
                    rows = told.filter(pl.col("scope") == scope).join(truth, on=names)
                    found.append(
                        rows.with_columns(
                            place=pl.lit(place),
                            naive=pl.lit(last_month(past, ahead) if scope == "period" else None, pl.Float64),
                        )
                    )
    return pl.concat(found, how="diagonal")


def report(field: Field, rows: pl.DataFrame) -> None:
    """Print coverage and point errors of one data set."""
    rows = rows.with_columns(
        held=pl.col("paid").is_between(pl.col("q10"), pl.col("q90")),
        half=pl.col("paid").is_between(pl.col("q25"), pl.col("q75")),
        most=pl.col("paid").is_between(pl.col("q05"), pl.col("q95")),
    )
    print(f"\n{field.name}: {rows['period'].n_unique()} months, {rows['place'].n_unique()} portfolios a month")
    for scope in ("round", "period"):
        for model, label in ((pl.col("model") != "", "one model"), (pl.col("model") == "", "portfolio")):
            part = rows.filter(pl.col("scope") == scope, model)
            shares = " | ".join(f"{part[name].mean():.1%}" for name in ("half", "held", "most"))
            print(
                f"| {field.name} | {label}, one {'round' if scope == 'round' else 'month'} | {part.height} | {shares} |"
            )
    month = rows.filter(pl.col("scope") == "period", pl.col("model") == "")
    per_round = pl.col("stake") / month["stake"].len()
    del per_round
    for name, label in (("mean", "forecast"), ("naive", "same as last month")):
        off = (month[name] - month["paid"]).abs()
        within = (off <= 0.1 * month["paid"].abs()).mean()
        quarter = (off <= 0.25 * month["paid"].abs()).mean()
        of_stake = (off / month["stake"]).mean()
        near = (off <= 0.01 * month["stake"]).mean()
        print(
            f"| {field.name} | {label} | {month.height} | {within:.1%} | {quarter:.1%} | {near:.1%} | {of_stake:.2%} |"
        )
    closer = ((month["mean"] - month["paid"]).abs() < (month["naive"] - month["paid"]).abs()).mean()
    print(f"forecast closer than same-as-last-month: {closer:.1%}")
    by_month = month.group_by("period").agg(
        pl.col("paid").sum() / pl.col("stake").sum() * 100,
        (pl.col("mean").sum() / pl.col("stake").sum() * 100),
        (pl.col("naive").sum() / pl.col("stake").sum() * 100).alias("naive"),
        pl.col("held").mean(),
    )
    print(by_month.sort("period"))


def main() -> None:
    folder, half = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "second"
    pl.Config.set_tbl_rows(40)
    for build, first, second in ((weekly, (168, 213), (225, 260)), (daily, (843, 971), (972, 1100))):
        field = build(folder, half)
        report(field, measure(field, first if half == "first" else second))


if __name__ == "__main__":
    main()
