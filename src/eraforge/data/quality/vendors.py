"""Two vendors side by side: who disagrees, where one counts in cents, where the days are shifted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eraforge.core.bars import Bars
from eraforge.data.finding import Severity
from eraforge.data.quality.fault import Fault, PriceLimits, fault

SCALES = (100.0, 0.01, 1000.0, 0.001)
NEAR = 0.05
FEWEST = 3


def vendor_faults(ours: Bars, theirs: Bars, other: str, limits: PriceLimits) -> Iterator[Fault]:
    """Compare the closes of common symbols at common moments.

    Args:
        other: name of the other prices, for messages.
    """
    a, b, names, times = _common(ours, theirs)
    if not names or not times.size:
        yield fault(
            Severity.WARN, "vendors-share-nothing", f"no symbol and moment is in {other} as well.",
            "Check that both name their symbols alike.", 0, 0,
        )  # fmt: skip
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = a / b
    ratio[~np.isfinite(ratio) | (ratio <= 0)] = np.nan
    enough = (~np.isnan(ratio)).sum(axis=1) >= FEWEST
    middle = np.full(len(names), np.nan)
    middle[enough] = np.nanmedian(ratio[enough], axis=1)
    scaled = np.zeros(len(names), bool)
    for scale in SCALES:
        scaled |= np.abs(np.log(middle / scale)) < NEAR
    yield from _cents(names, scaled, middle, other)
    moved = ~scaled & enough & _shifted(a, b)
    if moved.any():
        yield fault(
            Severity.WARN,
            "vendors-shifted",
            f"the returns of {{symbols}} symbols fit those of {other} better one bar apart: their days differ.",
            "Check the time zones of both.",
            int(moved.sum()),
            int(moved.sum()),
            [names[row] for row in np.flatnonzero(moved)],
        )
    apart = np.abs(np.log(ratio)) > limits.apart
    apart[scaled | moved] = False
    if apart.any():
        shared = int((~np.isnan(ratio)).sum())
        rows = np.flatnonzero(apart.any(axis=1))
        yield fault(
            Severity.WARN,
            "vendors-disagree",
            f"{{bars}} of {shared:,} common closes differ from {other} by more than {limits.apart:.0%}, in {{symbols}} "
            "symbols.",
            "Look at the examples; trust the one that agrees with a third.",
            int(apart.sum()),
            rows.size,
            [f"{names[row]} {times[int(np.argmax(apart[row]))].astype('datetime64[D]')}" for row in rows],
        )


def _cents(names: list[str], scaled: np.ndarray, middle: np.ndarray, other: str) -> Iterator[Fault]:
    if scaled.any():
        yield fault(
            Severity.REFUSE,
            "prices-in-cents",
            f"{{symbols}} symbols are {middle[scaled][0]:.4g} times their price in {other}: one counts in hundredths.",
            "Name them in cents = […] of the prices table that counts in hundredths.",
            int(scaled.sum()),
            int(scaled.sum()),
            [names[row] for row in np.flatnonzero(scaled)],
        )


def _common(ours: Bars, theirs: Bars) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    names = sorted(set(ours.symbols) & set(theirs.symbols))
    times, left, right = np.intersect1d(ours.times, theirs.times, assume_unique=True, return_indices=True)
    a = ours.of(names)["close"][:, left] if names else np.empty((0, times.size))
    b = theirs.of(names)["close"][:, right] if names else np.empty((0, times.size))
    return a, b, names, times


def _shifted(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(symbols,) bool: the correlation of returns is far higher one bar apart than together."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = np.diff(np.log(a), axis=1), np.diff(np.log(b), axis=1)
    together = _correlations(one, other)
    apart = np.fmax(_correlations(one[:, 1:], other[:, :-1]), _correlations(one[:, :-1], other[:, 1:]))
    return np.asarray((apart > 0.8) & ~(together > 0.5))


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    out = np.full(one.shape[0], np.nan)
    for row in range(one.shape[0]):
        both = np.isfinite(one[row]) & np.isfinite(other[row])
        if both.sum() >= 20 and one[row, both].std() > 0 and other[row, both].std() > 0:
            out[row] = np.corrcoef(one[row, both], other[row, both])[0, 1]
    return out
