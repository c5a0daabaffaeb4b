"""Verbs about prices: `prices pull`, `prices check`, `prices show`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from eraforge.core.bars import Bars
from eraforge.core.clock import Clock, SystemClock
from eraforge.core.configuration import Configuration
from eraforge.core.errors import EraforgeError, UserError
from eraforge.data.lake import update
from eraforge.data.quality.check import PriceReport
from eraforge.data.sources.columns import SYMBOL
from eraforge.data.sources.moments import DAY
from eraforge.pipeline.steps.bars.beside import pull_beside, stored_series
from eraforge.pipeline.steps.bars.prices import Prices, judged, moment_of, open_prices
from eraforge.pipeline.tools import no_progress
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import read_configuration, state_folder
from eraforge.store.objects import Objects

MOST_PERIODS = 24
POINTS = 112


@dataclass(frozen=True)
class _Desk:
    """An open workspace as far as prices need it: no ledger, no keys, no server."""

    configuration: Configuration
    workspace: Path
    state: Path
    objects: Objects

    def prices(self, name: str) -> Prices:
        return open_prices(self.configuration, name, self.workspace, self.state, self.objects)

    def others(self, prices: Prices) -> dict[str, Prices]:
        return {name: self.prices(name) for name in prices.table.against}


def pull(visit: Visit, name: str, whole: bool) -> Facts:
    """Bring what is new of one or all configured prices.

    Raises:
        UserError: `no-prices`, `unknown-prices`; what a source raises when only one set was asked for.
    """
    desk = _open(visit)

    def work(prices: Prices) -> Facts:
        source = prices.source(desk.configuration.server.url)
        with _clock(desk.configuration, prices) as clock:
            scratch = desk.state / "downloads"
            done = update.pull(source, prices.lake, clock, scratch, visit.progress or no_progress, whole)
            beside = pull_beside(prices.table, prices.workspace, prices.lake, clock.now())
        done.errors += beside.errors
        catalogue = prices.lake.catalogue
        if done.errors and not catalogue.rows:
            raise done.errors[0][1]
        return {
            "source": prices.table.source,
            "files": done.files,
            "added": done.added,
            "corrected": done.corrected,
            "unchanged": done.unchanged,
            "not_closed": done.open_bars,
            "beside": list(beside.changed),
            "stored": catalogue.rows,
            "segments": len(catalogue.segments),
            "synthetic": catalogue.synthetic,
            "notes": [asdict(note) for note in done.notes],
            "refused": [{"file": file, **error.as_dict()} for file, error in done.errors],
            "exit_code": done.errors[0][1].exit_code if done.errors else 0,
        }

    return _each(desk, name, work)


def check(visit: Visit, name: str, as_of: str, raw: bool) -> Facts:
    """The report on one or all configured prices, after their repairs unless `raw`."""
    desk, moment = _open(visit), moment_of(as_of)

    def work(prices: Prices) -> Facts:
        bars, report = judged(prices, desk.others(prices), moment, raw)
        return {
            **report_facts(report, bars, prices.lake.seconds),
            "as_of": as_of or None,
            "exit_code": 0 if report.trustworthy else 3,
        }

    return _each(desk, name, work)


def report_facts(report: PriceReport, bars: Bars, seconds: int) -> Facts:
    """A report as plain facts: figures, repairs with their counts, faults with examples.

    Args:
        seconds: length of a bar.
    """
    return {
        "trustworthy": report.trustworthy,
        "synthetic": bars.synthetic,
        "digest": bars.digest,
        "first": _day(bars, 0, seconds),
        "last": _day(bars, -1, seconds),
        "figures": dict(report.figures),
        "repairs": [asdict(one) for one in report.repairs],
        "faults": [
            {
                "severity": str(one.finding.severity),
                "code": one.finding.code,
                "sentence": one.finding.sentence,
                "next_step": one.finding.next_step,
                "bars": one.bars,
                "symbols": one.symbols,
                "examples": list(one.examples),
            }
            for one in report.faults
        ],
    }


def show(visit: Visit, name: str, as_of: str, symbol: str) -> Facts:
    """What is stored: per period how many symbols have bars; or one symbol's closes and corrections."""
    desk, moment = _open(visit), moment_of(as_of)

    def work(prices: Prices) -> Facts:
        bars = prices.lake.bars(moment, symbols=[symbol] if symbol else None)
        catalogue = prices.lake.catalogue
        known = ~np.isnan(bars["close"])
        learned = catalogue.learned_last
        facts = {
            "source": prices.table.source,
            "interval": prices.table.interval,
            "symbols": len(bars.symbols),
            "bars": int(known.sum()),
            "first": _day(bars, 0, prices.lake.seconds),
            "last": _day(bars, -1, prices.lake.seconds),
            "learned": datetime.fromtimestamp(learned / 1000, UTC).isoformat(timespec="seconds"),
            "versions": catalogue.rows,
            "corrections": sum(one.corrections for one in catalogue.segments),
            "groups": {group: len(set(labels) - {""}) for group, labels in bars.groups.items()},
            "series": _series(prices, moment),
            "synthetic": bars.synthetic,
            "as_of": as_of or None,
        }
        if symbol:
            closes = bars["close"][0][known[0]]
            return {**facts, "symbol": symbol, "history": _history(prices, symbol), "plot": _thinned(closes)}
        return {**facts, "periods": _periods(bars, known), "plot": _thinned(known.sum(axis=0).astype(float))}

    return _each(desk, name, work)


