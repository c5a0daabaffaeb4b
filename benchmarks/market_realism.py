"""How real the local tournament's made-up markets look: the same statistics of made-up and of real prices.

    python benchmarks/market_realism.py FOLDER --write docs/simulator_market.md

FOLDER holds real daily bars (`crypto_daily`, `us_equities_daily`), a table of when US tickers entered and left the
Signals universe, and era scores of real models. Nothing is fitted: momentum and low volatility are scored on every era.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.core.calendar import is_open_day
from eraforge.evaluation.scores import corr
from eraforge.features.labels import binned, forward_returns
from eraforge.simulator.world.market import MarketWorld, crypto_world, signals_world

SEEDS = (7, 8, 9)
LAST = date(2026, 8, 31)
LEAST_DAYS = 300
LAG, HALF_YEAR, MONTH, QUARTER = 2, 126, 21, 60
ERA_STEP = 20
PAGE = Path(__file__).with_name("market_page.md")


@dataclass(frozen=True)
class Market:
    """Closes of names, (names, days) with NaN, and the share of names that end in a year (NaN: not told)."""

    name: str
    closes: np.ndarray
    deaths: float


def real_markets(folder: Path) -> Iterator[Market]:
    """The real daily bars, cleaned of closes that are not positive and of duplicates."""
    tickers = pl.read_parquet(folder / "signals_maps" / "us_universe_entry_exit_2003_2021.parquet").unique(
        "bloomberg_ticker"
    )
    years = [_exits(tickers, year) for year in range(2004, 2021)]
    closes = _closes(folder / "us_equities_daily" / "sp500_members_2012_2021.parquet")
    yield Market("real: S&P 500 members 2012-2021 (survivors)", closes, float(np.mean(years)))
    for stem, name in (
        ("bybit_perp_2020_2024", "real: 329 perpetuals 2020-2024 (survivors)"),
        ("yahoo_377_2014_2022", "real: 377 tokens 2014-2022"),
        ("thin_market_505_2023_2025", "real: 505 pairs of a thin exchange 2023-2025"),
    ):
        closes = _closes(folder / "crypto_daily" / f"{stem}.parquet")
        yield Market(name, closes, _ended(closes) if "thin" in stem else float("nan"))


def made_market(world: MarketWorld, name: str, country: str = "") -> Market:
    """The names of a made-up market, one row each."""
    prices = world.prices
    stop = prices.place(LAST) + 1
    closes, listing = prices.closes(0, stop), prices.listing  # type: ignore[attr-defined]
    rows = []
    for row, start, end in zip(listing.row, listing.start, listing.stop, strict=True):
        if start < stop and (not country or listing.country[row] == country):
            line = np.full(stop, np.nan)
            line[start:end] = closes[row, start : min(end, stop)]
            rows.append(line)
    table = np.array(rows)
    return Market(name, table, _ended(table, 365 if len(prices.days) > 3_000 and _daily(prices.days) else 261))


def figures(market: Market) -> list[str]:
    """One line of the table of returns."""
    with np.errstate(invalid="ignore", divide="ignore"):
        returns = np.diff(np.log(market.closes), axis=1)
    returns = np.where(np.abs(returns) > np.log(10), np.nan, returns)
    returns = returns[(~np.isnan(returns)).sum(axis=1) >= LEAST_DAYS]
    spread = np.nanstd(returns, axis=1)
    scaled = (returns - np.nanmean(returns, axis=1, keepdims=True)) / spread[:, None]
    kurtosis = np.nanmean(scaled**4, axis=1) - 3
    low, high = np.quantile(kurtosis, [0.1, 0.9])
    clustering = [np.median([_lagged(line, lag) for line in np.abs(returns)]) for lag in (1, 5, 20)]
    jumps = np.nanmean(np.where(np.isnan(scaled), np.nan, np.abs(scaled) > 5))
    return [
        market.name,
        str(len(returns)),
        f"{np.median(spread):.1%}",
        f"{np.median(kurtosis):.1f} ({low:.1f} to {high:.1f})",
        " / ".join(f"{value:.2f}" for value in clustering),
        f"{_likeness(returns):.2f}",
        f"{jumps:.2%}",
        "not told" if np.isnan(market.deaths) else f"{market.deaths:.0%}",
    ]


def standard_models(market: Market, horizon: int) -> list[str]:
    """Mean and standard deviation over eras of CORR of momentum, last month's loss and low volatility."""
    closes, scores = market.closes, []
    for era in range(HALF_YEAR + 5, closes.shape[1] - LAG - horizon, ERA_STEP):
        start, end = era + LAG, era + LAG + horizon
        known = ~np.isnan(closes[:, [era, era - MONTH, era - HALF_YEAR]]).any(axis=1)
        if known.sum() < 50:
            continue
        returns = forward_returns(closes[known, start - 5 : end + 1], [5], [end - start + 5])[:, 0]
        logs = np.log(closes[known, era - HALF_YEAR : era + 1])
        moves = np.nan_to_num(np.diff(logs, axis=1))
        signals = [
            logs[:, -MONTH - 1] - logs[:, 0],
            logs[:, -MONTH - 1] - logs[:, -1],
            -moves[:, -QUARTER:].std(axis=1),
        ]
        scores.append(corr(np.stack(signals, axis=1), binned(np.nan_to_num(returns))))
    table = np.array(scores)
    cells = [f"{mean:+.3f} ± {sd:.3f}" for mean, sd in zip(table.mean(axis=0), table.std(axis=0), strict=True)]
    return [market.name, str(horizon), str(len(table)), *cells]


