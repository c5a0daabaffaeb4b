"""What a made-up market is like, as values: how many names, how far back, how they move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Dynamics:
    """How prices move; all volatilities are those of daily log returns.

    Args:
        market, country, sector, style: volatility of each kind of factor.
        own, own_spread: median of a name's own volatility, and the standard deviation of its logarithm over names.
        slow, slow_memory: standard deviation and daily autocorrelation of the slow part of every log volatility.
        quick, quick_memory: the same of the quick part.
        shared: share of the slow part's variance that all names have in common.
        tail: standard deviation of the log size of a single day's own move, which thickens tails without memory.
        jumps, jump_size: jumps of a name per year, and their size in own volatilities.
        deaths: share of names that end in a year; distressed: share of those that fall to the end.
        missing: share of days without a bar besides holidays; halts: trading halts per name and year.
        momentum, reversal: daily drift in own volatilities that the last half year, and the last month, foretell.
        drag: daily decline of log prices per squared own volatility: what makes loud names the worse ones.
    """

    market: float
    country: float
    sector: float
    style: float
    own: float
    own_spread: float
    slow: float
    slow_memory: float
    quick: float
    quick_memory: float
    shared: float
    tail: float
    jumps: float
    jump_size: float
    deaths: float
    distressed: float
    missing: float
    halts: float
    momentum: float
    reversal: float
    drag: float


EQUITIES = Dynamics(
    market=0.0052,
    country=0.0034,
    sector=0.0023,
    style=0.001,
    own=0.0068,
    own_spread=0.3,
    slow=0.8,
    slow_memory=0.993,
    quick=0.36,
    quick_memory=0.75,
    shared=0.55,
    tail=0.46,
    jumps=5.0,
    jump_size=4.5,
    deaths=0.07,
    distressed=0.5,
    missing=0.0008,
    halts=0.04,
    momentum=0.022,
    reversal=0.020,
    drag=0.5,
)

TOKENS = Dynamics(
    market=0.034,
    country=0.0,
    sector=0.012,
    style=0.004,
    own=0.029,
    own_spread=0.32,
    slow=0.42,
    slow_memory=0.965,
    quick=0.42,
    quick_memory=0.6,
    shared=0.4,
    tail=0.5,
    jumps=3.0,
    jump_size=4.0,
    deaths=0.11,
    distressed=0.9,
    missing=0.0015,
    halts=0.05,
    momentum=0.011,
    reversal=0.018,
    drag=1.2,
)


@dataclass(frozen=True, slots=True)
class Spec:
    """One made-up market.

    Args:
        name: what its random streams are called after.
        rows: places for names; about nine tenths of them are taken at a time.
        first_day: the first day of prices.
        every_day: whether it trades on every day of the week.
        countries: whether names belong to countries, with holidays and currencies of their own.
        splits: whether high prices are split and low ones consolidated.
        dynamics: how prices move.
        payers: share of names that pay dividends.
        corrections: bars a year that the price feed tells wrong at first.
    """

    name: str
    rows: int
    first_day: date
    every_day: bool
    countries: bool
    splits: bool
    dynamics: Dynamics
    payers: float = 0.0
    corrections: float = 8.0


LAST_DAY = date(2034, 12, 31)  # listings are laid out until here, far beyond any round

EQUITY_MARKETS = {
    "tiny": Spec("equities tiny", 180, date(2023, 6, 1), False, True, True, EQUITIES, payers=0.6),
    "small": Spec("equities small", 560, date(2020, 9, 1), False, True, True, EQUITIES, payers=0.6),
    "full": Spec("equities full", 7_700, date(2002, 1, 1), False, True, True, EQUITIES, payers=0.6),
}
TOKEN_MARKETS = {
    "tiny": Spec("tokens tiny", 160, date(2025, 1, 1), True, False, False, TOKENS),
    "small": Spec("tokens small", 440, date(2023, 12, 1), True, False, False, TOKENS),
    "full": Spec("tokens full", 440, date(2019, 7, 1), True, False, False, TOKENS),
}
