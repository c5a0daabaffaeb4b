"""The lake of one set of prices: append what is new, read any state it ever had."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.bars import FIELDS, Bars
from eraforge.core.digest import digest_value
from eraforge.core.errors import DataError
from eraforge.data.lake.catalogue import BesideTold, Catalogue, GroupsTold, locked, read_catalogue, write_catalogue
from eraforge.data.lake.segments import (
    KEY,
    LEARNED,
    merged,
    newest_versions,
    read_rows,
    read_segment,
    write_segment,
)
from eraforge.data.lake.wide import Grid, enum_names, rising_times, scatter
from eraforge.data.sources.columns import SYMBOL, TIME, TOLD, VALUES
from eraforge.store.objects import Objects

DAY = 86_400


@dataclass(frozen=True)
class Appended:
    """What an append changed: bars that were not there, and bars whose newest version is another now."""

    added: int = 0
    corrected: int = 0
    unchanged: int = 0


class Lake:
    """Every bar of one source that was ever told, keyed by (symbol, time), with the moment it was learned.

    Nothing is overwritten: a correction is a later version. Rows lie in immutable parquet segments among the
    workspace's objects; the catalogue, one small file, says which.

    Args:
        folder: where the catalogues lie.
        name: of the prices.
        objects: where segments go.
        seconds: length of a bar.

    Raises:
        DataError: `lake-damaged`, `lake-of-another-interval`.
    """

    def __init__(self, folder: Path, name: str, objects: Objects, seconds: int) -> None:
        self._path = folder / f"{name}.json"
        self._objects = objects
        self.name = name
        found = read_catalogue(self._path)
        if found is not None and found.seconds != seconds:
            raise DataError(
                "lake-of-another-interval",
                f"The stored prices {name!r} are bars of {found.seconds} s, not of {seconds} s.",
                "Give the other interval another name: one [prices.NAME] table each.",
            )
        self._catalogue = found or Catalogue(name, seconds)

    @property
    def catalogue(self) -> Catalogue:
        """What is there."""
        return self._catalogue

    @property
    def seconds(self) -> int:
        """Length of a bar."""
        return self._catalogue.seconds

    def append(
        self,
        rows: pl.DataFrame,
        learned: datetime,
        seen: Mapping[str, str] | None = None,
        groups: Mapping[str, Mapping[str, str]] | None = None,
        synthetic: str | None = None,
    ) -> Appended:
        """Take over what is new in canonical rows; what is known already costs no space.

        A bar is new when its (symbol, time) is; it is a correction when a value differs from the newest version.
        What a vendor does not tell any more stays.

        Args:
            rows: columns `symbol, time, told` and values, duplicates included.
            learned: the moment these rows became known.
            seen: marks of the files they come from, remembered with them in one step.
            groups: labels of symbols.
        """
        with locked(self._path, alone=True):
            before = self._read()
            moment = max(_milliseconds(learned), before.learned_last + 1)
            fresh, corrected, added = self._fresh(before, rows)
            segments = before.segments
            if fresh.height:
                packed = fresh.with_columns(pl.lit(moment, dtype=pl.Int64).alias(LEARNED))
                segments = (*segments, write_segment(self._objects, packed, corrected))
            after = before.grown(
                segments=merged(self._objects, segments),
                seen={**before.seen, **(seen or {})},
                groups=self._with_groups(before, groups or {}, moment),
                synthetic="; ".join(sorted({tag for tag in (before.synthetic, synthetic) if tag})) or None,
            )
            if after != before:
                write_catalogue(self._path, after)
            self._drop({one.digest for one in segments} - {one.digest for one in after.segments})
            self._catalogue = after
        return Appended(added, corrected, rows.select(KEY).n_unique() - added - corrected)

    def tell(self, learned: datetime, beside: Mapping[str, Any]) -> tuple[str, ...]:
        """Take over what stands beside the bars, where it is not what was told last: the names that changed.

        Args:
            learned: the moment it became known.
            beside: name -> what JSON can hold.
        """
        with locked(self._path, alone=True):
            before = self._read()
            moment = max(_milliseconds(learned), before.learned_last + 1)
            newest = {one.name: one.digest for one in before.beside}
            told = {
                name: self._objects.put(json.dumps(value, sort_keys=True).encode()) for name, value in beside.items()
            }
            changed = tuple(name for name, digest in told.items() if newest.get(name) != digest)
            if changed:
                fresh = tuple(BesideTold(name, moment, told[name]) for name in changed)
                after = before.grown(beside=(*before.beside, *fresh))
                write_catalogue(self._path, after)
                self._catalogue = after
        return changed

    def beside(self, as_known_at: datetime | None = None) -> dict[str, Any]:
        """What stood beside the bars at a moment (now, when left out), by name."""
        until = None if as_known_at is None else _milliseconds(as_known_at)
        with locked(self._path, alone=False):
            known = {one.name: one.digest for one in self._read().beside if until is None or one.learned <= until}
        return {name: json.loads(self._objects.get(digest)) for name, digest in known.items()}

    def _read(self) -> Catalogue:
        """The catalogue as another process may have left it; the lock is held."""
        self._catalogue = read_catalogue(self._path) or self._catalogue
        return self._catalogue

    def _fresh(self, before: Catalogue, rows: pl.DataFrame) -> tuple[pl.DataFrame, int, int]:
        """Rows to be written, how many bars of them are corrections, how many are new."""
        if not rows.height:
            return rows, 0, 0
        low, high = rows.get_column(TIME).min(), rows.get_column(TIME).max()
        touched = [one for one in before.segments if one.first <= high and one.last >= low]  # type: ignore[operator]
        values = [name for name in VALUES if name in rows.columns]
        if not touched:
            return rows, 0, rows.select(KEY).n_unique()
        names = rows.get_column(SYMBOL).unique()
        known = read_rows(self._objects, touched, (SYMBOL, TIME, LEARNED, *values))
        known = newest_versions(known.filter(pl.col(TIME).is_between(low, high), pl.col(SYMBOL).is_in(names.implode())))
        # Equal to the bit is unchanged: a vendor's rounding that moves is a correction and is kept as one.
        changed = rows.join(known, on=[*KEY, *values], how="anti", nulls_equal=True).select(KEY).unique()
        fresh = rows.join(changed, on=KEY, how="semi", maintain_order="left")
        corrected = changed.join(known.select(KEY).unique(), on=KEY, how="semi").height
        return fresh, corrected, changed.height - corrected

    def _with_groups(
        self, before: Catalogue, told: Mapping[str, Mapping[str, str]], moment: int
    ) -> tuple[GroupsTold, ...]:
        if not told:
            return before.groups
        current = self._groups(before, None)
        together = {name: {**current.get(name, {}), **told.get(name, {})} for name in sorted({*current, *told})}
        if together == current:
            return before.groups
        digest = self._objects.put(json.dumps(together, sort_keys=True).encode())
        return (*before.groups, GroupsTold(moment, digest))

    def _groups(self, catalogue: Catalogue, until: int | None) -> dict[str, dict[str, str]]:
        known = [one for one in catalogue.groups if until is None or one.learned <= until]
        return json.loads(self._objects.get(known[-1].digest)) if known else {}

    def _drop(self, digests: set[str]) -> None:
        for digest in sorted(digests):
            self._objects.delete(digest)

    def rows(self, as_known_at: datetime | None = None, columns: Sequence[str] = VALUES) -> pl.DataFrame:
        """The newest versions known at a moment, as rows `symbol, time, told, learned` and values.

        A bar that a vendor told twice at once stands there twice: the checks want to see it.
        """
        until = None if as_known_at is None else _milliseconds(as_known_at)
        with locked(self._path, alone=False):
            segments = self._read().segments
            return newest_versions(read_rows(self._objects, segments, (SYMBOL, TIME, TOLD, LEARNED, *columns), until))

    def newest(self) -> dict[str, int]:
        """Symbol -> start of its newest bar, in seconds since 1970."""
        found: dict[str, int] = {}
        with locked(self._path, alone=False):
            for segment in self._read().segments:
                part = read_segment(self._objects, segment, (SYMBOL, TIME))
                tops = part.group_by(SYMBOL).agg(pl.col(TIME).max())
                for symbol, top in zip(tops.get_column(SYMBOL).to_list(), tops.get_column(TIME).to_list(), strict=True):
                    found[symbol] = max(found.get(symbol, top), top)
        return found

    def bars(
        self,
        as_known_at: datetime | None = None,
        fields: Sequence[str] = FIELDS,
        symbols: Sequence[str] | None = None,
    ) -> Bars:
        """Wide bars as they were known at a moment (now, when left out), unrepaired: last told wins.

        Args:
            fields: values wanted; `open, high, low, close, volume` are always there.
            symbols: only these, where they are there.

        Raises:
            DataError: `no-prices-stored`.
        """
        until = None if as_known_at is None else _milliseconds(as_known_at)
        wanted = tuple(dict.fromkeys((*FIELDS, *fields)))
        with locked(self._path, alone=False):
            catalogue = self._read()
            segments = [one for one in catalogue.segments if until is None or one.learned_first <= until]
            parts = [read_segment(self._objects, one, (SYMBOL, TIME, *wanted), until) for one in segments]
            groups = self._groups(catalogue, until)
        names = _names(parts, symbols)
        if not names:
            raise DataError(
                "no-prices-stored",
                f"No prices of {self.name!r} are stored" + (" as of that moment." if until else "."),
                f"Run: eraforge prices pull --name {self.name}",
            )
        if symbols is not None:
            parts = [part.filter(pl.col(SYMBOL).cast(pl.String).is_in(list(names))) for part in parts]
        grid = Grid(names, rising_times([part.get_column(TIME).to_numpy() for part in parts], self.seconds))
        out = np.full((len(wanted), len(names), grid.times.size), np.nan)
        for part in parts:
            scatter(out, part, grid, wanted, None)
        labels = {name: tuple(by.get(symbol, "") for symbol in names) for name, by in groups.items()}
        return Bars(
            symbols=names,
            times=_closing(grid.times, self.seconds),
            columns={name: out[place] for place, name in enumerate(wanted)},
            groups=labels,
            synthetic=catalogue.synthetic,
            digest=digest_value([one.digest for one in segments], until, list(wanted), list(names), labels),
        )


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _names(parts: Sequence[pl.DataFrame], symbols: Sequence[str] | None) -> tuple[str, ...]:
    """Symbols that have a row in one of the parts, ascending."""
    there: set[str] = set()
    for part in parts:
        names = enum_names(part)
        used = np.zeros(len(names), bool)
        used[part.get_column(SYMBOL).to_physical().to_numpy()] = True
        there |= {names[place] for place in np.flatnonzero(used)}
    return tuple(sorted(there if symbols is None else there & set(symbols)))


def _closing(starts: np.ndarray, seconds: int) -> np.ndarray:
    """The last second of each bar: by then it is complete, and its date is still the day it belongs to."""
    return (starts + seconds - 1).astype("datetime64[s]")
