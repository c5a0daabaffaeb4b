"""Numerai Signals as a world: equities of many countries, factor features, targets neutral to factors.

The published pages name the features and what targets are made of, not the constants: which factors are taken out, and
the weights, are this world's own choices, told in docs/simulator_market.md.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from eraforge.arenas.signals import SIGNALS
from eraforge.simulator.world.market.layout import Content, DataFile, Layout, Recipe, Span, Without
from eraforge.simulator.world.market.lookback import Lookback, exponential, summed, triple_exponential
from eraforge.simulator.world.market.prices.names import composite_figi
from eraforge.simulator.world.market.prices.spec import EQUITY_MARKETS
from eraforge.simulator.world.market.world import MarketWorld, market_world

FEATURES = tuple(
    f"feature_{name}"
    for name in (
        "adv_20d_factor",
        "beta_factor",
        "book_to_price_factor",
        "dividend_yield_factor",
        "earnings_yield_factor",
        "growth_factor",
        "impact_cost_factor",
        "market_cap_factor",
        "momentum_12w_factor",
        "momentum_26w_factor",
        "momentum_52w_factor",
        "momentum_52w_less_4w_factor",
        "ppo_60d_130d_country_ranknorm",
        "ppo_60d_90d_country_ranknorm",
        "price_factor",
        "rsi_60d_country_ranknorm",
        "rsi_90d_country_ranknorm",
        "rsi_130d_country_ranknorm",
        "trix_60d_country_ranknorm",
        "trix_130d_country_ranknorm",
        "value_factor",
        "volatility_factor",
    )
)
FACTORS = tuple(
    f"feature_{name}_factor"
    for name in (
        "adv_20d",
        "beta",
        "book_to_price",
        "dividend_yield",
        "earnings_yield",
        "growth",
        "market_cap",
        "volatility",
    )
)
RECIPES = (
    Recipe("target", 20, Without.FEATURES),
    Recipe("target_raw_return_20", 20),
    Recipe("target_raw_return_60", 60),
    Recipe("target_factor_neutral_20", 20, Without.FACTORS),
    Recipe("target_factor_neutral_60", 60, Without.FACTORS),
    Recipe("target_factor_feat_neutral_20", 20, Without.FEATURES),
    Recipe("target_factor_feat_neutral_60", 60, Without.FEATURES),
    Recipe("target_chili_60", 60, Without.FACTORS, by_volume=True),
)
# First era, last training era, size of the field.
SPANS = {
    "tiny": (date(2024, 6, 7), date(2025, 6, 27), 24),
    "small": (date(2022, 1, 7), date(2023, 12, 29), 40),
    "full": (date(2003, 1, 3), date(2012, 12, 28), 50),
}


def signals_world(seed: int, scale: str, folder: Path | None = None) -> MarketWorld:
    """The world of Signals.

    Args:
        seed: any whole number.
        scale: `tiny`, `small` or `full`.
        folder: daily bars to replay (parquet or CSV) instead of made-up ones; the field stays made up.

    Raises:
        UserError: `unknown-scale`; DataError: those of `replayed`.
    """
    return market_world(seed, scale, _layout, EQUITY_MARKETS, folder)


def _layout(scale: str) -> Layout:
    first, last, competitors = SPANS[scale]
    return Layout(
        arena=SIGNALS,
        files=_files(),
        feature_names=FEATURES,
        features=features,
        group_features=(("feature_country", "country"),),
        local=tuple(name for name in FEATURES if name.endswith("country_ranknorm")),
        factors=FACTORS,
        recipes=RECIPES,
        keys=("composite_figi", composite_figi),
        universe=7_500,
        by_size=False,
        always=(),
        weekly=True,
        first_era=first,
        last_train_era=last,
        competitors=competitors,
        mark="eq",
        weighted=True,
    )


def _files() -> tuple[DataFile, ...]:
    folder = f"signals/{SIGNALS.version}"
    named = ("numerai_ticker",)
    files = [DataFile(f"{folder}/{span}.parquet", Content.ROWS, span) for span in Span]
    for span in (Span.TRAIN, Span.VALIDATION):
        files.append(DataFile(f"{folder}/{span}_neutralizer.parquet", Content.NEUTRALIZER, span, named))
        files.append(DataFile(f"{folder}/{span}_sample_weights.parquet", Content.WEIGHTS, span, named))
    for span in (Span.LIVE, Span.VALIDATION):
        files += [
            DataFile(f"{folder}/{span}_example_preds.{kind}", Content.EXAMPLE, span) for kind in ("csv", "parquet")
        ]
    return (*files, DataFile("signals/v1.0/live.parquet", Content.UNIVERSE, Span.LIVE))


def features(back: Lookback) -> np.ndarray:
    """(features, rows) values of the numeric features, in the order of FEATURES, from a year of returns.

    Momentum, PPO and TRIX are taken of log prices. Book and earnings yields fall when the price has risen.
    """
    filters = [summed(days) for days in (60, 130, 260)] + [summed(260, 20)]
    filters += [exponential(130) - exponential(60), exponential(90) - exponential(60)]
    filters += [triple_exponential(60), triple_exponential(130)]
    m12, m26, m52, m52_less_4, slow, quick, trix60, trix130 = back.filtered(filters)
    book, dividends, earnings, growth = back.prices.fundamentals(back.place).T
    year = back.volatility(260) * np.sqrt(260)
    risen = m52 / np.maximum(year, 1e-9)
    book, earnings = book - 0.5 * risen, earnings - 0.3 * risen
    volatility = back.volatility(60)
    with np.errstate(divide="ignore", invalid="ignore"):
        traded, price = np.log(back.dollars), np.log(back.last_close)
        columns = [
            traded,
            back.beta,
            book,
            np.maximum(dividends, 0.0),
            earnings,
            growth,
            np.log(volatility) - traded / 2,
            np.log(back.capital),
            m12,
            m26,
            m52,
            m52_less_4,
            slow,
            quick,
            price,
            *(back.strength(days) for days in (60, 90, 130)),
            trix60,
            trix130,
            book + earnings,
            volatility,
        ]
    return np.stack(columns)
