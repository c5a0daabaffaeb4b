"""Maps of symbols to sectors, countries and other vendors' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from eraforge.core.bars import Bars
from eraforge.core.errors import DataError, UserError
from eraforge.data.sources.columns import GROUPS, SYMBOL, plain, recognise
from eraforge.data.sources.reading import read_table


@dataclass(frozen=True)
class SymbolMap:
    """Columns of text by symbol. `missing` counts the symbols without a label, per column."""

    labels: Mapping[str, Mapping[str, str]]
    missing: Mapping[str, int]

    def column(self, name: str) -> Mapping[str, str]:
        """Symbol -> label.

        Raises:
            UserError: `unknown-map-column`.
        """
        if name not in self.labels:
            known = ", ".join(self.labels)
            raise UserError("unknown-map-column", f"The map has no column {name!r}.", f"It has {known}.")
        return self.labels[name]


def read_map(path: Path, key: str) -> SymbolMap:
    """Read a table whose column `key` names the symbols as the prices do.

    Raises:
        DataError: `map-without-key`, and as `read_table`.
    """
    frame = read_table(path, path.name)
    named = {plain(column): column for column in frame.columns}
    if plain(key) not in named:
        raise DataError(
            "map-without-key", f"{path.name} has no column {key!r}.", f"It has {', '.join(frame.columns[:12])}."
        )
    known = frame.filter(pl.col(named[plain(key)]).is_not_null()).unique(
        named[plain(key)], keep="last", maintain_order=True
    )
    symbols = known.get_column(named[plain(key)]).cast(pl.String).to_list()
    labels, missing = {}, {}
    for name, column in named.items():
        if column == named[plain(key)]:
            continue
        texts = known.get_column(column).cast(pl.String).fill_null("").to_list()
        labels[name] = {symbol: text for symbol, text in zip(symbols, texts, strict=True) if text}
        missing[name] = len(symbols) - len(labels[name])
    return SymbolMap(labels, missing)


def read_groups(path: Path) -> dict[str, dict[str, str]]:
    """Country, sector and industry -> symbol -> label, for those of the three that a table of symbols tells.

    Raises:
        DataError: `map-without-key`, `map-without-groups`, and as `read_table`.
    """
    frame = read_table(path, path.name)
    found = recognise(frame.columns)
    there = f"It has {', '.join(frame.columns[:12])}."
    if SYMBOL not in found:
        raise DataError("map-without-key", f"{path.name} has no column of symbols.", f"Name it symbol. {there}")
    told = read_map(path, found[SYMBOL])
    labels = {name: dict(sorted(told.column(plain(found[name])).items())) for name in GROUPS if name in found}
    if not labels:
        raise DataError(
            "map-without-groups", f"{path.name} tells no country, sector or industry.", f"Name its columns so. {there}"
        )
    return labels


def with_groups(bars: Bars, found: SymbolMap, names: Sequence[str]) -> Bars:
    """The bars with labels of the map beside those they have; "" where the map does not know a symbol.

    Raises:
        UserError: `unknown-map-column`.
    """
    added = {name: tuple(found.column(name).get(symbol, "") for symbol in bars.symbols) for name in names}
    return replace(bars, groups={**bars.groups, **added}, digest=None)
