"""Candles through ccxt itself, from a local server that answers in the exchange's format."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eraforge.core.errors import Transient, UserError
from eraforge.data.sources.exchange import Exchange
from eraforge.data.sources.source import Known, Wanted

DAY = 86_400
START = 1_704_067_200  # 2024-01-01
BARS = 731  # to the end of 2025
MARKET = {
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "baseAssetPrecision": 8, "quoteAsset": "USDT",
    "quotePrecision": 8, "quoteAssetPrecision": 8, "orderTypes": ["LIMIT"], "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False, "permissions": ["SPOT"],
    "filters": [{"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"}],
}  # fmt: skip


def exchange(path: str, query: dict[str, str]) -> tuple[int, Any]:
    if path.endswith("exchangeInfo"):
        return 200, {"symbols": [MARKET] if "/api/v3/" in path else [], "rateLimits": [], "exchangeFilters": []}
    if not path.endswith("klines"):
        return 404, {}
    first = int(query["startTime"]) // 1000
    times = [START + place * DAY for place in range(BARS) if START + place * DAY >= first][: int(query["limit"])]
    made = [
        [at * 1000, "10.0", "12.0", "9.0", str(10 + at % 7), "5.5", at * 1000 + 1, "60", 3, "2", "20", "0"]
        for at in times
    ]
    return 200, made


def wanted(url: str, **rest: Any) -> Wanted:
    return replace(
        Wanted("coins", None, url=url, exchange="binance", symbols=("BTC/USDT",), start="2024-01-01"), **rest
    )


def test_every_candle_comes_by_pages(serve: Any, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eraforge.data.sources.exchange.PAGE", 300)
    server = serve(exchange)
    (one,) = Exchange(wanted(server.url)).deliveries(known)
    assert one.rows is not None and one.rows.get_column("time").to_list() == [START + day * DAY for day in range(BARS)]
    assert one.rows.row(0, named=True) | {"close": 0} == {
        "symbol": "BTC/USDT", "time": START, "told": START, "open": 10.0, "high": 12.0, "low": 9.0, "close": 0,
        "volume": 5.5,
    }  # fmt: skip
    assert sum("klines" in path for path, _ in server.asked) == 3


def test_an_update_asks_from_shortly_before_the_newest_bar(serve: Any, known: Known) -> None:
    server = serve(exchange)
    newest = START + 700 * DAY
    (one,) = Exchange(wanted(server.url)).deliveries(replace(known, newest={"BTC/USDT": newest}))
    assert one.rows is not None and one.rows.get_column("time").min() == newest - 3 * DAY
    assert one.rows.height == BARS - 697


def test_a_symbol_it_does_not_offer_stops_no_other(serve: Any, known: Known) -> None:
    source = Exchange(wanted(serve(exchange).url, symbols=("NO/NO", "BTC/USDT")))
    missing, there = source.deliveries(known)
    assert missing.error is not None and missing.error.code == "symbol-not-offered" and there.rows is not None


def test_an_exchange_that_fails_is_asked_again_later(serve: Any, known: Known) -> None:
    with pytest.raises(Transient) as error:
        list(Exchange(wanted(serve(lambda *_: (503, {})).url)).deliveries(known))
    assert error.value.code == "exchange-down"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exchange": "nowhere"}, "unknown-exchange"),
        ({"interval": "7m"}, "interval-not-offered"),
        ({"symbols": ()}, "exchange-not-named"),
    ],
)
def test_what_cannot_be_asked(known: Known, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as error:
        list(Exchange(wanted("http://127.0.0.1:9", **changes)).deliveries(known))
    assert error.value.code == code
