"""What stands beside configured prices: series, groups of symbols, and who a symbol was.

Each is kept in the lake with the moment it was learned, so that a turn that is played again reads what it read before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from eraforge.core.bars import Bars
from eraforge.core.configuration import PricesTable
from eraforge.core.errors import EraforgeError, UserError
from eraforge.data.finding import Severity
from eraforge.data.lake.lake import Lake
from eraforge.data.quality.fault import Fault, fault
from eraforge.data.reference.groups import SymbolMap, read_groups, with_groups
from eraforge.data.reference.identity import Identity, Unnamed, identity_of, read_identity
from eraforge.data.reference.macro import Series, read_series, series_of, with_series
from eraforge.data.sources.moments import interval_seconds, require_zone

GROUPS, IDENTITY, SERIES_OF = "groups", "identity", "series "


@dataclass(frozen=True)
class Told:
    """What a pull took over: names that changed, and name -> why it brought nothing."""

    changed: tuple[str, ...]
    errors: tuple[tuple[str, EraforgeError], ...]


def pull_beside(table: PricesTable, workspace: Path, lake: Lake, now: datetime) -> Told:
    """Read the configured files and keep what is new in them; one that cannot be read leaves its last version."""
    found: dict[str, Any] = {}
    errors = []
    for name, read in _readers(table, workspace):
        try:
            found[name] = read()
        except EraforgeError as error:
            errors.append((name, error))
    return Told(lake.tell(now, found), tuple(errors))


def _readers(table: PricesTable, workspace: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    if table.groups:
        yield GROUPS, lambda: read_groups(workspace / table.groups)
    if table.identity.file:
        one = table.identity
        yield IDENTITY, lambda: read_identity(workspace / one.file, one.vendor, one.id).facts()
    for name in table.series:
        yield _series(name), lambda name=name: _read_series(table, workspace, name).facts()  # type: ignore[misc]


def _read_series(table: PricesTable, workspace: Path, name: str) -> Series:
    one = table.series[name]
    lag = interval_seconds(one.lag) if one.lag else None
    return read_series(workspace / one.file, one.column, lag, require_zone(one.zone), one.symbol, one.published)


def _series(name: str) -> str:
    return SERIES_OF + name


@dataclass(frozen=True)
class Beside:
    """What stands beside the prices as it was known at a moment.

    Args:
        identity: who each symbol was; None where the symbols are the ids.
        groups: kind of group -> id -> label.
        series: in the order of the configuration.
        oldest: name of a series -> seconds after which a value is not used any more.
    """

    identity: Identity | None
    groups: Mapping[str, Mapping[str, str]]
    series: tuple[Series, ...]
    oldest: Mapping[str, int]

    def joined(self, bars: Bars) -> Bars:
        """The bars with the groups of their symbols and a column for each series."""
        kinds = {name: {**_labels(bars, name), **labels} for name, labels in self.groups.items()}
        grouped = with_groups(bars, SymbolMap(kinds, {}), list(kinds)) if kinds else bars
        return with_series(grouped, self.series, self.oldest)

    def faults(self, bars: Bars, unnamed: Unnamed | None) -> Iterator[Fault]:
        """What a person should know of the bars without an id, symbols without a group, and series that ended."""
        if unnamed is not None and unnamed.bars:
            yield fault(
                Severity.WARN,
                "bars-without-id",
                "{bars} bars of {symbols} symbols stand for no id on their day, and are not used.",
                "Add their stays to the identity file, if the tournament knows them.",
                unnamed.bars,
                len(unnamed.symbols),
                [f"{symbol} {day}" for symbol, day in list(unnamed.symbols.items())],
            )
        for name, labels in self.groups.items():
            missing = [symbol for symbol in bars.symbols if not labels.get(symbol)]
            if missing:
                sentence = f"{{symbols}} symbols have no {name} in the file of groups."
                step = "They take no part in what is computed within groups; add them to the file."
                yield fault(Severity.WARN, "group-unknown", sentence, step, 0, len(missing), missing)
        for one in self.series:
            if np.isnan(one.at(bars.times[-1:], self._age(one.name))[0]):
                sentence = f"series {one.name!r} has no value that may be used at the last bar; its newest was "
                sentence += f"published on {one.times[-1].astype('datetime64[D]')}."
                step = "Bring its file up to date, or let its values live longer by oldest."
                yield fault(Severity.WARN, "series-ends-early", sentence, step, 0, len(bars.symbols))

    def _age(self, name: str) -> np.timedelta64 | None:
        return np.timedelta64(self.oldest[name], "s") if name in self.oldest else None


def beside_of(name: str, table: PricesTable, lake: Lake, as_of: datetime | None) -> Beside:
    """What the configuration names, from the lake.

    Raises:
        UserError: `beside-not-pulled` where something is configured that was not known then.
    """
    wanted = (
        [GROUPS] * bool(table.groups) + [IDENTITY] * bool(table.identity.file) + [_series(one) for one in table.series]
    )
    known = lake.beside(as_of) if wanted else {}
    for one in wanted:
        if one not in known:
            raise UserError(
                "beside-not-pulled",
                f"The {one} of the prices {name!r} {'were' if one == GROUPS else 'was'} not taken over"
                + ("." if as_of is None else " by that moment."),
                f"Run: eraforge prices pull --name {name}",
            )
    return Beside(
        identity_of(known[IDENTITY]) if table.identity.file else None,
        known[GROUPS] if table.groups else {},
        tuple(series_of(one, known[_series(one)]) for one in table.series),
        {one: interval_seconds(told.oldest) for one, told in table.series.items() if told.oldest},
    )


def stored_series(lake: Lake, as_of: datetime | None) -> list[Series]:
    """Every series that the lake knew at a moment, configured or not any more."""
    return [
        series_of(name.removeprefix(SERIES_OF), facts)
        for name, facts in lake.beside(as_of).items()
        if name.startswith(SERIES_OF)
    ]


def _labels(bars: Bars, name: str) -> dict[str, str]:
    return dict(zip(bars.symbols, bars.groups.get(name, ()), strict=False))
