"""Gates on which bars are there: gaps, a calendar that jumps, early ends, survivors, the live universe."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eraforge.core.bars import Bars
from eraforge.data.finding import Severity
from eraforge.data.quality.fault import Fault, PriceLimits, View, fault

CALENDARS = ("always", "weekdays", "observed")


def presence_faults(view: View, limits: PriceLimits) -> Iterator[Fault]:
    """Everything about bars that are not there."""
    position = slots(view)
    yield from _gaps(view, position)
    yield from _calendar(view, limits)
    yield from _ends(view, position, limits)
    yield from _short(view)
    yield from _coverage(view, limits)


def usual_calendar(bars: Bars) -> str:
    """`always` where weekends hold as many bars as weekdays, else `observed`: holidays differ between markets."""
    weekday = (bars.times.astype("datetime64[D]").astype(np.int64) + 3) % 7
    counts = (~np.isnan(bars["close"])).sum(axis=0)
    inside, outside = counts[weekday < 5].sum() / 5, counts[weekday >= 5].sum() / 2
    return "always" if outside > inside / 2 else "observed"


def slots(view: View) -> np.ndarray:
    """(t,) int64: number of each moment on the calendar; moments that follow each other differ by one."""
    starts = view.bars.times.astype(np.int64) + 1 - view.seconds
    if view.calendar == "always":
        return np.asarray((starts - starts[0]) // view.seconds, np.int64)
    if view.calendar == "weekdays":
        days = view.bars.times.astype("datetime64[D]")
        return np.asarray(np.busday_count(days[0], days), np.int64)
    # A moment counts where at least half of the symbols that live then have a bar.
    first, last = _ends_of(view)
    columns = np.arange(view.bars.times.size)
    alive = np.searchsorted(np.sort(first), columns, side="right") - np.searchsorted(
        np.sort(last), columns, side="left"
    )
    usual = view.known.sum(axis=0) * 2 >= alive
    return np.asarray(np.cumsum(usual), np.int64)


def _ends_of(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Columns of the first and the last bar of each symbol."""
    width = view.known.shape[1]
    return view.known.argmax(axis=1), width - 1 - view.known[:, ::-1].argmax(axis=1)


def _gaps(view: View, position: np.ndarray) -> Iterator[Fault]:
    gaps = missing = symbols = 0
    examples: list[str] = []
    for row in range(len(view.bars.symbols)):
        there = np.flatnonzero(view.known[row])
        distance = np.diff(position[there]) - 1
        open_ends = np.flatnonzero(distance > 0)
        if open_ends.size:
            gaps += open_ends.size
            missing += int(distance[open_ends].sum())
            symbols += 1
            examples.append(f"{view.bars.symbols[row]} {view.day(int(there[open_ends[0]]))}")
    if gaps:
        yield fault(
            Severity.WARN,
            "gaps",
            f"{{bars}} gaps in {{symbols}} symbols leave out {missing:,} bars of the calendar ({view.calendar}).",
            "Pull again with --whole; features treat them as missing.",
            gaps,
            symbols,
            examples,
        )


def _calendar(view: View, limits: PriceLimits) -> Iterator[Fault]:
    """Stretches in which no symbol has a bar: of days on which trade is possible, more than holidays explain."""
    if view.calendar == "always":
        allowed, holes = 0, np.diff(slots(view)) - 1
    elif view.daily:
        days = view.bars.times.astype("datetime64[D]")
        allowed, holes = limits.holidays, np.diff(np.busday_count(days[0], days)) - 1
    else:
        return
    wide = np.flatnonzero(holes > allowed)
    if wide.size:
        longest = int(wide[np.argmax(holes[wide])])
        yield fault(
            Severity.WARN,
            "calendar-jumps",
            f"{{bars}} times no symbol has a bar, the longest for {int(holes[longest]):,} slots after "
            f"{view.day(longest)}.",
            "An outage of the market, or a page that is missing: pull again with --whole.",
            int(wide.size),
            len(view.bars.symbols),
            [view.day(int(place)) for place in wide],
        )


def _ends(view: View, position: np.ndarray, limits: PriceLimits) -> Iterator[Fault]:
    early = ends_early(view, position, limits)
    names = [view.bars.symbols[row] for row in np.flatnonzero(early)]
    _, last = _ends_of(view)
    if names:
        yield fault(
            Severity.WARN,
            "symbols-end-early",
            f"{{symbols}} symbols have no bar in the last {limits.early} slots.",
            "Delisted, or renamed: their past is worth keeping, their live rows are not there.",
            int(early.sum()),
            len(names),
            [f"{view.bars.symbols[row]} {view.day(int(last[row]))}" for row in np.flatnonzero(early)],
        )
    elif len(view.bars.symbols) >= limits.survivors and position[-1] - position[0] >= limits.span:
        yield fault(
            Severity.WARN,
            "survivors-only",
            "all {symbols} symbols live to the last bar: whoever was delisted is missing, and returns look too good.",
            "Add the symbols that ended, or say so beside every backtest.",
            0,
            len(view.bars.symbols),
        )


def ends_early(view: View, position: np.ndarray, limits: PriceLimits) -> np.ndarray:
    """(symbols,) bool: silent at the end for more slots than `limits.early` and than is usual for the symbol."""
    early = np.zeros(len(view.bars.symbols), bool)
    _, last = _ends_of(view)
    for row in range(early.size):
        there = np.flatnonzero(view.known[row])
        usual = np.diff(position[there])
        patience = max(float(limits.early), limits.thin * float(usual.mean()) if usual.size else 0.0)
        early[row] = position[-1] - position[last[row]] > patience
    return early


def _short(view: View) -> Iterator[Fault]:
    single = np.flatnonzero(view.known.sum(axis=1) == 1)
    if single.size:
        yield fault(
            Severity.WARN,
            "symbols-with-one-bar",
            "{symbols} symbols have a single bar.",
            "They get no features; check their names.",
            int(single.size),
            int(single.size),
            [view.bars.symbols[row] for row in single],
        )


def _coverage(view: View, limits: PriceLimits) -> Iterator[Fault]:
    if not view.universe:
        return
    recent = view.known[:, -limits.recent :].any(axis=1)
    live = {view.bars.symbols[row] for row in np.flatnonzero(recent)}
    missing = [name for name in view.universe if name not in live]
    share = 1 - len(missing) / len(view.universe)
    if share < limits.covered:
        yield fault(
            Severity.REFUSE if share < limits.half else Severity.WARN,
            "universe-not-covered",
            f"{len(missing):,} of the {len(view.universe):,} symbols of the live universe have no bar in the last "
            f"{limits.recent} slots ({share:.0%} covered).",
            "Pull them, or map the universe's names to the source's.",
            len(missing),
            len(missing),
            missing,
        )
