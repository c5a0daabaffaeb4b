"""Tickers, symbols, identifiers, countries and sectors of a made-up market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eraforge.core.digest import digest_value

LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
DIGITS = np.array(list("0123456789"))


@dataclass(frozen=True, slots=True)
class Country:
    """A country of listing: its share of names, how its tickers look, and what a share costs there (in dollars' place).

    Args:
        digits: length of a numeric ticker; 0 for letters.
        unit: typical price of a share relative to a dollar market's.
    """

    code: str
    share: float
    digits: int
    unit: float


COUNTRIES = (
    Country("US", 0.36, 0, 1.0),
    Country("JP", 0.17, 4, 60.0),
    Country("KR", 0.07, 6, 800.0),
    Country("GB", 0.06, 0, 8.0),
    Country("TW", 0.05, 4, 3.0),
    Country("HK", 0.05, 4, 0.5),
    Country("CN", 0.04, 6, 0.6),
    Country("AU", 0.04, 0, 0.3),
    Country("CA", 0.03, 0, 0.7),
    Country("DE", 0.03, 0, 1.2),
    Country("FR", 0.03, 0, 1.2),
    Country("CH", 0.02, 0, 3.0),
    Country("SE", 0.02, 0, 4.0),
    Country("BR", 0.02, 0, 0.8),
    Country("IT", 0.01, 0, 0.4),
)
SECTORS = (
    "Communication Services",
    "Consumer Discretionary",
    "Consumer Staples",
    "Energy",
    "Financials",
    "Health Care",
    "Industrials",
    "Information Technology",
    "Materials",
    "Real Estate",
    "Utilities",
)
TOKEN_SECTORS = ("layer-1", "layer-2", "finance", "games", "infrastructure", "memes", "storage")
FIRST_TOKENS = ("BTC", "ETH", "NMR")  # always in the universe, by the published rule


def symbols(source: np.random.Generator, codes: np.ndarray) -> list[str]:
    """One ticker per country code, `TICKER ISO2`, none twice; a code of "" gives a token's bare symbol."""
    by_code = {country.code: country for country in COUNTRIES}
    taken: set[str] = set(FIRST_TOKENS)
    found = []
    for code in codes.tolist():
        digits = by_code[code].digits if code else 0
        name = ""
        while not name or name in taken:
            length = digits or int(source.choice([2, 3, 4, 5], p=[0.06, 0.34, 0.5, 0.1]))
            word = "".join(source.choice(DIGITS if digits else LETTERS, length))
            name = f"{word} {code}" if code else word
        taken.add(name)
        found.append(name)
    return found


def composite_figi(symbol: str) -> str:
    """A twelve-character identifier in the form of a FIGI that follows from the symbol."""
    number = int(digest_value("figi", symbol)[:12], 16)
    alphabet = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
    text = ""
    for _ in range(9):
        number, place = divmod(number, len(alphabet))
        text += alphabet[place]
    return f"BBG{text}"


def coin_number(symbol: str) -> int:
    """A number in the form of a CoinMarketCap identifier that follows from the symbol."""
    return int(digest_value("coin", symbol)[:8], 16) % 40_000 + 1
