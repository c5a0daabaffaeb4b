"""Registered labels: their values by hand, when they are known, and that nothing later matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from eraforge.arenas.crypto import CRYPTO
from eraforge.core.bars import Bars
from eraforge.core.errors import UserError
from eraforge.core.plugins import find, names
from eraforge.features.labels.bins import binned
from eraforge.features.labels.recipes import CHILI_60, GROUP_NEUTRAL_20, MARKET_NEUTRAL_20, RAW_RETURN_20, Grade, Label

SYMBOLS, DAYS = 40, 110
DELISTED_AT = 60


@pytest.fixture(scope="module")
def bars() -> Bars:
    source = np.random.default_rng(4)
    close = 30 * np.exp(source.normal(0, 0.02, (SYMBOLS, DAYS)).cumsum(axis=1))
    close[source.random(close.shape) < 0.02] = np.nan
    close[3, DELISTED_AT:] = np.nan
    columns = dict.fromkeys(("open", "high", "low", "close"), close)
    columns["volume"] = np.where(np.isnan(close), np.nan, source.uniform(1e4, 1e6, close.shape))
    times = np.busday_offset(np.datetime64("2025-01-06"), np.arange(DAYS)).astype("datetime64[s]")
    groups = {
        "country": tuple("AB"[place % 2] for place in range(SYMBOLS)),
        "sector": tuple("xyz"[place % 3] for place in range(SYMBOLS)),
    }
    return Bars(tuple(f"S{place:03d}" for place in range(SYMBOLS)), times, columns, groups)


def test_raw_returns_by_hand(bars: Bars) -> None:
    found = RAW_RETURN_20.compute(bars)
    close = bars["close"]
    both = ~np.isnan(close[:, 12]) & ~np.isnan(close[:, 32])
    assert found[both, 10] == pytest.approx(close[both, 32] / close[both, 12] - 1)
    assert np.isnan(found[:, DAYS - 22 :]).all() and not np.isnan(found[:, DAYS - 23]).all()


def test_a_delisted_symbol_stays_in_the_labels_of_the_days_before(bars: Bars) -> None:
    found = RAW_RETURN_20.compute(bars)[3]
    last = bars["close"][3, DELISTED_AT - 1]
    assert np.isnan(found[DELISTED_AT:]).all()
    assert found[DELISTED_AT - 10] == pytest.approx(last / bars["close"][3, DELISTED_AT - 8] - 1)


def test_group_neutral_labels_have_no_group_mean(bars: Bars) -> None:
    plain = replace(GROUP_NEUTRAL_20, grade=Grade.PLAIN).compute(bars, [20])[:, 0]
    for labels in bars.groups.values():
        for group in set(labels):
            inside = np.array([label == group for label in labels])
            assert np.nanmean(plain[inside]) == pytest.approx(0, abs=1e-12)
    assert np.array_equal(GROUP_NEUTRAL_20.compute(bars, [20])[:, 0], binned(plain), equal_nan=True)


def test_market_neutral_labels_do_not_move_with_the_market(bars: Bars) -> None:
    plain = replace(MARKET_NEUTRAL_20, grade=Grade.PLAIN).compute(bars, [50])[:, 0]
    raw = RAW_RETURN_20.compute(bars, [50])[:, 0]
    assert np.nanstd(plain) > 0 and not np.allclose(plain, raw, equal_nan=True)


@pytest.mark.parametrize("name", names("label"))
def test_no_label_sees_beyond_its_last_bar(bars: Bars, name: str) -> None:
    label: Label = find("label", name)
    source = np.random.default_rng(6)
    era = 30
    end = era + label.lag + label.horizon
    later = {key: values.copy() for key, values in bars.columns.items()}
    for values in later.values():
        values[:, end + 1 :] *= source.uniform(0.1, 9, values[:, end + 1 :].shape)
    changed = Bars(bars.symbols, bars.times, later, bars.groups)
    found = label.compute(bars, [era])
    assert label.name == name and np.isfinite(found).sum() >= SYMBOLS - 3
    assert np.array_equal(found, label.compute(changed, [era]), equal_nan=True)
    assert np.isnan(label.compute(bars.last(DAYS).until(bars.times[end - 1]), [era])).all()


@pytest.mark.parametrize("name", names("label"))
def test_scrambling_the_day_it_ends_on_changes_a_label(bars: Bars, name: str) -> None:
    """The declared horizon is the true one: the last bar matters."""
    label: Label = find("label", name)
    end = 30 + label.lag + label.horizon
    later = {key: values.copy() for key, values in bars.columns.items()}
    later["close"][:, end] *= np.random.default_rng(7).uniform(0.2, 5, SYMBOLS)
    changed = Bars(bars.symbols, bars.times, later, bars.groups)
    assert not np.array_equal(label.compute(bars, [30]), label.compute(changed, [30]), equal_nan=True)


def test_a_universe_leaves_the_others_out_of_the_ranks(bars: Bars) -> None:
    universe = np.zeros((SYMBOLS, DAYS), bool)
    universe[:20] = True
    label: Label = find("label", "binned_return_20")
    found = label.compute(bars, [20], universe)[:, 0]
    assert np.isnan(found[20:]).all()
    assert np.array_equal(
        found, binned(np.where(universe[:, 20], RAW_RETURN_20.compute(bars, [20])[:, 0], np.nan)), True
    )


def test_labels_are_known_on_the_last_score_day_of_their_round() -> None:
    """A Monday's label has its last return on a Wednesday and is published two days later."""
    monday, friday = date(2026, 9, 7), date(2026, 9, 11)
    known = RAW_RETURN_20.known_on(CRYPTO.calendar, [monday, friday])
    assert known == (date(2026, 10, 9), date(2026, 10, 15))
    moments = CHILI_60.moments(CRYPTO.calendar, [monday, friday])
    assert moments.known_before("chili_60", known[1]) == ()
    assert moments.eras == ("2026-09-07", "2026-09-11")
    assert RAW_RETURN_20.target.horizon == 20 and RAW_RETURN_20.target.lag == 2


def test_a_label_that_needs_groups_refuses_bars_without(bars: Bars) -> None:
    with pytest.raises(UserError, match="country"):
        GROUP_NEUTRAL_20.compute(replace(bars, groups={}))
    assert RAW_RETURN_20.compute(bars, []).shape == (SYMBOLS, 0)
