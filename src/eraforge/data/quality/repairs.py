"""Repairs: rules a person names in the configuration, applied in that order, each counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from eraforge.core.bars import Bars
from eraforge.core.digest import digest_value
from eraforge.core.errors import UserError
from eraforge.data.quality.fault import PriceLimits, View
from eraforge.data.quality.keys import KEY, contradicting_keys, doubled_rows
from eraforge.data.quality.levels import contradicting_range, find_jumps, not_positive
from eraforge.data.quality.stillness import flat_bars, no_volume, stale_bars
from eraforge.data.sources.columns import SYMBOL, TIME

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Repair:
    """What one rule did: bars and symbols that it changed."""

    rule: str
    bars: int
    symbols: int


Rule = Callable[[View, PriceLimits], tuple[Bars, np.ndarray]]


def repaired(view: View, rules: Sequence[str], limits: PriceLimits) -> tuple[View, tuple[Repair, ...]]:
    """The view after the rules, and what each did. The input is not changed.

    Raises:
        UserError: `unknown-repair`.
    """
    done = []
    for name in rules:
        if name not in RULES:
            raise UserError("unknown-repair", f"There is no repair {name!r}.", f"Use one of: {', '.join(RULES)}.")
        bars, changed = RULES[name](view, limits)
        done.append(Repair(name, int(changed.sum()), int(changed.any(axis=1).sum())))
        digest = digest_value("repair", view.bars.digest, name) if view.bars.digest else None
        rows = view.rows.clear() if name in DUPLICATES else view.rows
        view = replace(view, bars=replace(bars, digest=digest), rows=rows)
    return view, tuple(done)


def _without(view: View, mask: np.ndarray) -> tuple[Bars, np.ndarray]:
    """The bars of the mask are gone: every field is missing there."""
    mask = mask & view.known
    columns = {name: np.where(mask, np.nan, values) for name, values in view.bars.columns.items()}
    return replace(view.bars, columns=columns), mask


def _contradicting(view: View) -> tuple[np.ndarray, pl.DataFrame]:
    """(symbols, times) bool of bars told twice with different values, and the rows of all bars told twice."""
    doubled = doubled_rows(view.rows)
    mask = np.zeros(view.known.shape, bool)
    rows, columns = _places(view, contradicting_keys(doubled) if doubled.height else doubled)
    mask[rows, columns] = True
    return mask, doubled


def _places(view: View, keys: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    row = {name: place for place, name in enumerate(view.bars.symbols)}
    rows = np.array([row[name] for name in keys.get_column(SYMBOL)], dtype=np.int64)
    ends = keys.get_column(TIME).to_numpy() + view.seconds - 1
    return rows, np.searchsorted(view.bars.times.astype(np.int64), ends)


def _cents(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    """Prices of the named symbols over 100."""
    mask = view.known & np.isin(view.bars.symbols, view.cents)[:, None]
    scaled = {name: np.where(mask, view.bars[name] / 100, view.bars[name]) for name in PRICES}
    return replace(view.bars, columns={**view.bars.columns, **scaled}), mask


def _keep_last(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    return view.bars, _contradicting(view)[0]


def _keep_first(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    mask, doubled = _contradicting(view)
    if not mask.any():
        return view.bars, mask
    first = doubled.unique(KEY, keep="first", maintain_order=True)
    rows, at = _places(view, first)
    columns = {}
    for name, values in view.bars.columns.items():
        columns[name] = values.copy()
        columns[name][rows, at] = first.get_column(name).fill_null(float("nan")).to_numpy()
    return replace(view.bars, columns=columns), mask


def _drop_contradicting(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    return _without(view, _contradicting(view)[0])


def _drop_not_positive(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    return _without(view, not_positive(view.bars))


def _drop_range(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    return _without(view, contradicting_range(view.bars))


def _widen_range(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    """High and low reach every price of the bar."""
    mask, bars = contradicting_range(view.bars), view.bars
    prices = np.stack([bars[name] for name in PRICES])
    high, low = np.fmax.reduce(prices), np.fmin.reduce(prices)
    widened = {"high": np.where(mask, high, bars["high"]), "low": np.where(mask, low, bars["low"])}
    return replace(bars, columns={**bars.columns, **widened}), mask


def _drop_spikes(view: View, limits: PriceLimits) -> tuple[Bars, np.ndarray]:
    return _without(view, find_jumps(view.bars, limits).spikes)


def _rescale(view: View, limits: PriceLimits) -> tuple[Bars, np.ndarray]:
    """Prices before a redenomination or split are brought to the level after it, volumes the other way.

    The factor is a constant of the past of one symbol: returns and every scale-free feature stay what they were.
    """
    found, bars = find_jumps(view.bars, limits), view.bars
    logs = np.log(found.ratios)
    later = logs.sum(axis=1, keepdims=True) - np.cumsum(logs, axis=1)
    factor = np.exp(later)
    changed = (np.abs(later) > 1e-12) & view.known
    scaled = {name: bars[name] * factor for name in (*PRICES, "adjusted_close") if name in bars.columns}
    scaled["volume"] = bars["volume"] / factor
    return replace(bars, columns={**bars.columns, **scaled}), changed


def _drop_flat(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    return _without(view, flat_bars(view.bars))


def _drop_stale(view: View, limits: PriceLimits) -> tuple[Bars, np.ndarray]:
    """Every bar of a stale run but its first, which may have been traded."""
    stale = stale_bars(view.bars, limits.stale)
    before = np.zeros_like(stale)
    close = view.bars["close"]
    for row in np.flatnonzero(stale.any(axis=1)):
        there = np.flatnonzero(view.known[row])
        same = np.r_[False, close[row, there][1:] == close[row, there][:-1]]
        before[row, there[same]] = True
    return _without(view, stale & before)


def _drop_silent(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    return _without(view, no_volume(view.bars))


def _adjust(view: View, _: PriceLimits) -> tuple[Bars, np.ndarray]:
    """Prices times the ratio of the vendor's adjusted close, or its factor: returns then include dividends."""
    bars = view.bars
    if "adjusted_close" in bars.columns:
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = bars["adjusted_close"] / bars["close"]
    elif "factor" in bars.columns:
        factor = bars["factor"]
    else:
        raise UserError(
            "nothing-to-adjust-by",
            "These prices carry neither an adjusted close nor a factor.",
            'Remove "adjust" from repairs.',
        )
    usable = np.isfinite(factor) & (factor > 0)
    factor = np.where(usable, factor, np.nan)
    adjusted = {name: bars[name] * factor for name in PRICES}
    return replace(bars, columns={**bars.columns, **adjusted}), view.known & ~(factor == 1)


DUPLICATES = ("keep-last", "keep-first", "drop-contradicting")
RULES: Mapping[str, Rule] = {
    "cents-to-units": _cents,
    "keep-last": _keep_last,
    "keep-first": _keep_first,
    "drop-contradicting": _drop_contradicting,
    "drop-not-positive": _drop_not_positive,
    "widen-range": _widen_range,
    "drop-contradictory-range": _drop_range,
    "drop-spikes": _drop_spikes,
    "rescale-redenominations": _rescale,
    "drop-flat": _drop_flat,
    "drop-stale": _drop_stale,
    "drop-zero-volume": _drop_silent,
    "adjust": _adjust,
}
