"""Prices through yfinance itself, from a local server that answers in Yahoo's format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from eraforge.core.errors import Transient, UserError
from eraforge.data.sources.equities import Equities
from eraforge.data.sources.source import Known, Wanted

DAY = 86_400
OPENS = 1_704_205_800  # 2024-01-02 09:30 in New York
DAYS = (0, 1, 2, 3, 6)


def yahoo(path: str, query: dict[str, str]) -> tuple[int, Any]:
    if path.endswith("/ZZZZ"):
        reason = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
        return 404, {"chart": {"result": None, "error": reason}}
    if "/chart/" not in path:
        return 200, b"crumb"
    first = int(query.get("period1", 0))
    times = [OPENS + day * DAY for day in DAYS if OPENS + day * DAY >= first]
    size = len(times)
    close = [100.0 + place for place in range(size)]
    meta = {
        "currency": "USD", "symbol": "AAPL", "exchangeName": "NMS", "instrumentType": "EQUITY", "priceHint": 2,
        "firstTradeDate": 345479400, "regularMarketTime": OPENS + 9 * DAY, "hasPrePostMarketData": True,
        "gmtoffset": -18000, "timezone": "EST", "exchangeTimezoneName": "America/New_York", "range": "",
        "regularMarketPrice": 1.0, "chartPreviousClose": 1.0, "dataGranularity": "1d", "validRanges": ["1d", "max"],
    }  # fmt: skip
    quote = {
        "open": close,
        "high": [v + 1 for v in close],
        "low": [v - 1 for v in close],
        "close": close,
        "volume": [7] * size,
    }
    indicators = {"quote": [quote], "adjclose": [{"adjclose": [v * 0.9 for v in close]}]}
    return 200, {"chart": {"result": [{"meta": meta, "timestamp": times, "indicators": indicators}], "error": None}}


@pytest.fixture(autouse=True)
def _fresh_library() -> Iterator[None]:
    """yfinance keeps one session and its caches for the whole process; each test starts without."""
    from yfinance import cache, data

    data.YfData._instances.clear()
    yield
    data.YfData._instances.clear()
    for manager in (cache._TzDBManager, cache._CookieDBManager, cache._ISINDBManager):
        manager.close_db()


def wanted(url: str, *symbols: str) -> Wanted:
    return Wanted("us", None, url=url, symbols=symbols, start="2024-01-01")


def test_days_are_those_of_the_exchange(serve: Any, known: Known) -> None:
    (one,) = Equities(wanted(serve(yahoo).url, "AAPL")).deliveries(known)
    assert one.rows is not None
    days = [datetime.fromtimestamp(at, UTC).day for at in one.rows.get_column("time")]
    assert days == [2, 3, 4, 5, 8]
    first = one.rows.row(0, named=True)
    assert first["told"] - first["time"] == 5 * 3600  # midnight in New York
    assert (first["close"], first["adjusted_close"], first["volume"]) == (100.0, 90.0, 7.0)


def test_an_update_asks_from_a_week_before(serve: Any, known: Known) -> None:
    server = serve(yahoo)
    list(Equities(wanted(server.url, "AAPL")).deliveries(replace(known, newest={"AAPL": OPENS + 6 * DAY})))
    asked = [int(query["period1"]) for path, query in server.asked if "period1" in query]
    assert [datetime.fromtimestamp(at, UTC).date().isoformat() for at in asked] == ["2024-01-01"]


def test_a_ticker_without_prices_stops_no_other(serve: Any, known: Known) -> None:
    missing, there = Equities(wanted(serve(yahoo).url, "ZZZZ", "AAPL")).deliveries(known)
    assert missing.error is not None and missing.error.code == "symbol-not-offered" and there.rows is not None


def test_a_vendor_that_limits_is_asked_again_later(serve: Any, known: Known) -> None:
    with pytest.raises(Transient) as error:
        list(Equities(wanted(serve(lambda *_: (429, b"Too Many Requests")).url, "AAPL")).deliveries(known))
    assert error.value.code == "vendor-down"


def test_symbols_must_be_named() -> None:
    with pytest.raises(UserError) as error:
        Equities(wanted(""))
    assert error.value.code == "symbols-not-named"
