"""Equities through yfinance, an extra (`pip install 'eraforge[market]'`): bars of Yahoo's tickers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from eraforge.core.errors import DataError, Transient, UserError
from eraforge.data.sources.source import Delivery, Known, Wanted, rows_of

OVERLAP = timedelta(days=7)
"""Asked for again, so that late corrections are seen; a split rewrites the whole past: `prices pull --whole`."""
COLUMNS = {
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adjusted_close",
    "Volume": "volume",
}


class Equities:
    """Prices of Yahoo's tickers, closes as traded (split-adjusted) with the dividend-adjusted close beside them."""

    def __init__(self, wanted: Wanted) -> None:
        if not wanted.symbols:
            raise UserError(
                "symbols-not-named",
                f"Prices {wanted.name!r} name no symbols.",
                'Set symbols = ["AAPL", "000080.KS"] in its table.',
            )
        self._wanted = wanted

    def deliveries(self, known: Known) -> Iterator[Delivery]:
        """One delivery a ticker, from a week before its newest bar.

        Raises:
            UserError: `extra-not-installed`; Transient: `vendor-down`.
        """
        library = _library()
        known.scratch.mkdir(parents=True, exist_ok=True)
        library.set_tz_cache_location(str(known.scratch))
        library.config.debug.hide_exceptions = False
        session = _session(self._wanted.url) if self._wanted.url else None
        for place, symbol in enumerate(self._wanted.symbols, start=1):
            yield self._symbol(library, session, symbol, known)
            known.progress(f"fetch {self._wanted.name}", place, len(self._wanted.symbols))

    def _symbol(self, library: Any, session: Any, symbol: str, known: Known) -> Delivery:
        missing = (
            library.exceptions.YFTickerMissingError,
            library.exceptions.YFPricesMissingError,
            library.exceptions.YFTzMissingError,
        )
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", module="yfinance")  # it warns of its own use of pandas
                frame = library.Ticker(symbol, session=session).history(
                    start=self._since(symbol, known),
                    end=(known.now() + timedelta(days=1)).date().isoformat(),
                    interval=self._wanted.interval,
                    auto_adjust=False,
                    actions=False,
                )
        except missing:
            return Delivery(symbol, None, error=_not_offered(symbol))
        except (library.exceptions.YFRateLimitError, OSError, ValueError) as error:
            if getattr(getattr(error, "response", None), "status_code", None) == 404:
                return Delivery(symbol, None, error=_not_offered(symbol))
            raise Transient(
                "vendor-down",
                f"Yahoo does not answer for {symbol} ({type(error).__name__}).",
                "Wait a little and run it again; what has arrived is kept.",
            ) from None
        if not len(frame):
            return Delivery(symbol, None, error=_not_offered(symbol))
        times = [int(moment.timestamp()) for moment in frame.index]
        columns = {ours: frame[theirs].tolist() for theirs, ours in COLUMNS.items() if theirs in frame.columns}
        zone = self._wanted.zone or str(frame.index.tz or "")
        return Delivery(symbol, rows_of(symbol, times, columns, self._wanted.seconds, zone))

    def _since(self, symbol: str, known: Known) -> str:
        if symbol in known.newest:
            return (datetime.fromtimestamp(known.newest[symbol], UTC) - OVERLAP).date().isoformat()
        return self._wanted.start or "2000-01-01"


def _library() -> Any:
    try:
        import yfinance
        import yfinance.exceptions
    except ImportError as error:
        raise UserError(
            "extra-not-installed",
            f"Equities need the extra market: {error}.",
            "Install it: pip install 'eraforge[market]'.",
        ) from error
    return yfinance


def _session(url: str) -> Any:
    """A session whose requests go to `url` followed by the vendor's own address: a mirror, or a recorded server."""
    import requests
    from requests.adapters import HTTPAdapter

    class Mirror(HTTPAdapter):  # type: ignore[misc]
        def send(self, request: Any, *rest: Any, **named: Any) -> Any:
            request.url = f"{url.rstrip('/')}/{request.url}"
            return super().send(request, *rest, **named)

    session = requests.Session()
    session.mount("https://", Mirror())
    return session


def _not_offered(symbol: str) -> DataError:
    return DataError(
        "symbol-not-offered",
        f"Yahoo has no prices of {symbol!r}.",
        "Correct symbols in the prices table, as Yahoo writes them (BRK-B, 000080.KS).",
    )
