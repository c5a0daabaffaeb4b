"""What stays with a row: its loadings on factors, its own volatility, its size; and the regimes of the signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eraforge.simulator.world.market.prices.listing import STYLES, Listing
from eraforge.simulator.world.market.prices.names import COUNTRIES, FIRST_TOKENS
from eraforge.simulator.world.market.prices.spec import Spec
from eraforge.simulator.world.rows.draws import generator

MOMENTUM_LEVELS = ((1.5, 0.5), (1.0, 0.35), (-0.6, 0.15))
REVERSAL_LEVELS = ((1.5, 0.5), (0.6, 0.3), (-0.6, 0.2))
REGIME_DAYS = 100  # a regime lasts that many days on average


@dataclass(frozen=True)
class Traits:
    """(rows,) or (rows, k) traits of the rows of a market.

    Args:
        beta: loading on the market; `styles` (rows, STYLES) on the style factors.
        own: volatility of the row's own moves.
        shares: shares in issue, in millions; `price` what one costs when a name is listed.
        turnover: share of the capital that changes hands on a usual day.
        fundamentals: (rows, 4) standing book, dividends, earnings and growth, about standard normal.
    """

    beta: np.ndarray
    styles: np.ndarray
    own: np.ndarray
    shares: np.ndarray
    price: np.ndarray
    turnover: np.ndarray
    fundamentals: np.ndarray


def draw_traits(seed: int, spec: Spec, listing: Listing) -> Traits:
    """The traits of every row. Larger names are calmer and trade a smaller part of themselves."""
    source = generator(seed, spec.name, "traits")
    rows = spec.rows
    size = source.normal(size=rows)
    if not spec.countries:
        size[: len(FIRST_TOKENS)] = (3.5, 3.0, 0.5)
    styles = source.normal(size=(rows, STYLES))
    styles[:, 0] = size
    own = spec.dynamics.own * np.exp(spec.dynamics.own_spread * source.normal(size=rows) - 0.12 * size)
    capital = np.exp(np.log(1_500 if spec.countries else 120) + (1.4 if spec.countries else 1.6) * size)
    if spec.countries:
        unit = np.array([country.unit for country in COUNTRIES])[listing.country_place]
        price = unit * np.exp(np.log(28) + 0.8 * source.normal(size=rows))
    else:
        price = np.exp(np.log(0.9) + 2.0 * source.normal(size=rows))
        price[: len(FIRST_TOKENS)] = (20_000, 1_500, 18)
    return Traits(
        beta=np.clip(1 + 0.3 * source.normal(size=rows), 0.2, 2.2),
        styles=styles,
        own=own,
        shares=capital / price,
        price=price,
        turnover=np.exp(np.log(0.004 if spec.countries else 0.05) + 0.6 * source.normal(size=rows) - 0.1 * size),
        fundamentals=source.normal(size=(rows, 4)),
    )


def regimes(seed: int, spec: Spec, days: int) -> np.ndarray:
    """(2, days) how strongly momentum and reversal act on each day, negative where they turn round."""
    source = generator(seed, spec.name, "regimes")
    levels = np.empty((2, days))
    for line, choices in zip(levels, (MOMENTUM_LEVELS, REVERSAL_LEVELS), strict=True):
        place = 0
        while place < days:
            length = 30 + int(source.exponential(REGIME_DAYS - 30))
            line[place : place + length] = choices[int(source.choice(3, p=[chance for _, chance in choices]))][0]
            place += length
    return levels


def closed_days(seed: int, spec: Spec, days: np.ndarray) -> np.ndarray:
    """(countries, days) whether a country's exchange is closed: New Year, Christmas and eight days of its own."""
    closed = np.zeros((len(COUNTRIES) if spec.countries else 1, len(days)), bool)
    if not spec.countries:
        return closed
    months = days.astype("datetime64[M]")
    place_in_month = (days - months).astype(int)
    month = months.astype(int) % 12
    closed[:, (month == 0) & (place_in_month == 0) | (month == 11) & (place_in_month == 24)] = True
    source = generator(seed, spec.name, "holidays")
    years = days.astype("datetime64[Y]")
    for year in np.unique(years):
        inside = np.flatnonzero(years == year)
        for line in closed:
            line[source.choice(inside, min(8, len(inside)), replace=False)] = True
    return closed
