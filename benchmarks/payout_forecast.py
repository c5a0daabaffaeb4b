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
from eraforge.portfolio.reconcile import reconcile

SIZE, PORTFOLIOS, KNOWN = 30, 12, 12


@dataclass(frozen=True)
class Field:
    """One data set: final scores, what each stake was paid, and when each round resolved."""

    name: str
    rows: pl.DataFrame  # round, model, scores, stake, paid, rate, resolves, multipliers, factor
    scores: tuple[str, ...]
    overlap: Overlap
    size: int
    portfolios: int
    monthly: int


@dataclass(frozen=True)
class Month:
    """What is forecast at once: the rows known when it begins, those of the month before among them, and the coming."""

    label: str
    known: pl.DataFrame
    before: pl.DataFrame
    coming: pl.DataFrame


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
    paid = pl.col("payout") if half == "second" else ruled
    rows = rows.with_columns(paid=paid, rate=rate.clip(-0.25, 0.25)).join(resolves, on="round")
    return Field(f"weekly rounds, {half} half", rows, ("corr", "mmc"), WEEKLY_20, SIZE, PORTFOLIOS, 4)


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
        rate=rate.clip(-0.05, 0.05),
        resolves=pl.col("round").replace_strict(days, return_dtype=pl.Date),
    ).drop_nulls("paid")
    rows = rows.filter(pl.col("paid").is_not_nan())
    return Field(f"daily rounds, {half} half", rows, ("v2_corr20", "mmc"), DAILY_20, 100, 1, 21)


def months(field: Field, rounds: tuple[int, int]) -> Iterator[Month]:
    """Every calendar month whose resolving rounds all lie in the half that is measured."""
    month = pl.col("resolves").dt.truncate("1mo")
    for first in sorted(set(field.rows["resolves"].dt.truncate("1mo").to_list())):
        coming = field.rows.filter(month == first)
        low, high = coming.select(low=pl.col("round").min(), high=pl.col("round").max()).row(0)
        if rounds[0] <= low and high <= rounds[1]:
            known = field.rows.filter(pl.col("resolves") < first)
            latest = known["resolves"].dt.truncate("1mo").max()
            if known["round"].n_unique() >= KNOWN:
                yield Month(f"{first:%Y-%m}", known, known.filter(month == latest), coming)


def rolling(field: Field, rounds: tuple[int, int]) -> Iterator[Month]:
    """Every run of as many consecutive rounds as a month has, and as many known ones before it."""
    for start in range(rounds[0], rounds[1] - field.monthly + 2):
        coming = field.rows.filter(pl.col("round").is_between(start, start + field.monthly - 1))
        known = field.rows.filter(pl.col("resolves") < coming["resolves"].min())
        if known["round"].n_unique() >= KNOWN:
            before = known.filter(pl.col("round") > pl.col("round").max() - field.monthly)
            yield Month(f"from {start}", known, before, coming)


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


def last_month(before: pl.DataFrame, coming: pl.DataFrame) -> float:
    """The portfolio's payout were each model to earn its mean rate of the month before."""
    rates = before.drop_nulls("rate").group_by("model").agg(pl.col("rate").mean())
    joined = coming.group_by("model").agg(pl.col("stake").sum()).join(rates, on="model", how="left")
    return float((joined["stake"] * joined["rate"].fill_null(rates["rate"].mean() or 0.0)).sum())


def measure(field: Field, spans: Iterator[Month]) -> pl.DataFrame:
    """One row per forecast figure of every month: what came true beside the interval and both point forecasts."""
    found = []
    for number, month in enumerate(spans):
        for place, models in enumerate(portfolios(field, month.known, month.coming, seed=number)):
            chosen = pl.col("model").is_in(models)
            ahead = month.coming.filter(chosen)
            past = month.known.filter(chosen).drop_nulls(list(field.scores))
            history = read_history(past, models, field.scores, field.overlap)
            told = forecast(history, stakes(ahead, month.label), draws=1000, seed=number)
            judged = reconcile(told, ahead.select("round", "model", payout="paid"))
            naive = pl.lit(last_month(month.before.filter(chosen), ahead))
            found.append(judged.rows.with_columns(place=pl.lit(place), naive=naive))
    return pl.concat(found)


def report(name: str, rows: pl.DataFrame) -> None:
    """Print coverage and point errors of one data set."""
    print(f"\n{name}: {rows['period'].n_unique()} months, up to {rows['place'].n_unique()} portfolios each\n")
    print("| what | how many | inside 50% | inside 80% | inside 90% |")
    for scope, label in (("round", "one round"), ("period", "one month")):
        for whole, of in ((False, "one model"), (True, "portfolio")):
            part = rows.filter(pl.col("scope") == scope, (pl.col("model") == "") == whole)
            shares = " | ".join(f"{part[f'inside_{level}'].mean():.1%}" for level in (50, 80, 90))
            print(f"| {of}, {label} | {part.height} | {shares} |")
    month = rows.filter(pl.col("scope") == "period", pl.col("model") == "")
    print(
        "\n| month of a portfolio | within 10% of the truth | within 25% | within 1% of stake | mean error of stake |"
    )
    for name, label in (("mean", "forecast"), ("naive", "same as last month")):
        off = (month[name] - month["settled"]).abs()
        shares = [(off <= share * month["settled"].abs()).mean() for share in (0.1, 0.25)]
        shares.append((off <= 0.01 * month["stake"]).mean())
        figures = " | ".join(f"{share:.1%}" for share in shares)
        print(f"| {label} | {figures} | {(off / month['stake']).mean():.2%} |")
    closer = (month["mean"] - month["settled"]).abs() < (month["naive"] - month["settled"]).abs()
    print(f"\nthe forecast is the closer of the two in {closer.mean():.1%} of {month.height} portfolio months\n")
    if month["period"].n_unique() < 20:
        percent = [
            (100 * pl.col(name).sum() / pl.col("stake").sum()).round(2).alias(name)
            for name in ("settled", "mean", "naive")
        ]
        print(month.group_by("period").agg(*percent, pl.col("inside_80").mean().round(2)).sort("period"))


def main() -> None:
    folder, half = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "second"
    pl.Config.set_tbl_rows(40)
    for build, first, second in ((weekly, (168, 213), (225, 260)), (daily, (843, 971), (972, 1100))):
        field = build(folder, half)
        rounds = first if half == "first" else second
        for way, spans in (("calendar months", months(field, rounds)), ("rolling months", rolling(field, rounds))):
            report(f"{field.name}, {way}", measure(field, spans))


if __name__ == "__main__":
    main()
