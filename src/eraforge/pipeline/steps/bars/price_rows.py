"""What an entry computes from prices: the bars it may know, their features, and one row per era and id.

A row of an era holds what had closed by the end of the era's date, told as ranks within the era; what is the same for
all symbols is told as it is. Prices are named by the moment they were learned, so a turn that is played again reads the
very bars it read before, corrected or not.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.bars import Bars
from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import ERA, ID
from eraforge.core.words import Entry
from eraforge.pipeline.stage_cache import as_json, code_digest
from eraforge.pipeline.steps.bars.bar_marks import bar_marks
from eraforge.pipeline.steps.bars.feature_store import FeatureStore, declaration
from eraforge.pipeline.steps.bars.prices import Prices, checked_bars, open_prices
from eraforge.pipeline.tools import REMEMBERED_PRICES, Tools, keep_newest

ROLE = "prices"
END_OF_DAY = np.timedelta64(86_399, "s")
ERAS_AT_ONCE = 32  # rows of so many eras are one object
STALE_BARS = 3  # a market's holidays: a symbol whose last bar is older has no price row


def fetch_prices(tools: Tools, entry: Entry) -> str:
    """Bring what is new into the entry's lake; digest of the object that names the bars as they are known now.

    Raises:
        UserError: `unknown-prices`; what the source raises when nothing at all is stored, what is wrong with a file
            beside the prices of which no version is stored.
    """
    from eraforge.data.lake.update import pull
    from eraforge.pipeline.steps.bars.beside import pull_beside

    prices = _prices(tools, entry)
    source = prices.source(tools.configuration.server.url)
    told = pull(source, prices.lake, tools.clock, tools.folder / "downloads", tools.progress)
    if not prices.lake.catalogue.segments:
        raise (
            told.errors[0][1]
            if told.errors
            else DataError(
                "no-prices-stored", f"The source of {entry.prices!r} gave no bar.", "Check its table in eraforge.toml."
            )
        )
    beside = pull_beside(prices.table, prices.workspace, prices.lake, tools.clock.now())
    stored = prices.lake.beside()
    for name, error in beside.errors:
        if name not in stored:
            raise error
    learned = prices.lake.catalogue.learned_last
    return tools.objects.put(as_json({"prices": entry.prices, "learned_ms": learned, "reading": prices.reading()}))


def price_columns(tools: Tools, entry: Entry, reference: str) -> list[str]:
    """Names of the features the entry computes from its prices, in order."""
    return [feature.name for feature in _features(entry, _bars(tools, reference))]


def state_columns(tools: Tools, entry: Entry, reference: str) -> list[str]:
    """Names of those among them that are the same for all symbols of an era."""
    return [feature.name for feature in _features(entry, _bars(tools, reference)) if feature.of_series]


def computed_from(tools: Tools, entry: Entry, reference: str) -> tuple[list[Any], Bars]:
    """The entry's price features and the bars they are computed from."""
    bars = _bars(tools, reference)
    return _features(entry, bars), bars


def synthetic(tools: Tools, reference: str) -> str | None:
    """The tag of made-up prices, or None for real ones."""
    return _bars(tools, reference).synthetic


