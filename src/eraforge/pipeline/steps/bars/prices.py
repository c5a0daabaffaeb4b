"""Configured prices: their source, their lake, and the checked bars that features and targets are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from eraforge.core import plugins
from eraforge.core.bars import FIELDS, Bars
from eraforge.core.configuration import Configuration, PricesTable
from eraforge.core.errors import UserError
from eraforge.data.lake.lake import Lake
from eraforge.data.quality.check import PriceReport, check_prices
from eraforge.data.quality.fault import View
from eraforge.data.quality.presence import usual_calendar
from eraforge.data.reference.universe import read_universe
from eraforge.data.sources.columns import VALUES
from eraforge.data.sources.moments import interval_seconds, require_zone
from eraforge.data.sources.source import PriceSource, Wanted
from eraforge.store.objects import Objects


@dataclass(frozen=True)
class Prices:
    """One `[prices.NAME]` table, opened.

    Args:
        workspace: the folder that its paths are seen from.
        table: what the configuration says.
        lake: what is stored.
    """

    name: str
    workspace: Path
    table: PricesTable
    lake: Lake

    def source(self, server: str) -> PriceSource:
        """The source its table names.

        Args:
            server: address of the tournament, for a feed that stands there.

        Raises:
            UserError: `unknown-plugin`, `unknown-time-zone`, and what the source asks for.
        """
        made: PriceSource = plugins.find("source", self.table.source)(self._wanted(server))
        return made

    def _wanted(self, server: str) -> Wanted:
        table = self.table
        url = server + table.url if table.url.startswith("/") else table.url
        return Wanted(
            name=self.name,
            folder=self.workspace / table.folder if table.folder else None,
            files=table.files,
            url=url,
            exchange=table.exchange,
            symbols=table.symbols,
            seconds=self.lake.seconds,
            interval=table.interval,
            zone=require_zone(table.zone),
            start=table.start.isoformat() if table.start else "",
        )

    def view(self, as_of: datetime | None = None, fields: tuple[str, ...] = VALUES) -> View:
        """What the gates look at.

        Raises:
            DataError: `no-prices-stored`; what is wrong with the universe's file.
        """
        bars = self.lake.bars(as_of, fields)
        bars = _without_empty(bars)
        return View(
            bars=bars,
            rows=self.lake.rows(as_of),
            seconds=self.lake.seconds,
            zone=self.table.zone,
            calendar=self.table.calendar or usual_calendar(bars),
            universe=self._universe(bars),
            cents=self.table.cents,
        )

    def _universe(self, bars: Bars) -> tuple[str, ...]:
        if not self.table.universe:
            return ()
        newest = bars.times[-1].astype("datetime64[D]").item()
        return read_universe(self.workspace / self.table.universe).at(newest)

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the configured repairs, in order."""
        return (("cents-to-units",) if self.table.cents else ()) + self.table.repairs


def open_prices(configuration: Configuration, name: str, workspace: Path, state: Path, objects: Objects) -> Prices:
    """Open a configured set of prices.

    Args:
        state: where the workspace keeps its stores.

    Raises:
        UserError: `unknown-prices`, `unknown-interval`; DataError: `lake-damaged`, `lake-of-another-interval`.
    """
    if name not in configuration.prices:
        known = ", ".join(configuration.prices) or "none yet: add a [prices.NAME] table to eraforge.toml"
        raise UserError("unknown-prices", f"There are no prices {name!r}.", f"Configured prices: {known}.")
    table = configuration.prices[name]
    lake = Lake(state / "prices", name, objects, interval_seconds(table.interval))
    return Prices(name, workspace, table, lake)


def judged(
    prices: Prices, others: Mapping[str, Prices], as_of: datetime | None = None, raw: bool = False
) -> tuple[Bars, PriceReport]:
    """Repaired bars and the report on them.

    Args:
        others: prices to compare with, by name.
        raw: apply no repair.
    """
    against = {name: other.lake.bars(as_of) for name, other in others.items()}
    return check_prices(prices.name, prices.view(as_of), () if raw else prices.rules, against=against)


def checked_bars(
    configuration: Configuration,
    name: str,
    workspace: Path,
    state: Path,
    objects: Objects,
    as_of: datetime | None = None,
) -> Bars:
    """The bars of `[prices.NAME]` after its repairs, ready for features and targets.

    Args:
        as_of: as they were known at that moment; now when left out.

    Raises:
        DataError: the first fault that forbids using them; `no-prices-stored`.
    """
    prices = open_prices(configuration, name, workspace, state, objects)
    others = {other: open_prices(configuration, other, workspace, state, objects) for other in prices.table.against}
    bars, report = judged(prices, others, as_of)
    report.refuse()
    return bars


def moment_of(text: str) -> datetime | None:
    """A moment as a person writes it, in UTC; a day means its end. None for "".

    Raises:
        UserError: `not-a-moment`.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError("not-a-moment", f"{text!r} is no moment.", "Write 2024-01-31 or 2024-01-31T14:30.") from None
    if len(text) <= 10:
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_000)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _without_empty(bars: Bars) -> Bars:
    """Without fields that no symbol has."""
    kept = {name: values for name, values in bars.columns.items() if name in FIELDS or not np.isnan(values).all()}
    return Bars(bars.symbols, bars.times, kept, bars.groups, bars.synthetic, bars.digest)