def planted(make_world: object, target: str) -> list[str]:
    """CORR of six-month momentum without the market's part on a written target, every fifteenth round, per seed."""
    cells = []
    for seed in SEEDS:
        world: MarketWorld = make_world(seed, "small")  # type: ignore[operator]
        scores = []
        for day in _round_days(world, 15):
            section = world._section(day)
            scores.append(
                corr(section.signals.T.astype(float), world.truth(day, target, world._outcomes.recipe(target).horizon))
            )
        table = np.array(scores)
        cells.append(f"{table[:, 0].mean():+.4f} / {table[:, 1].mean():+.4f}")
    return [world.arena.name, target, str(len(scores)), *cells]


def field_spread(scores: np.ndarray, name: str) -> list[str]:
    """One line of the table of competitors from (eras, models) CORR with NaN for missed eras."""
    means = np.nanmean(scores, axis=0)
    filled = np.where(np.isnan(scores), means, scores)
    table = np.corrcoef(filled.T)
    likeness = np.median(table[np.triu_indices(len(table), 1)])
    eras = np.nanmean(np.nanstd(scores, axis=0))
    return [name, str(scores.shape[1]), f"{means.mean():+.4f}", f"{means.std():.4f}", f"{eras:.3f}", f"{likeness:.2f}"]


def world_field(world: MarketWorld) -> np.ndarray:
    """(eras, competitors) final CORR on the main target of every fifteenth round's round."""
    target, horizon = world.arena.target, world.arena.main_horizon
    rows = []
    for day in _round_days(world, 15):
        predictions, line = world.field(day).astype(float), np.full(len(world.competitors), np.nan)
        present = ~np.isnan(predictions[0])
        line[present] = corr(predictions[:, present], world.truth(day, target, horizon))
        rows.append(line)
    return np.array(rows)


def real_field(folder: Path) -> np.ndarray:
    """(weeks, models) of real models with at least 150 weeks."""
    table = pl.read_parquet(folder / "numerai_model_era_scores" / "v4_weekly_corr.parquet")
    wide = table.pivot(on="model", index="date", values="corr").sort("date").drop("date").to_numpy().astype(float)
    return wide[:, (~np.isnan(wide)).sum(axis=0) >= 150]


def _round_days(world: MarketWorld, step: int) -> list[date]:
    days, day = [], world._layout.first_era
    while day < LAST - timedelta(days=100):
        if is_open_day(world.arena.calendar, day):
            days.append(day)
        day += timedelta(days=1)
    return days[::step]