def price_rows(tools: Tools, entry: Entry, reference: str, eras: Mapping[str, date]) -> pl.LazyFrame:
    """Rows `era`, `id` and the price features of these eras, from the store where they were computed before.

    Rows are named by the bars that their eras may see: new bars, and corrections of what came later, compute no era
    again.

    Args:
        reference: the object that `fetch_prices` left.
        eras: era label to its date.

    Raises:
        DataError: `prices-end-early` when no bar has closed by the last era's date; what the checks refuse.
        UserError: `unknown-feature`, `moment-before-table`.
    """
    from eraforge.features import panel_rows

    bars = _bars(tools, reference)
    features = _features(entry, bars)
    moments = {era: np.datetime64(day, "s") + END_OF_DAY for era, day in eras.items()}
    ordered = sorted((era for era in eras if moments[era] >= bars.times[0]), key=moments.__getitem__)
    seen = _marks(tools, reference)
    ends = np.array([moments[era] for era in ordered], "datetime64[s]")
    places = np.searchsorted(bars.times, ends, side="right") - 1
    code, declared = code_digest(panel_rows, price_rows), declaration(features)
    pieces = []
    for begin in range(0, len(ordered), ERAS_AT_ONCE):
        chosen, within = ordered[begin : begin + ERAS_AT_ONCE], places[begin : begin + ERAS_AT_ONCE]
        asked = [declared, {era: eras[era].isoformat() for era in chosen}, seen[within[-1]]]
        span = int(within[0]), int(within[-1])
        compute = partial(_rows, tools, entry, bars, features, {era: moments[era] for era in chosen}, span)
        pieces.append(tools.objects.path(tools.cache.output("price rows", code, asked, compute)))
    if pieces:
        return pl.scan_parquet(pieces)
    kinds = {ERA: pl.String, ID: pl.String, **{feature.name: pl.Float32 for feature in features}}
    return pl.LazyFrame(schema=kinds)


def _rows(
    tools: Tools,
    entry: Entry,
    bars: Bars,
    features: list[Any],
    moments: Mapping[str, np.datetime64],
    span: tuple[int, int],
) -> bytes:
    """Rows of some eras as parquet, from the features of the moments in `span` and the few before that still count."""
    from eraforge.features import panel_rows

    tools.progress(f"{entry.name}: price features", 0, len(features))
    stored = FeatureStore(tools.objects, tools.cache).table(features, bars)
    table = stored.read(since=bars.times[max(0, span[0] - STALE_BARS)], until=bars.times[span[1]])
    tools.progress(f"{entry.name}: price features", len(features), len(features))
    states = {feature.name for feature in features if feature.of_series}
    frame = panel_rows.to_panel(table, moments, shape=panel_rows.Shape.RANKS, oldest=STALE_BARS, states=states)
    target = io.BytesIO()
    frame.write_parquet(target, compression="zstd", statistics=False)
    return target.getvalue()


def _marks(tools: Tools, reference: str) -> tuple[str, ...]:
    if reference not in tools.marks:
        keep_newest(tools.marks, reference, bar_marks(_bars(tools, reference)), REMEMBERED_PRICES)
    return tools.marks[reference]


def _features(entry: Entry, bars: Bars) -> list[Any]:
    from eraforge.features import catalogue

    if not entry.price_features:
        return list(catalogue.default(bars))
    found = catalogue.named(entry.price_features, bars)
    missing = [feature.name for feature in found if not catalogue.fed(feature, bars)]
    if missing:
        raise UserError(
            "feature-not-fed",
            f"The prices {entry.prices!r} have no column or group that {missing[0]!r} reads.",
            "Choose other price features, or prices that hold more.",
        )
    return list(found)


@dataclass(frozen=True)
class _Reference:
    name: str
    as_of: datetime


def _reference(tools: Tools, digest: str) -> _Reference:
    told = json.loads(tools.objects.get(digest))
    return _Reference(told["prices"], datetime.fromtimestamp(told["learned_ms"] / 1000, UTC))


def _bars(tools: Tools, reference: str) -> Bars:
    """The checked bars, kept for the visit: several stages ask for them."""
    if reference not in tools.bars:
        told = _reference(tools, reference)
        workspace = tools.folder.parent
        bars = checked_bars(tools.configuration, told.name, workspace, tools.folder, tools.objects, told.as_of)
        keep_newest(tools.bars, reference, bars, REMEMBERED_PRICES)
    return tools.bars[reference]


def _prices(tools: Tools, entry: Entry) -> Prices:
    return open_prices(tools.configuration, entry.prices, tools.folder.parent, tools.folder, tools.objects)
