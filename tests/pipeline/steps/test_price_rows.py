"""Price rows of an era are computed once: named by the bars it may see, whatever comes later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core.bars import Bars
from eraforge.core.clock import StandingClock
from eraforge.core.words import Entry
from eraforge.evaluation.checks.practice_bars import practice_bars
from eraforge.features.catalogue import named
from eraforge.features.engine import compute
from eraforge.features.panel_rows import to_panel
from eraforge.pipeline.stage_cache import StageCache
from eraforge.pipeline.steps.bars.bar_marks import bar_marks
from eraforge.pipeline.steps.bars.price_rows import END_OF_DAY, ERAS_AT_ONCE, STALE_BARS, price_rows
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

NAMES = ("return_20", "rsi_14", "momentum_20_rank")
WHOLE = practice_bars(4, symbols=12, moments=400)


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Any]:
    objects, ledger = Objects(tmp_path / "objects"), Ledger.open(tmp_path / "ledger.sqlite")
    cache = StageCache(objects, ledger, StandingClock(datetime(2024, 6, 1, tzinfo=UTC)))
    yield SimpleNamespace(objects=objects, cache=cache, bars={}, marks={}, progress=lambda *_: None)
    ledger.close()


def eras_of(bars: Bars) -> dict[str, date]:
    days = bars.times.astype("datetime64[D]").tolist()[60::3]
    return {day.isoformat(): day for day in days}


def rows(tools: Any, bars: Bars, eras: dict[str, date]) -> pl.DataFrame:
    """Rows as an entry gets them, checked against all eras computed at once."""
    entry = Entry(name="mine", account="main", arena="crypto", model="m", learner="ridge", price_features=NAMES)
    tools.bars["now"], tools.marks = bars, {}
    found = price_rows(tools, entry, "now", eras).collect()
    moments = {era: np.datetime64(day, "s") + END_OF_DAY for era, day in eras.items()}
    whole = to_panel(compute(named(NAMES), bars), moments, oldest=STALE_BARS)
    assert found.sort("era", "id").equals(whole)
    return found


def computed(tools: Any) -> int:
    count = tools.cache.computed.count("price rows")
    tools.cache.computed.clear()
    return int(count)


def corrected(bars: Bars, place: int) -> Bars:
    row = int(np.flatnonzero(np.isfinite(bars["close"][:, place]))[0])
    close = bars["close"].copy()
    close[row, place] *= 1.001
    return replace(bars, columns={**bars.columns, "close": close}, digest=None)


def test_a_new_day_computes_the_newest_eras_alone_and_a_correction_those_that_saw_it(tools: Any) -> None:
    eras = eras_of(WHOLE)
    early = WHOLE.until(WHOLE.times[-40])
    rows(tools, early, eras_of(early))
    pieces = -(-len(eras_of(early)) // ERAS_AT_ONCE)
    assert computed(tools) == pieces >= 3
    rows(tools, early, eras_of(early))
    assert computed(tools) == 0
    rows(tools, WHOLE, eras)
    assert computed(tools) == -(-len(eras) // ERAS_AT_ONCE) - (pieces - 1)
    last = list(eras.values())[2 * ERAS_AT_ONCE - 1]
    place = int(np.searchsorted(WHOLE.times, np.datetime64(last + timedelta(days=1), "s")))
    rows(tools, corrected(WHOLE, place), eras)
    assert computed(tools) == -(-len(eras) // ERAS_AT_ONCE) - 2
    rows(tools, WHOLE, {})
    assert computed(tools) == 0


def test_a_mark_knows_the_past_and_nothing_else() -> None:
    whole = bar_marks(WHOLE)
    assert len(set(whole)) == len(WHOLE.times)
    assert bar_marks(WHOLE.until(WHOLE.times[99])) == whole[:100]
    changed = bar_marks(corrected(WHOLE, 200))
    assert changed[:200] == whole[:200] and not set(changed[200:]) & set(whole)
    late = {name: values.copy() for name, values in WHOLE.columns.items()}
    first = int(np.isfinite(WHOLE["close"]).sum(axis=1).argmax())
    for values in late.values():
        values[first, :150] = np.nan
    listed = replace(WHOLE, columns=late)
    before = bar_marks(listed.of([symbol for row, symbol in enumerate(WHOLE.symbols) if row != first]))
    assert bar_marks(listed)[:150] == before[:150] and bar_marks(listed)[150:] != before[150:]
    moved = {kind: ("elsewhere", *labels[1:]) for kind, labels in WHOLE.groups.items()}
    assert bar_marks(replace(WHOLE, groups=moved))[-1] != whole[-1]
    rate = np.tile(np.arange(len(WHOLE.times), dtype=float), (len(WHOLE.symbols), 1))
    with_rate = replace(WHOLE, columns={**WHOLE.columns, "series_rate": rate})
    other = replace(WHOLE, columns={**WHOLE.columns, "series_rate": np.where(rate >= 300, rate + 1, rate)})
    assert bar_marks(with_rate)[:300] == bar_marks(other)[:300] and bar_marks(with_rate)[300:] != bar_marks(other)[300:]