def _closes(path: Path) -> np.ndarray:
    table = pl.read_parquet(path).with_columns(pl.col("date").cast(pl.Date)).unique(["symbol", "date"], keep="first")
    table = table.with_columns(pl.when(pl.col("close") > 0).then(pl.col("close")))
    days = pl.DataFrame({"date": table["date"].unique().sort()})
    wide = table.pivot(on="symbol", index="date", values="close")
    return days.join(wide, on="date", how="left").sort("date").drop("date").to_numpy().astype(float).T


def _exits(tickers: pl.DataFrame, year: int) -> float:
    first, last = date(year, 1, 1), date(year, 12, 31)
    alive = tickers.filter((pl.col("numerai_entry_date") < first) & (pl.col("numerai_exit_date") >= first))
    return alive.filter(pl.col("numerai_exit_date") <= last).height / alive.height


def _ended(closes: np.ndarray, year: int = 365) -> float:
    """Names whose bars end a month before the table does, per year of life."""
    known = ~np.isnan(closes)
    known = known[known.any(axis=1)]
    first, last = known.argmax(axis=1), known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    return float((last < known.shape[1] - 30).sum() / ((last - first + 1).sum() / year))


def _daily(days: np.ndarray) -> bool:
    return bool((np.diff(days).astype(int) == 1).all())


def _lagged(values: np.ndarray, lag: int) -> float:
    both = ~np.isnan(values[lag:]) & ~np.isnan(values[:-lag])
    return float(np.corrcoef(values[lag:][both], values[:-lag][both])[0, 1])


def _likeness(returns: np.ndarray) -> float:
    chosen = returns[np.random.default_rng(0).permutation(len(returns))[:100]]
    found = []
    for one in range(len(chosen)):
        for other in range(one):
            both = ~np.isnan(chosen[one]) & ~np.isnan(chosen[other])
            if both.sum() >= 200:
                found.append(np.corrcoef(chosen[one][both], chosen[other][both])[0, 1])
    return float(np.mean(found))


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(folder: Path) -> str:
    """The documentation page: its text, with the measured tables in their places."""
    worlds = {"equities": signals_world(SEEDS[0], "small"), "tokens": crypto_world(SEEDS[0], "small")}
    made = [
        made_market(worlds["equities"], "made up: US equities, `small`", "US"),
        made_market(worlds["tokens"], "made up: tokens, `small`"),
    ]
    markets = [made[0], *real_markets(folder)]
    markets.insert(2, made[1])
    returns = _table(
        ["market", "names", "daily volatility", "excess kurtosis, median (10 to 90 %)", "autocorrelation of size, 1/5/20 days",  # noqa: E501
         "correlation of two names", "days beyond 5 sd", "names that end in a year"],
        [figures(market) for market in markets],
    )  # fmt: skip
    models = _table(
        ["market", "days of returns", "eras", "momentum, half a year less a month", "last month's losers", "low volatility"],  # noqa: E501
        [standard_models(market, horizon) for market in markets[:4] for horizon in (20, 60)],
    )  # fmt: skip
    signal = _table(
        ["tournament", "target", "eras", *(f"seed {seed}" for seed in SEEDS)],
        [
            planted(signals_world, "target_chili_60"),
            planted(signals_world, "target_factor_neutral_20"),
            planted(signals_world, "target_factor_feat_neutral_20"),
            planted(crypto_world, "target_binned_return_20"),
        ],
    )
    field = _table(
        ["field", "models", "mean CORR", "spread of means", "sd over eras", "correlation of two models"],
        [
            *(
                field_spread(world_field(signals_world(seed, "small")), f"made up: Signals, seed {seed}")
                for seed in SEEDS
            ),
            *(
                field_spread(world_field(crypto_world(seed, "small")), f"made up: Crypto, seed {seed}")
                for seed in SEEDS
            ),
            field_spread(real_field(folder), "real: 846 Classic models 2015-2022"),
        ],
    )
    text = PAGE.read_text(encoding="utf-8")
    for name, table in (("returns", returns), ("models", models), ("signal", signal), ("field", field)):
        text = text.replace(f"{{{name}}}", table)
    return text


def main() -> None:
    """Measure, print, and write the page when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of real data")
    parser.add_argument("--write", type=Path, help="write the page to this file")
    options = parser.parse_args()
    text = page(options.folder)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
