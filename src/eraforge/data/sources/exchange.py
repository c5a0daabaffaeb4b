"""Exchanges through ccxt, an extra (`pip install 'eraforge[crypto]'`): candles by pages, from where the lake ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from eraforge.core.errors import DataError, Transient, UserError
from eraforge.data.sources.source import Delivery, Known, Wanted, rows_of

OVERLAP = 3
"""Bars asked for again, so that what the exchange corrected lately is seen."""
PAGE = 1000
COLUMNS = ("open", "high", "low", "close", "volume")


class Exchange:
    """Spot and derivative candles of one exchange that ccxt knows."""

    def __init__(self, wanted: Wanted) -> None:
        if not wanted.exchange or not wanted.symbols:
            raise UserError(
                "exchange-not-named",
                f"Prices {wanted.name!r} name no exchange or no symbols.",
                'Set exchange = "binance" and symbols = ["BTC/USDT"] in its table.',
            )
        self._wanted = wanted

    def deliveries(self, known: Known) -> Iterator[Delivery]:
        """One delivery a symbol, from shortly before its newest bar.

        Raises:
            UserError: `extra-not-installed`, `unknown-exchange`, `interval-not-offered`; Transient: `exchange-down`.
        """
        ccxt = _library()
        client = self._client(ccxt)
        for place, symbol in enumerate(self._wanted.symbols, start=1):
            try:
                yield self._symbol(client, symbol, known)
            except ccxt.BadSymbol:
                yield Delivery(symbol, None, error=_not_offered(self._wanted.exchange, symbol))
            except ccxt.NetworkError as error:
                raise Transient(
                    "exchange-down",
                    f"{self._wanted.exchange} does not answer for {symbol} ({type(error).__name__}).",
                    "Run it again; what has arrived is kept.",
                ) from None
            except ccxt.BaseError as error:
                refused = DataError(
                    "exchange-refused",
                    f"{self._wanted.exchange} refuses {symbol}: {type(error).__name__}.",
                    "Check symbol and interval in the prices table.",
                )
                yield Delivery(symbol, None, error=refused)
            known.progress(f"fetch {self._wanted.name}", place, len(self._wanted.symbols))

    def _client(self, ccxt: Any) -> Any:
        if self._wanted.exchange not in ccxt.exchanges:
            raise UserError(
                "unknown-exchange",
                f"ccxt knows no exchange {self._wanted.exchange!r}.",
                "Write it as ccxt does: binance.",
            )
        client = getattr(ccxt, self._wanted.exchange)({"enableRateLimit": True})
        if self._wanted.url:
            client.proxyUrl = self._wanted.url.rstrip("/") + "/"
        if self._wanted.interval not in (client.timeframes or {}):
            raise UserError(
                "interval-not-offered",
                f"{self._wanted.exchange} offers no bars of {self._wanted.interval}.",
                f"It offers {', '.join(client.timeframes or ())}.",
            )
        return client

    def _symbol(self, client: Any, symbol: str, known: Known) -> Delivery:
        step, end = self._wanted.seconds, int(known.now().timestamp())
        since = self._since(symbol, known)
        candles: list[list[float | None]] = []
        while since < end:
            page = client.fetch_ohlcv(symbol, self._wanted.interval, since=since * 1000, limit=PAGE)
            page = [candle for candle in page if candle[0] >= since * 1000]
            if not page:
                break
            candles += page
            since = int(page[-1][0] // 1000) + step
        columns = {name: [candle[place] for candle in candles] for place, name in enumerate(COLUMNS, start=1)}
        times = [int((candle[0] or 0) // 1000) for candle in candles]
        return Delivery(symbol, rows_of(symbol, times, columns, step))

    def _since(self, symbol: str, known: Known) -> int:
        if symbol in known.newest:
            return known.newest[symbol] - OVERLAP * self._wanted.seconds
        start = self._wanted.start or "2017-01-01"
        return int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())


def _library() -> Any:
    try:
        import ccxt
    except ImportError as error:
        raise UserError(
            "extra-not-installed",
            f"Exchanges need the extra crypto: {error}.",
            "Install it: pip install 'eraforge[crypto]'.",
        ) from error
    return ccxt


def _not_offered(exchange: str, symbol: str) -> DataError:
    return DataError(
        "symbol-not-offered", f"{exchange} offers no {symbol!r}.", "Correct symbols in the prices table (BTC/USDT)."
    )
