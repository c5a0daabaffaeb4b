"""The names vendors give their columns, and the one name each has here."""

from __future__ import annotations

import re
from collections.abc import Sequence

SYMBOL, TIME, TOLD = "symbol", "time", "told"
PRICES = ("open", "high", "low", "close")
EXTRA = (
    "volume", "adjusted_close", "factor", "split", "turnover", "trades", "taker_base", "taker_quote", "market_cap",
)  # fmt: skip
VALUES = (*PRICES, *EXTRA)
GROUPS = ("country", "sector", "industry")

# In the order of preference where a file has several of them.
NAMES: dict[str, tuple[str, ...]] = {
    SYMBOL: (
        "symbol", "ticker", "pair", "instrument", "asset", "coin", "security", "numerai_ticker", "bloomberg_ticker",
        "sym", "code", "market",
    ),
    TIME: (
        "open_time", "opentime", "datetime", "date_time", "timestamp", "date", "time", "ts", "day", "unix", "t",
        "start_time", "period_start", "index", "unnamed_0",
    ),
    "interval": ("interval", "bar", "timeframe", "resolution", "granularity"),
    "open": ("open", "o", "open_price", "px_open", "first"),
    "high": ("high", "h", "high_price", "px_high", "max"),
    "low": ("low", "l", "low_price", "px_low", "min"),
    "close": ("close", "c", "close_price", "px_last", "last", "last_price", "price", "close_last"),
    "volume": ("volume", "v", "vol", "base_volume", "volume_base", "base_asset_volume", "px_volume", "qty", "shares"),
    "adjusted_close": ("adjusted_close", "adj_close", "adjclose", "close_adj", "close_adjusted", "adj_close_price"),
    "factor": ("factor", "adj_factor", "adjustment_factor", "cumulative_factor"),
    "split": ("split", "split_factor", "split_ratio", "stock_splits"),
    "turnover": (
        "turnover", "quote_volume", "quote_asset_volume", "volume_quote", "quotevolume", "volume_usd", "volume_usdt",
        "dollar_volume", "amount", "value",
    ),
    "trades": ("trades", "number_of_trades", "trade_count", "tradecount", "num_trades", "transactions", "count", "n"),
    "taker_base": (
        "taker_base", "taker_buy_base", "taker_buy_base_asset_volume", "taker_buy_base_volume", "taker_buy_volume",
    ),
    "taker_quote": ("taker_quote", "taker_buy_quote", "taker_buy_quote_asset_volume", "taker_buy_quote_volume"),
    "market_cap": ("market_cap", "marketcap", "mcap", "market_capitalization"),
    "country": ("country", "country_code", "domicile"),
    "sector": ("sector", "gics_sector"),
    "industry": ("industry", "gics_industry"),
}  # fmt: skip


def plain(name: str) -> str:
    """A column name in lower case with underscores: "Adj Close" and "adjClose*" become `adj_close`, `adjclose`."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().strip("<>").lower()).strip("_")


def recognise(columns: Sequence[str]) -> dict[str, str]:
    """Our name -> the file's column of that meaning, for every meaning that is found.

    Yahoo's `Date, Open, …, Adj Close`, an exchange's `open_time, …, taker_buy_base_asset_volume`, `<TICKER>;<DATE>` of
    charting programs and one-letter names are all understood; columns of other meanings are left out.
    """
    by_plain: dict[str, str] = {}
    for column in columns:
        by_plain.setdefault(plain(column), column)
    found: dict[str, str] = {}
    for ours, theirs in NAMES.items():
        chosen = next((by_plain[name] for name in theirs if name in by_plain), None)
        if chosen is not None and chosen not in found.values():
            found[ours] = chosen
    return found


def clock_column(columns: Sequence[str], time_column: str) -> str | None:
    """The column with the time of day beside one that holds the day alone (`date, time, open, …`), or None."""
    if plain(time_column) not in ("date", "day"):
        return None
    return next((name for name in columns if plain(name) in ("time", "hour", "clock") and name != time_column), None)
