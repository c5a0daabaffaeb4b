"""Who a symbol was: a vendor's symbols and the tournament's ids, each pair with the days on which it held.

Symbols are used again: what one company was called may later be another's name. A bar belongs to the id its symbol
stood for on its own day, and to none where the map says nothing about that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.core.bars import Bars
from eraforge.core.digest import digest_value
from eraforge.core.errors import DataError
from eraforge.data.reference.universe import ENTRY, EXIT, as_day, first_of
from eraforge.data.sources.columns import SYMBOL, TIME, plain
from eraforge.data.sources.reading import read_table

ALWAYS, EVER = date(1, 1, 1), date(9999, 12, 31)
Stay = tuple[str, str, date, date]


@dataclass(frozen=True)
class Identity:
    """Stays: (the vendor's symbol, the id it stood for, first day, last day), ascending, none contradicting another."""

    stays: tuple[Stay, ...]

    def facts(self) -> list[list[str]]:
        """The stays as JSON holds them."""
        return [[symbol, name, entry.isoformat(), leave.isoformat()] for symbol, name, entry, leave in self.stays]

    def ids_of(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Every id that one of the symbols ever stood for."""
        return tuple(sorted({name for symbol, name, _, _ in self.stays if symbol in set(symbols)}))


@dataclass(frozen=True)
class Unnamed:
    """Bars that stand for no id on their day: how many, and of each symbol the first day."""

    bars: int
    symbols: Mapping[str, date]


def identity_of(facts: Sequence[Sequence[str]]) -> Identity:
    """The identity whose `facts` these are."""
    return Identity(tuple((symbol, name, date.fromisoformat(a), date.fromisoformat(b)) for symbol, name, a, b in facts))


def read_identity(path: Path, vendor: str, id_column: str) -> Identity:
    """Read a table of symbols, ids and perhaps entry and exit dates, both days included; no date means for ever.

    Args:
        vendor: column with the symbols as the prices tell them.
        id_column: column with the tournament's ids. Rows without one of the two are passed over.

    Raises:
        DataError: `identity-without-column`, `identity-date-not-understood`, `identity-contradicts`, and as
            `read_table`.
    """
    frame = read_table(path, path.name)
    named = {plain(column): column for column in frame.columns}
    for wanted in (vendor, id_column):
        if plain(wanted) not in named:
            raise DataError(
                "identity-without-column",
                f"{path.name} has no column {wanted!r}; it has {', '.join(frame.columns[:12])}.",
                "Name its columns by vendor and id under identity in the prices table.",
            )
    entry, leave = first_of(named, ENTRY), first_of(named, EXIT)
    texts = [
        pl.col(named[plain(name)]).cast(pl.String).str.strip_chars().replace("", None).alias(ours)
        for name, ours in ((vendor, "symbol"), (id_column, "id"))
    ]
    days = [
        (as_day(column) if column else pl.lit(None, dtype=pl.Date)).fill_null(otherwise).alias(ours)
        for column, otherwise, ours in ((entry, ALWAYS, "entry"), (leave, EVER, "exit"))
    ]
    for column in (column for column in (entry, leave) if column):
        _require_days(frame, column, path.name)
    stays = frame.select(*texts, *days).drop_nulls().unique().sort("symbol", "entry", "id")
    made = Identity(tuple(stays.rows()))
    found = list(_contradictions(made.stays))
    if found:
        more = f" ({len(found)} contradictions in all)" if len(found) > 1 else ""
        raise DataError(
            "identity-contradicts",
            f"{path.name}: {found[0]}{more}.",
            "Let each stay end, in its exit date, the day before the next one begins.",
        )
    return made


def _require_days(frame: pl.DataFrame, column: str, name: str) -> None:
    text = frame.get_column(column).cast(pl.String).str.strip_chars()
    strange = text.filter(frame.select(as_day(column)).to_series().is_null() & (text.fill_null("") != ""))
    if strange.len():
        raise DataError(
            "identity-date-not-understood",
            f"{name}: {strange[0]!r} in column {column!r} is no date.",
            "Write days as 2024-01-31, and leave open ends empty.",
        )


def _contradictions(stays: Sequence[Stay]) -> Iterator[str]:
    """Stays that end before they begin, symbols that stand for two ids at once, ids that bear two symbols at once."""
    for symbol, name, entry, leave in stays:
        if leave < entry:
            yield f"{symbol} stands for {name} from {entry} to {leave}, which is before it began"
    for mine, other, words in ((0, 1, "{} stands for both {} and {}"), (1, 0, "{} is called both {} and {}")):
        ordered = sorted(stays, key=lambda stay: (stay[mine], stay[2]))
        last: Stay | None = None
        for stay in ordered:
            same = last is not None and last[mine] == stay[mine]
            if same and last is not None and last[3] >= stay[2] and last[other] != stay[other]:
                yield f"{words.format(stay[mine], last[other], stay[other])} on {_day(stay[2])}"
            last = stay if not same or last is None or stay[3] > last[3] else last


def _day(day: date) -> str:
    return "every day" if day == ALWAYS else day.isoformat()


def named_bars(bars: Bars, identity: Identity) -> tuple[Bars, Unnamed]:
    """The bars under the ids that their symbols stood for on each day; the others are left out, and counted.

    Raises:
        DataError: `identity-names-nobody` when not one bar is left.
    """
    row = {symbol: place for place, symbol in enumerate(bars.symbols)}
    days = bars.times.astype("datetime64[D]")
    known = np.isfinite(bars["close"])
    taken = np.zeros(known.shape, bool)
    pieces: dict[str, list[tuple[int, slice]]] = {}
    for symbol, name, entry, leave in sorted(identity.stays, key=lambda stay: stay[2]):
        if symbol in row:
            ends = np.datetime64(leave, "D")
            part = slice(
                int(np.searchsorted(days, np.datetime64(entry, "D"))), int(np.searchsorted(days, ends, side="right"))
            )
            taken[row[symbol], part] = True
            if known[row[symbol], part].any():
                pieces.setdefault(name, []).append((row[symbol], part))
    if not pieces:
        raise DataError(
            "identity-names-nobody",
            f"None of the {len(bars.symbols)} symbols, {bars.symbols[0]!r} among them, stands for an id.",
            "Check the column that vendor names under identity in the prices table.",
        )
    names = tuple(sorted(pieces))
    columns = {field: np.full((len(names), len(days)), np.nan) for field in bars.columns}
    for place, name in enumerate(names):
        for at, part in pieces[name]:
            for field, values in bars.columns.items():
                columns[field][place, part] = values[at, part]
    newest = [pieces[name][-1][0] for name in names]
    groups = {group: tuple(labels[at] for at in newest) for group, labels in bars.groups.items()}
    digest = digest_value("identity", bars.digest, identity.facts()) if bars.digest else None
    left = known & ~taken
    first = {bars.symbols[at]: days[left[at].argmax()].item() for at in np.flatnonzero(left.any(axis=1))}
    return Bars(names, bars.times, columns, groups, bars.synthetic, digest), Unnamed(int(left.sum()), first)


def named_rows(rows: pl.DataFrame, identity: Identity, seconds: int) -> pl.DataFrame:
    """Rows of the lake under the same ids, in their order; what stands for none is left out.

    Args:
        seconds: length of a bar.
    """
    schema = {SYMBOL: pl.String, "named": pl.String, "entry": pl.Date, "exit": pl.Date}
    stays = pl.DataFrame(list(identity.stays), schema=schema, orient="row")
    day = pl.from_epoch(pl.col(TIME) + seconds - 1).dt.date()
    found = rows.with_columns(pl.col(SYMBOL).cast(pl.String)).join(stays, on=SYMBOL, maintain_order="left")
    found = found.filter(day >= pl.col("entry"), day <= pl.col("exit"))
    return found.with_columns(pl.col("named").alias(SYMBOL)).select(rows.columns)
