"""A fault in prices, the limits past which something counts as one, and what the gates look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from eraforge.core.bars import Bars
from eraforge.data.finding import Finding, Severity

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault, with how much of it there is.

    Args:
        finding: severity, code, sentence and next step.
        bars: bars (or gaps, or rows) concerned.
        symbols: symbols concerned.
        examples: a few places, `SYMBOL 2024-01-31`.
    """

    finding: Finding
    bars: int
    symbols: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceLimits:
    """Where a gate begins to complain. Shares are between 0 and 1.

    Args:
        jump: ratio of consecutive closes beyond which a move is a jump.
        returns: moments within which a jump that comes back is a spike.
        back: ratio to the earlier level within which a price has come back.
        round_ratio: how far a lasting shift may lie from a round ratio to be a redenomination or split.
        stale: bars in a row with one close that count as stale.
        flat_share, silent_share: share of flat bars, and of bars without volume, that is worth a word.
        early: slots before the end at which a symbol's last bar is an early end.
        thin: mean distances between a symbol's bars that its silence at the end must exceed as well.
        covered, half: shares of a live universe with a recent bar below which it is told, and refused.
        recent: slots at the end in which a live symbol must have a bar.
        holidays: weekdays in a row without any bar that may be holidays.
        survivors: symbols, and `span` slots, from which a set without a single end is one of survivors.
        apart: relative difference between two vendors' closes that is a disagreement.
        contradicting: share of bars whose range contradicts itself that is refused.
    """

    jump: float = 10.0
    returns: int = 5
    back: float = 3.0
    round_ratio: float = 0.05
    stale: int = 10
    flat_share: float = 0.001
    silent_share: float = 0.001
    early: int = 7
    thin: float = 10.0
    covered: float = 0.9
    half: float = 0.5
    recent: int = 5
    holidays: int = 3
    survivors: int = 20
    span: int = 250
    apart: float = 0.01
    contradicting: float = 0.01


@dataclass(frozen=True)
class View:
    """Prices as the gates see them.

    Args:
        bars: wide, last told wins.
        rows: newest versions as told, duplicates included: `symbol, time, told` and values.
        seconds: length of a bar.
        zone: the zone a person configured, "" where none.
        calendar: `always`, `weekdays` or `observed`.
        universe: symbols that should be there now; empty where nobody told.
        cents: symbols that the source counts in hundredths.
    """

    bars: Bars
    rows: pl.DataFrame
    seconds: int
    zone: str = ""
    calendar: str = "observed"
    universe: tuple[str, ...] = ()
    cents: tuple[str, ...] = ()
    known: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", ~np.isnan(self.bars["close"]))

    @property
    def daily(self) -> bool:
        """Whether a bar is a day or longer."""
        return self.seconds >= 86_400

    def day(self, column: int) -> str:
        """How a person names a moment of the bars."""
        return str(self.bars.times[column].astype("datetime64[D]" if self.daily else "datetime64[m]"))


def fault_of_mask(
    view: View, mask: np.ndarray, severity: Severity, code: str, sentence: str, next_step: str
) -> Iterable[Fault]:
    """A fault of the bars in a (symbols, times) mask, or nothing where it is empty.

    Args:
        sentence: with `{bars}` and `{symbols}` to be filled in.
    """
    bars = int(mask.sum())
    if not bars:
        return
    per_symbol = mask.any(axis=1)
    examples = []
    for row in np.flatnonzero(per_symbol)[:EXAMPLES]:
        examples.append(f"{view.bars.symbols[row]} {view.day(int(np.argmax(mask[row])))}")
    yield fault(severity, code, sentence, next_step, bars, int(per_symbol.sum()), examples)


def fault(
    severity: Severity, code: str, sentence: str, next_step: str, bars: int, symbols: int, examples: Sequence[str] = ()
) -> Fault:
    """A fault whose sentence has its counts filled in."""
    told = sentence.format(bars=f"{bars:,}", symbols=f"{symbols:,}")
    return Fault(Finding(severity, code, told, next_step), bars, symbols, tuple(examples[:EXAMPLES]))
