"""Numerai Crypto as a world: tokens that trade every day, features of price and volume, targets of raw returns.

Eras and horizons count weekdays (see `features.labels.returns`), though tokens trade on all days. The published page
tells the kinds of the 22 features, not their names: those of this world are its own.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from eraforge.arenas.crypto import CRYPTO
from eraforge.simulator.world.market.layout import Content, DataFile, Layout, Recipe, Span
from eraforge.simulator.world.market.lookback import Lookback, exponential, summed
from eraforge.simulator.world.market.prices.names import FIRST_TOKENS, coin_number
from eraforge.simulator.world.market.prices.spec import TOKEN_MARKETS
from eraforge.simulator.world.market.world import MarketWorld, market_world

WINDOWS = (20, 60)
KINDS = (
    "rsi",
    "momentum",
    "volatility",
    "bollinger",
    "close_average",
    "close_ewa",
    "volume_average",
    "volume_ewa",
    "market_cap_average",
    "market_cap_ewa",
)
FEATURES = (*(f"feature_{kind}_{days}d" for days in WINDOWS for kind in KINDS), "feature_volume", "feature_market_cap")
RECIPES = (Recipe("target_binned_return_20", 20), Recipe("target_binned_return_60", 60))
# First era, tokens in the universe, size of the field.
SPANS = {
    "tiny": (date(2025, 9, 1), 120, 24),
    "small": (date(2025, 1, 6), 300, 40),
    "full": (date(2020, 1, 1), 300, 50),
}


def crypto_world(seed: int, scale: str, folder: Path | None = None) -> MarketWorld:
    """The world of Crypto.

    Args:
        seed: any whole number.
        scale: `tiny`, `small` or `full`.
        folder: daily bars to replay (parquet or CSV) instead of made-up ones; the field stays made up.

    Raises:
        UserError: `unknown-scale`; DataError: those of `replayed`.
    """
    return market_world(seed, scale, _layout, TOKEN_MARKETS, folder)


def _layout(scale: str) -> Layout:
    first, universe, competitors = SPANS[scale]
    folder = f"crypto/{CRYPTO.version}"
    keys = ("symbol", "date", "ucid")
    return Layout(
        arena=CRYPTO,
        files=(
            DataFile(f"{folder}/train.parquet", Content.ROWS, Span.TRAIN, keys),
            DataFile(f"{folder}/live.parquet", Content.ROWS, Span.LIVE, keys),
            DataFile(f"{folder}/live_example_preds.parquet", Content.EXAMPLE, Span.LIVE),
        ),
        feature_names=FEATURES,
        features=features,
        group_features=(),
        local=(),
        factors=(),
        recipes=RECIPES,
        keys=("ucid", coin_number),
        universe=universe,
        by_size=True,
        always=FIRST_TOKENS,
        weekly=False,
        first_era=first,
        last_train_era=None,
        competitors=competitors,
        mark="tk",
        weighted=False,
    )


def features(back: Lookback) -> np.ndarray:
    """(features, rows) values in the order of FEATURES: close, volume and market value against their own past."""
    volume, capital = np.log1p(back.trading(120)), np.log(np.maximum(back.capital, 1e-12))
    columns = []
    for days in WINDOWS:
        momentum, average, smooth = back.filtered([summed(days), _average(days), exponential(days)])
        volatility = back.volatility(days)
        recent, decay = volume[:, -days:], exponential(days)[: volume.shape[1]][::-1]
        usual, weighted = recent.mean(axis=1), np.einsum("rt,t->r", volume, decay) / decay.sum()
        columns += [
            back.strength(days),
            momentum,
            volatility,
            average / np.maximum(volatility, 1e-9),
            average,
            smooth,
            volume[:, -1] - usual,
            volume[:, -1] - weighted,
            capital - average,
            capital - smooth,
        ]
    return np.stack([*columns, volume[:, -20:].mean(axis=1), capital])


def _average(days: int) -> np.ndarray:
    """The filter that gives the log close over its mean of the last `days`."""
    return np.asarray(1 - (np.arange(days) + 1) / days)
