"""Every gate sees the fault that is planted for it, and nothing where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eraforge.core.errors import DataError


def test_sound_prices_pass_every_gate(market: Any, make_market: Any) -> None:
    assert market.codes() == {} and make_market(weekdays=True).codes() == {}
    assert market.check()[1].trustworthy


def test_bars_told_twice(market: Any) -> None:
    market.more = [("S01", 3, 1.0), ("S01", 4, 1.0), ("S02", 5, 1.5)]
    assert market.codes() == {"bars-twice": (2, 1), "bars-contradict": (1, 1)}
    report = market.check()[1]
    assert report.fault("bars-contradict").examples == ("S02 2024-01-06",)
    with pytest.raises(DataError) as error:
        report.refuse()
    assert error.value.code == "bars-contradict" and "S02 2024-01-06" in error.value.sentence


def test_ranges_that_contradict(market: Any) -> None:
    market.columns["high"][2, 10] = market.columns["close"][2, 10] * 0.9
    market.columns["low"][3, 11] = market.columns["open"][3, 11] * 1.1
    assert market.codes() == {"range-contradicts": (2, 2)}
    assert market.check()[1].trustworthy
    market.columns["high"][4] *= 0.5
    assert not market.check()[1].trustworthy


def test_prices_that_are_not_positive(market: Any) -> None:
    market.columns["close"][1, 20] = 0.0
    market.columns["low"][1, 20] = 0.0
    market.columns["low"][2, 30] = -1.0
    found = market.codes()
    assert found["price-not-positive"] == (1, 1) and found["range-not-positive"] == (1, 1)
    assert set(found) == {"price-not-positive", "range-not-positive"}


def test_a_spike_comes_back(market: Any) -> None:
    market.scale(0, slice(40, 42), 100.0)
    market.scale(1, slice(50, 51), 0.01)
    assert market.codes() == {"spikes": (3, 2)}
    assert market.check()[1].figures["jumps"] == 4


def test_a_redenomination_lasts_and_is_round(market: Any) -> None:
    market.scale(0, slice(40, None), 1000.0)
    market.scale(1, slice(60, None), 0.1)
    assert market.codes() == {"redenominations": (2, 2)}


def test_any_other_jump_lasts_and_is_traded(market: Any) -> None:
    market.scale(0, slice(40, None), 37.0, ("high", "low", "close"))
    market.columns["open"][0, 41:] *= 37.0
    market.columns["low"][0, 40] = market.columns["open"][0, 40]
    assert market.codes() == {"jumps": (1, 1)}


def test_a_collapse_that_is_listed_again_later_is_no_spike(market: Any) -> None:
    market.scale(0, slice(40, 43), 0.0001)
    market.drop(0, slice(43, 60))
    assert "spikes" not in market.codes()


def test_flat_stale_and_silent_stretches(market: Any) -> None:
    for name in ("open", "high", "low", "close"):
        market.columns[name][5, 20:35] = 50.0
    market.columns["volume"][6, 7:9] = 0.0
    found = market.codes()
    assert found["bars-flat"] == (15, 1) and found["closes-stale"] == (15, 1) and found["volume-zero"] == (2, 1)


def test_gaps_against_the_calendar(market: Any, make_market: Any) -> None:
    market.drop(0, slice(10, 13))
    market.drop(3, 50)
    assert market.codes() == {"gaps": (2, 2)}
    assert "leave out 4 bars" in market.check()[1].fault("gaps").finding.sentence
    week = make_market(weekdays=True)
    week.drop(0, slice(10, 13))
    assert week.codes() == {"gaps": (1, 1)} == week.codes(calendar="weekdays")


def test_a_calendar_that_jumps(market: Any, make_market: Any) -> None:
    market.drop(slice(None), slice(30, 36))
    market.columns = {name: np.delete(values, range(30, 36), axis=1) for name, values in market.columns.items()}
    market.days, market.told = np.delete(market.days, range(30, 36)), np.delete(market.told, range(30, 36), axis=1)
    found = market.codes()
    assert found["calendar-jumps"] == (1, 8) and found["gaps"] == (8, 8)
    week = make_market(weekdays=True)
    keep = [place for place in range(week.days.size) if not 30 <= place < 36]
    week.columns = {name: np.ascontiguousarray(values[:, keep]) for name, values in week.columns.items()}
    week.days, week.told = week.days[keep], week.told[:, keep]
    assert week.codes() == {"calendar-jumps": (1, 8)}


def test_who_ends_early_and_who_never_does(market: Any) -> None:
    market.drop(2, slice(100, None))
    assert market.codes() == {"symbols-end-early": (1, 1)}
    assert market.check()[1].fault("symbols-end-early").examples == ("S02 2024-04-09",)


def test_a_symbol_with_one_bar(market: Any) -> None:
    market.drop(4, slice(0, -1))
    assert market.codes() == {"symbols-with-one-bar": (1, 1)}


def test_the_live_universe(market: Any) -> None:
    names = tuple(f"S{place:02d}" for place in range(8))
    assert market.codes(universe=names) == {}
    market.drop(slice(0, 2), slice(110, None))
    assert market.codes(universe=names)["universe-not-covered"] == (2, 2)
    half = market.check(universe=(*names, *(f"T{place}" for place in range(6))))[1]
    assert not half.trustworthy and "6 of the 14" not in half.fault("universe-not-covered").finding.sentence


def test_times_of_day_that_differ(market: Any) -> None:
    market.told[:3] += 5 * 3600
    assert market.codes() == {"time-zones-mixed": (360, 3)}
    assert market.codes(zone="America/New_York") == {}


def test_two_vendors(market: Any, make_market: Any) -> None:
    other = make_market()
    assert market.codes(against={"other": other.bars()}) == {}
    other.scale(0, slice(None), 100.0)
    other.columns["close"][3, 60] *= 1.05
    other.columns["close"][4] = np.roll(other.columns["close"][4], 1)
    found = market.codes(against={"other": other.bars()})
    assert found == {"prices-in-cents": (1, 1), "vendors-disagree": (1, 1), "vendors-shifted": (1, 1)}
    assert not market.check(against={"other": other.bars()})[1].trustworthy
