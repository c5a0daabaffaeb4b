"""How prices move: log returns of all rows over one block of days, from the block before it and the block's own seed.

A return is a sum of market, country, sector and style moves and of the name's own. Log volatilities are two
autoregressions each, one slow and one quick, partly shared by all names, which gives volatility clustering; sizes of
single days and jumps thicken the tails. A small part of a name's own return is foretold by its own past: it continues
over half a year and turns round over a month, as strongly as the regime of the day says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eraforge.simulator.world.market.prices.listing import STYLES, YEAR, Listing
from eraforge.simulator.world.market.prices.spec import Spec
from eraforge.simulator.world.market.prices.traits import Traits
from eraforge.simulator.world.rows.draws import generator, normals

BLOCK = 64
MOMENTUM_DAYS, SKIPPED_DAYS, REVERSAL_DAYS = 126, 21, 21
REMEMBERED = MOMENTUM_DAYS + 1
FALL_DAYS = 80  # a distressed name falls that long before it ends
FALL = 0.15  # own volatilities a day


@dataclass(frozen=True)
class State:
    """What one block leaves to the next.

    Args:
        common, own: (2, series) and (2, rows) slow and quick parts of log volatilities.
        past: (rows, REMEMBERED) own moves of the last days, in own volatilities.
    """

    common: np.ndarray
    own: np.ndarray
    past: np.ndarray


def opening_state(spec: Spec, factors: int) -> State:
    """The state before the first day: every volatility at its middle."""
    return State(np.zeros((2, factors)), np.zeros((2, spec.rows)), np.zeros((spec.rows, REMEMBERED), np.float32))


def common_factors(listing: Listing) -> int:
    """How many series are shared: the market, countries, sectors, styles, and the volatility of own moves."""
    return 1 + int(listing.country_place.max()) + 1 + int(listing.sector_place.max()) + 1 + STYLES + 1


class Process:
    """The returns of a market.

    Args:
        seed: of every stream.
        levels: (2, days) strength of momentum and reversal.
    """

    def __init__(self, seed: int, spec: Spec, listing: Listing, traits: Traits, levels: np.ndarray) -> None:
        self._seed, self._spec, self._listing, self._traits, self._levels = seed, spec, listing, traits, levels
        moves = spec.dynamics
        countries, sectors = int(listing.country_place.max()) + 1, int(listing.sector_place.max()) + 1
        sizes = [[moves.market], [moves.country] * countries, [moves.sector] * sectors, [moves.style] * STYLES, [1.0]]
        self._sizes = np.concatenate(sizes)
        self._first_sector = 1 + countries
        self._first_style = 1 + countries + sectors

    def block(self, number: int, state: State) -> tuple[np.ndarray, np.ndarray, State]:
        """Log returns of block `number`, log volatilities of own moves (both (rows, BLOCK) float32), and the state."""
        moves = self._spec.dynamics
        source = generator(self._seed, self._spec.name, "returns", number)
        count = len(self._sizes)
        common_level, common = self._levels_of(source, state.common, count, 1.0)
        factors = normals(source, count, BLOCK) * np.exp(0.25 * normals(source, count, BLOCK))
        factors = factors * np.exp(0.6 * common_level[:1] + 0.5 * common_level) * self._sizes[:, None]
        own_level, own = self._levels_of(source, state.own, self._spec.rows, 1 - moves.shared)
        own_level += np.sqrt(moves.shared) * common_level[-1:].astype(np.float32)
        shocks = normals(source, self._spec.rows, BLOCK)
        shocks *= np.exp(own_level + moves.tail * normals(source, self._spec.rows, BLOCK) - moves.tail**2 / 2)
        shocks += self._jumps(source)
        drift, past = self._foretold(number, state.past, shocks)
        returns = (shocks + drift) * self._traits.own[:, None].astype(np.float32)
        returns += self._shared(factors).astype(np.float32)
        returns += self._falls(number)
        returns -= (moves.drag * self._traits.own**2)[:, None].astype(np.float32)
        return returns, own_level, State(common, own, past)

    def _levels_of(
        self, source: np.random.Generator, before: np.ndarray, series: int, share: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """(series, BLOCK) log volatilities around their mean, and their two parts at the end."""
        moves = self._spec.dynamics
        parts = []
        for memory, spread, start in (
            (moves.slow_memory, moves.slow * np.sqrt(share), before[0]),
            (moves.quick_memory, moves.quick, before[1]),
        ):
            noise = normals(source, series, BLOCK) * np.float32(spread * np.sqrt(1 - memory**2))
            parts.append(_remembering(noise, memory, start))
        last = np.stack([part[:, -1] for part in parts])
        return (parts[0] + parts[1]).astype(np.float32), last

    def _jumps(self, source: np.random.Generator) -> np.ndarray:
        """(rows, BLOCK) jumps in own volatilities: rare, and as often up as down."""
        moves = self._spec.dynamics
        shape = (self._spec.rows, BLOCK)
        jumps = np.zeros(shape, np.float32)
        rate = moves.jumps / YEAR[self._spec.every_day]
        hit = source.random(shape, dtype=np.float32) < rate
        jumps[hit] = source.normal(0, moves.jump_size, int(hit.sum()))
        return jumps

    def _foretold(self, number: int, past: np.ndarray, shocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(rows, BLOCK) drift in own volatilities from the days before each day, and the days to remember."""
        joined = np.concatenate([past, shocks], axis=1)
        sums = np.cumsum(joined, axis=1, dtype=np.float64)
        ends = REMEMBERED - 1 + np.arange(BLOCK)  # the day before each day of the block
        half_year = sums[:, ends - SKIPPED_DAYS] - sums[:, ends - MOMENTUM_DAYS]
        month = sums[:, ends] - sums[:, ends - REVERSAL_DAYS]
        days = slice(number * BLOCK, (number + 1) * BLOCK)
        levels = np.zeros((2, BLOCK))
        levels[:, : self._levels[:, days].shape[1]] = self._levels[:, days]
        moves = self._spec.dynamics
        drift = moves.momentum * levels[0] * np.tanh(half_year / np.sqrt(MOMENTUM_DAYS - SKIPPED_DAYS) / 1.5)
        drift -= moves.reversal * levels[1] * np.tanh(month / np.sqrt(REVERSAL_DAYS) / 1.5)
        return drift.astype(np.float32), joined[:, -REMEMBERED:].copy()

    def _shared(self, factors: np.ndarray) -> np.ndarray:
        """(rows, BLOCK) moves that names share."""
        listing, traits = self._listing, self._traits
        moves = traits.beta[:, None] * factors[0]
        moves += factors[1 : self._first_sector][listing.country_place] * bool(self._spec.dynamics.country)
        moves += factors[self._first_sector : self._first_style][listing.sector_place]
        moves += np.einsum("rk,kt->rt", traits.styles, factors[self._first_style : -1])
        return np.asarray(moves)

    def _falls(self, number: int) -> np.ndarray:
        """(rows, BLOCK) the decline of names that end in distress."""
        listing = self._listing
        falls = np.zeros((self._spec.rows, BLOCK), np.float32)
        first = number * BLOCK
        near = (listing.stop > first) & (listing.stop - FALL_DAYS < first + BLOCK) & (listing.stop < len(listing.days))
        for name in np.flatnonzero(near & listing.distressed):
            begin, end = max(0, listing.stop[name] - FALL_DAYS - first), min(BLOCK, listing.stop[name] - first)
            row = listing.row[name]
            falls[row, begin:end] -= FALL * self._traits.own[row]
        return falls


def _remembering(noise: np.ndarray, memory: float, before: np.ndarray) -> np.ndarray:
    """(series, BLOCK) `y[t] = memory * y[t - 1] + noise[t]`, from the (series,) value before the first day.

    What `scipy.signal.lfilter` gives to the last bit, without the second that importing it takes.
    """
    result = noise.astype(np.float64)
    value = before
    for day in range(noise.shape[1]):
        result[:, day] += memory * value
        value = result[:, day]
    return result
