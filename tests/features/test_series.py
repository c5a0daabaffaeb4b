"""Series beside bars: states told as they are, what is each symbol's own ranked, nothing seen ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eraforge.core.bars import Bars
from eraforge.evaluation.checks.practice_bars import practice_bars
from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.laboratory import DEPTHS, examine
from eraforge.evaluation.leaks.subjects import FamilySubject
from eraforge.features.catalogue import default, named, registered
from eraforge.features.engine import compute
from eraforge.features.families.series import series
from eraforge.features.panel_rows import Shape, to_panel

MEMBERS = ["rates_state_252", "rates_change_state_20", "rates_correlation_60", "rates_beta_60", "rates_beta_252"]


@pytest.fixture(scope="module")
def bars() -> Bars:
    made = practice_bars(5, symbols=12, moments=420)
    values = np.repeat(np.random.default_rng(3).normal(size=140), 3).cumsum()
    column = np.tile(values, (len(made.symbols), 1))
    column[:, :9] = np.nan  # not published yet
    return replace(made, columns={**made.columns, "series_rates": column}, digest=None)


def test_a_series_brings_its_features_by_name_and_by_default(bars: Bars) -> None:
    assert [feature.name for feature in series("rates").features] == MEMBERS
    assert [feature.of_series for feature in named(MEMBERS, bars)] == [True, True, False, False, False]
    names = {feature.name for feature in default(bars)}
    assert set(MEMBERS) <= names and not set(MEMBERS) & set(registered())
    assert not any(feature.of_series for feature in registered().values())


def test_against_plain_arithmetic(bars: Bars) -> None:
    table = compute(named(MEMBERS, bars), bars, dtype=np.float64)
    row = int(np.isfinite(bars["close"]).sum(axis=1).argmax())
    close, value = bars["close"][row], bars["series_rates"][row]
    window = value[-252:]
    state = ((window < window[-1]).sum() + ((window == window[-1]).sum() - 1) / 2) / 251
    assert table.column(MEMBERS[0])[row, -1] == pytest.approx(state, abs=1e-12)
    own = np.isfinite(close) & np.isfinite(value)
    moves, steps = np.diff(close[own]) / close[own][:-1], np.diff(value[own])
    slope = np.cov(moves[-60:], steps[-60:])[0, 1] / np.var(steps[-60:], ddof=1)
    assert table.column("rates_beta_60")[row, -1] == pytest.approx(slope, rel=1e-9)


def test_states_are_told_as_they_are_and_give_no_symbol_a_row(bars: Bars) -> None:
    silent = np.where(np.arange(len(bars.symbols)) == 0, np.nan, 1.0)[:, None]
    gone = {name: values * silent for name, values in bars.columns.items() if name != "series_rates"}
    features = named(["return_20", MEMBERS[0]], bars)
    table = compute(features, replace(bars, columns={**bars.columns, **gone}))
    states = {feature.name for feature in features if feature.of_series}
    rows = to_panel(table, {"a": bars.times[-1]}, shape=Shape.RANKS, states=states)
    assert bars.symbols[0] not in rows["id"].to_list()
    assert rows[MEMBERS[0]].n_unique() == 1 and rows[MEMBERS[0]][0] == np.float32(table.column(MEMBERS[0])[-1, -1])
    assert rows["return_20"].n_unique() > 5


def test_the_laboratory_finds_nothing_and_the_lookback_is_enough(bars: Bars) -> None:
    report = examine(FamilySubject(series("rates")), BarHistory(bars), replace(DEPTHS["quick"], by_chance=False))
    assert report.passed, report.sentence
    assert {"future scramble", "truncation"} <= {one.probe for one in report.probes}