def _series(prices: Prices, moment: datetime | None) -> list[Facts]:
    """The series as they were known: how many values, the newest one, and since when it was known."""
    return [
        {
            "series": one.name,
            "values": int(one.values.size),
            "newest": float(one.values[-1]),
            "published": str(one.times[-1]),
        }
        for one in stored_series(prices.lake, moment)
    ]


def _history(prices: Prices, symbol: str) -> list[Facts]:
    """When this symbol's bars became known: newest versions per moment of learning."""
    rows = prices.lake.rows(columns=("close",))
    mine = rows.filter(rows.get_column(SYMBOL) == symbol).group_by("learned").len().sort("learned")
    return [
        {"learned": datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds"), "bars": count}
        for at, count in mine.rows()
    ][-MOST_PERIODS:]


def _periods(bars: Bars, known: np.ndarray) -> list[Facts]:
    """Coverage per year, month or day, whichever gives a handful of rows."""
    for unit in ("Y", "M", "D"):
        labels = bars.times.astype(f"datetime64[{unit}]")
        if len(np.unique(labels)) > 2 or unit == "D":
            break
    periods = []
    for label in np.unique(labels)[-MOST_PERIODS:]:
        part = known[:, labels == label]
        there = part.any(axis=1)
        lived = _lived(known)[:, labels == label]
        periods.append(
            {
                "period": str(label),
                "moments": int(part.shape[1]),
                "symbols": int(there.sum()),
                "bars": int(part.sum()),
                "missing_share": 1 - float(part.sum()) / max(int(lived.sum()), 1),
            }
        )
    return periods


def _lived(known: np.ndarray) -> np.ndarray:
    """(symbols, times) bool: between the first and the last bar of the symbol."""
    before = np.maximum.accumulate(known, axis=1)
    after = np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(before & after)


def _thinned(values: np.ndarray) -> list[float]:
    """At most `POINTS` of the values, evenly spaced."""
    if values.size <= POINTS:
        return [float(value) for value in values]
    return [float(values[place]) for place in np.linspace(0, values.size - 1, POINTS).astype(int)]


def _day(bars: Bars, place: int, seconds: int) -> str:
    """How a person names a moment of the bars: the day of a daily bar, the minute of a shorter one."""
    return str(bars.times[place].astype("datetime64[D]" if seconds >= DAY else "datetime64[m]"))


def _open(visit: Visit) -> _Desk:
    configuration = read_configuration(visit).tree
    state = state_folder(visit.folder)
    return _Desk(configuration, visit.folder, state, Objects(state / "objects"))


def _each(desk: _Desk, name: str, work: Callable[[Prices], Mapping[str, Any]]) -> Facts:
    """Do the work for one set of prices or for all; one that fails does not stop the others."""
    names = [name] if name else list(desk.configuration.prices)
    if not names:
        raise UserError(
            "no-prices",
            "No prices are configured in this folder.",
            'Add to eraforge.toml: [prices.daily] with folder = "…" (see docs/prices.md).',
        )
    rows: list[Facts] = []
    errors: list[EraforgeError] = []
    for one in names:
        try:
            rows.append({"prices": one, **work(desk.prices(one))})
        except EraforgeError as error:
            errors.append(error)
            rows.append({"prices": one, "error": error.as_dict(), "exit_code": error.exit_code})
    if len(errors) == len(names):
        raise errors[0]
    return {"prices": rows, "exit_code": next((row["exit_code"] for row in rows if row.get("exit_code")), 0)}


@contextmanager
def _clock(configuration: Configuration, prices: Prices) -> Iterator[Clock]:
    """The server's clock for what the tournament's server feeds, this machine's for everything else."""
    from eraforge.arenas.clock import ServerClock

    url = prices.table.url
    if url.startswith("/") or (url and url.startswith(configuration.server.url)):
        with closing(ServerClock(configuration.server.url)) as clock:
            yield clock
    else:
        yield SystemClock()
