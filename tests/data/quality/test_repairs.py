"""A repair does what its name says, where it says, and counts it; nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eraforge.core.errors import UserError
from eraforge.data.quality.repairs import RULES


@pytest.mark.parametrize("rule", [name for name in RULES if name != "adjust"])
def test_sound_prices_stay_as_they_are(market: Any, rule: str) -> None:
    bars, report = market.check(rule)
    for name, values in market.columns.items():
        np.testing.assert_array_equal(bars[name], values)
    assert [(one.rule, one.bars) for one in report.repairs] == [(rule, 0)]


def test_an_unknown_rule_is_named(market: Any) -> None:
    with pytest.raises(UserError) as error:
        market.check("make-it-good")
    assert error.value.code == "unknown-repair" and "drop-spikes" in error.value.next_step


@pytest.mark.parametrize(("rule", "kept"), [("keep-last", 1.0), ("keep-first", 1.0), ("drop-contradicting", np.nan)])
def test_bars_told_twice(market: Any, rule: str, kept: float) -> None:
    market.more = [("S02", 5, 1.5), ("S03", 6, 1.0)]
    bars, report = market.check(rule)
    np.testing.assert_allclose(bars["close"][2, 5], market.columns["close"][2, 5] * kept)
    assert report.trustworthy and report.repairs[0].bars == 1


def test_the_first_telling_wins_where_asked(market: Any) -> None:
    market.more = [("S02", 5, 1.5)]
    told_last = market.bars()
    told_last.columns["close"][2, 5] *= 1.5
    market.bars = lambda: told_last
    assert market.check("keep-first")[0]["close"][2, 5] == market.columns["close"][2, 5]
    assert market.check("keep-last")[0]["close"][2, 5] == market.columns["close"][2, 5] * 1.5


def test_what_is_impossible_goes(market: Any) -> None:
    market.columns["low"][1, 20] = 0.0
    market.columns["high"][2, 10] = 0.5 * market.columns["close"][2, 10]
    bars, report = market.check("drop-not-positive", "widen-range")
    assert np.isnan(bars["close"][1, 20]) and np.isnan(bars["volume"][1, 20])
    assert bars["high"][2, 10] == max(market.columns["open"][2, 10], market.columns["close"][2, 10])
    assert [one.bars for one in report.repairs] == [1, 1] and report.fault("range-contradicts") is None
    assert np.isnan(market.check("drop-contradictory-range")[0]["close"][2, 10])


def test_spikes_go_and_redenominations_are_brought_to_one_level(market: Any) -> None:
    sound = market.columns["close"].copy()
    market.scale(0, slice(40, 42), 100.0)
    market.scale(1, slice(60, None), 1000.0)
    market.columns["volume"][1, 60:] /= 1000.0
    volume = market.columns["volume"][1, -1]
    bars, report = market.check("drop-spikes", "rescale-redenominations")
    assert np.flatnonzero(np.isnan(bars["close"][0])).tolist() == [40, 41]
    np.testing.assert_allclose(bars["close"][1], sound[1] * 1000, rtol=1e-12)
    assert bars["volume"][1, -1] == volume and report.trustworthy
    assert [(one.bars, one.symbols) for one in report.repairs] == [(2, 1), (60, 1)]


def test_still_bars_go(market: Any) -> None:
    for name in ("open", "high", "low", "close"):
        market.columns[name][5, 20:35] = 50.0
    market.columns["volume"][6, 7:9] = 0.0
    assert np.isnan(market.check("drop-flat")[0]["close"][5]).sum() == 15
    assert np.flatnonzero(np.isnan(market.check("drop-stale")[0]["close"][5])).tolist() == list(range(21, 35))
    assert np.flatnonzero(np.isnan(market.check("drop-zero-volume")[0]["close"][6])).tolist() == [7, 8]


def test_cents_become_units(market: Any) -> None:
    sound = market.columns["close"].copy()
    market.scale(3, slice(None), 100.0)
    bars, report = market.check("cents-to-units", cents=("S03",))
    np.testing.assert_allclose(bars["close"], sound)
    assert report.repairs[0].bars == 120


def test_adjusting_needs_something_to_go_by(market: Any) -> None:
    with pytest.raises(UserError) as error:
        market.check("adjust")
    assert error.value.code == "nothing-to-adjust-by"
    market.columns["factor"] = np.full_like(market.columns["close"], 0.5)
    np.testing.assert_array_equal(market.check("adjust")[0]["open"], market.columns["open"] * 0.5)
    del market.columns["factor"]
    market.columns["adjusted_close"] = market.columns["close"] * 0.25
    np.testing.assert_allclose(market.check("adjust")[0]["low"], market.columns["low"] * 0.25)


def test_the_digest_names_the_repairs(market: Any) -> None:
    from dataclasses import replace

    named = replace(market.bars(), digest="a" * 64)
    market.bars = lambda: named
    digests = {
        market.check(*rules)[0].digest for rules in ((), ("drop-flat",), ("drop-stale",), ("drop-flat", "drop-stale"))
    }
    assert len(digests) == 4
