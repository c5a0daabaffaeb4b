"""Every name that users of earlier systems know is there, and the six that look ahead are refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from eraforge.core.errors import UserError
from eraforge.core.ports import Feature
from eraforge.features.catalogue import LOOKS_AHEAD, default, families, fed, named, registered
from eraforge.features.copies import declared_copies, measured_copies
from eraforge.features.engine import compute

PVM = (
    "price_momentum", "vol_weighted_momentum", "price_volatility", "vol_volatility", "pv_correlation", "raw_momentum",
    "momentum_acceleration", "vol_momentum", "mean_reversion", "composite_score",
)  # fmt: skip
STAT = (
    "price_volatility", "volume_volatility", "price_mean", "volume_mean", "price_zscore", "price_range_ratio",
    "hl_volatility", "pv_correlation",
)  # fmt: skip
LAGGED = [
    *(f"pvm_{name}_{window}d_lag1" for window, name in product((5, 10, 14, 20, 30, 60, 90), PVM)),
    *(f"stat_{name}_{window}d_lag1" for window, name in product((5, 10, 14, 20, 30), STAT)),
    *(f"{name}_{window}d_lag1" for name, window in product(("sma", "sma_ratio"), (5, 10, 20, 30, 50))),
    *(f"ema_{window}d_lag1" for window in (5, 10, 20, 30)),
    *(f"rsi_{window}d_lag1" for window in (14, 21, 30)),
    *(f"bb_position_{window}d_lag1" for window in (10, 20, 30)),
    *(f"stoch_k_{window}d_lag1" for window in (10, 20, 50)),
    *(f"{name}_lag1" for name in ("macd", "macd_30d", "volume_ma_20d", "volume_ratio", "atr_14d")),
]
PRICES = [
    "return_1",
    "return_5",
    "return_10",
    "return_20",
    "return_60",
    "log_return_1",
    "log_return_5",
    "log_return_10",
    "log_return_20",
    "log_return_60",
    "hl_ratio",
    "co_ratio",
    "range_pct",
    "sma_10",
    "sma_20",
    "sma_50",
    "sma_100",
    "sma_200",
    "price_to_sma_10",
    "price_to_sma_20",
    "price_to_sma_50",
    "price_to_sma_100",
    "price_to_sma_200",
    "ema_9",
    "ema_12",
    "ema_21",
    "ema_26",
    "ema_50",
    "price_to_ema_9",
    "price_to_ema_12",
    "price_to_ema_21",
    "price_to_ema_26",
    "price_to_ema_50",
    "rsi_14",
    "rsi_overbought",
    "rsi_oversold",
    "macd_line",
    "macd_signal",
    "macd_hist",
    "macd_cross_up",
    "macd_cross_down",
    "stoch_k",
    "stoch_d",
    "stoch_overbought",
    "stoch_oversold",
    "williams_r",
    "roc_5",
    "roc_10",
    "roc_20",
    "cci_20",
    "mfi_14",
    "atr_7",
    "atr_14",
    "atr_21",
    "atr_pct_7",
    "atr_pct_14",
    "atr_pct_21",
    "bb_middle",
    "bb_upper",
    "bb_lower",
    "bb_width",
    "bb_position",
    "close_bb_zscore",
    "kc_middle",
    "kc_upper",
    "kc_lower",
    "kc_position",
    "close_kc_atr_dev",
    "hvol_10",
    "hvol_20",
    "hvol_60",
    "parkinson_vol",
    "gk_vol",
    "obv",
    "obv_sma_20",
    "volume_sma_20",
    "volume_ratio",
    "volume_zscore",
    "vwap",
    "price_to_vwap",
    "adx_14",
    "plus_di_14",
    "minus_di_14",
    "adx_strong_trend",
    "supertrend",
    "supertrend_direction",
    "hour_sin",
    "hour_cos",
    "minute_sin",
    "minute_cos",
    "dayofweek_sin",
    "dayofweek_cos",
    "session_asia",
    "session_london",
    "session_ny",
    "volatility_regime",
    "trend_regime",
    "correlation_20",
    "spread_zscore",
    "beta",
    "relative_strength",
]


def test_the_names_of_both_factories_are_there() -> None:
    assert (len(LAGGED), len(PRICES)) == (138, 101)
    assert set(LAGGED) | set(PRICES) <= set(registered())


def test_every_feature_keeps_the_contract_and_names_its_source() -> None:
    for feature in registered().values():
        assert isinstance(feature, Feature)
        assert feature.inputs and feature.lookback >= 1 and feature.lag in (0, 1)
        assert feature.source and feature.unit and feature.name == feature.name.lower()


@pytest.mark.parametrize("name", sorted(LOOKS_AHEAD))
def test_what_looks_ahead_is_refused_by_name(name: str) -> None:
    with pytest.raises(UserError, match="bars that follow") as caught:
        named([name])
    assert caught.value.code == "feature-looks-ahead"


def test_six_names_look_ahead() -> None:
    assert sorted(LOOKS_AHEAD) == [
        "mfe_h20", "mfe_h5", "pain_to_gain_h20", "pain_to_gain_h5", "time_weighted_dd_h20", "time_weighted_dd_h5",
    ]  # fmt: skip


def test_unknown_names_are_told_with_their_neighbours() -> None:
    with pytest.raises(UserError) as caught:
        named(["rsi_15"])
    assert caught.value.code == "unknown-feature" and "rsi_14" in caught.value.next_step
    with pytest.raises(UserError) as caught:
        named(["rsi_14_relative"])
    assert caught.value.code == "feature-is-relative"
    assert named(["atr_14_relative"])[0].scale_free


def test_copies_among_the_138_are_told_as_computed(made: Any) -> None:
    """27 exact copies; 4 affine ones of ratios to averages, and 3 more: a Bollinger position is a scaled z-score."""
    features = named(LAGGED)
    told = declared_copies(features)
    assert Counter(copy.kind for copy in told) == {"same": 27, "affine": 7}
    assert measured_copies(compute(features, made(8, 400, whole=True), dtype=np.float64)) == told
    affine = {copy.name for copy in told if copy.kind == "affine"}
    assert affine == {
        *(f"sma_ratio_{window}d_lag1" for window in (5, 10, 20, 30)),
        *(f"bb_position_{window}d_lag1" for window in (10, 20, 30)),
    }


def test_the_default_is_distinct_and_scale_free(made: Any) -> None:
    bars = made(12, 700, whole=True, step=np.timedelta64(25_140, "s"))
    features = default(bars)
    assert all(feature.scale_free for feature in features) and len(features) > 300
    table = compute(features, bars, dtype=np.float64)
    copies = [copy for copy in measured_copies(table) if copy.kind != "constant"]
    assert copies == []


def test_scale_free_means_the_same_in_another_currency(made: Any) -> None:
    """Prices times 8, volumes times 4: powers of two change no digit, so every difference is one of scale."""
    bars = made(9, 500, whole=True)
    scale = {"open": 8.0, "high": 8.0, "low": 8.0, "close": 8.0, "volume": 4.0}
    other = replace(bars, columns={name: values * scale[name] for name, values in bars.columns.items()})
    features = [*registered().values(), *(one.relative() for one in registered().values() if not one.scale_free)]
    one, two = (compute(features, which, dtype=np.float64).values for which in (bars, other))
    for place, feature in enumerate(features):
        alike = np.allclose(one[place], two[place], rtol=1e-9, atol=1e-9, equal_nan=True)
        assert alike == feature.scale_free, feature.name


def test_bars_without_groups_feed_no_group_feature(made: Any) -> None:
    bars = replace(made(3, 50), groups={"country": ("", "", "")})
    names = {feature.name for feature in default(bars)}
    assert not {name for name in names if "sector" in name or "country" in name}
    assert not fed(named(["momentum_20_sector_rank"])[0], bars) and fed(named(["momentum_20_rank"])[0], bars)


def test_families_have_a_sentence_and_their_own_names() -> None:
    assert len(families()) == 21
    assert all(family.about.endswith(".") and family.features for family in families())
