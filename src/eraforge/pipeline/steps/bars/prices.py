"""Configured prices: their source, their lake, and the checked bars that features and targets are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from eraforge.data.reference.identity import Identity, Unnamed, named_bars, named_rows
from eraforge.data.reference.universe import read_universe
from eraforge.data.sources.columns import VALUES
from eraforge.data.sources.moments import interval_seconds, require_zone
from eraforge.data.sources.source import PriceSource, Wanted
from eraforge.pipeline.steps.bars.beside import Beside, beside_of
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

    def beside(self, as_of: datetime | None = None) -> Beside:
        """What stands beside the bars.

        Raises:
            UserError: `beside-not-pulled`.
        """
        return beside_of(self.name, self.table, self.lake, as_of)

    def bars(
        self, identity: Identity | None, as_of: datetime | None = None, fields: tuple[str, ...] = FIELDS
    ) -> tuple[Bars, Unnamed | None]:
        """Unrepaired bars under the tournament's ids, where an identity tells them, and the bars that stand for none.

        Raises:
            DataError: `no-prices-stored`, `identity-names-nobody`.
        """
        bars = _without_empty(self.lake.bars(as_of, fields))
        return (bars, None) if identity is None else named_bars(bars, identity)

    def view(self, bars: Bars, identity: Identity | None, as_of: datetime | None = None) -> View:
        """What the gates look at.

        Args:
            bars: as `bars` gives them, with all fields.

        Raises:
            DataError: what is wrong with the universe's file.
        """
        rows, cents = self.lake.rows(as_of), self.table.cents
        return View(
            bars=bars,
            rows=rows if identity is None else named_rows(rows, identity, self.lake.seconds),
            seconds=self.lake.seconds,
            zone=self.table.zone,
            calendar=self.table.calendar or usual_calendar(bars),
            universe=self._universe(bars),
            cents=cents if identity is None else (*cents, *identity.ids_of(cents)),
        )

    def _universe(self, bars: Bars) -> tuple[str, ...]:
        if not self.table.universe:
            return ()
        newest = bars.times[-1].astype("datetime64[D]").item()
        return read_universe(self.workspace / self.table.universe).at(newest)

    def reading(self) -> dict[str, object]:
        """What of the table decides how stored bars are read: with other settings they are other bars."""
        deciding = {"repairs", "cents", "groups", "identity", "series", "against", "universe", "calendar", "zone"}
        return self.table.model_dump(include=deciding)

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
    """Repaired bars with what stands beside them, and the report on both.

    Args:
        others: prices to compare with, by name.
        raw: apply no repair.
    """
    against = {name: other.bars(other.beside(as_of).identity, as_of)[0] for name, other in others.items()}
    beside = prices.beside(as_of)
    told, unnamed = prices.bars(beside.identity, as_of, VALUES)
    view = prices.view(told, beside.identity, as_of)
    bars, report = check_prices(prices.name, view, () if raw else prices.rules, against=against)
    return beside.joined(bars), replace(report, faults=(*report.faults, *beside.faults(bars, unnamed)))


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
