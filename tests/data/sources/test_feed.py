"""A feed is fetched when its content changed, and only then."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from eraforge.core.errors import DataError, UserError
from eraforge.data.sources.feed import Feed
from eraforge.data.sources.source import Known, Wanted


def parquet(*closes: float) -> bytes:
    stream = io.BytesIO()
    days = [f"2024-01-{place + 1:02d}" for place in range(len(closes))]
    frame = pl.DataFrame({"symbol": "A", "date": days, "open": closes, "high": closes, "low": closes, "close": closes})
    frame.with_columns(pl.lit(1.0).alias("volume"), pl.lit("US").alias("country")).write_parquet(
        stream, metadata={"eraforge.synthetic": "world 1"}
    )
    return stream.getvalue()


def wanted(url: str) -> Wanted:
    return Wanted("feed", None, url=f"{url}/files/prices.parquet")


def test_it_comes_once_and_again_when_it_changed(serve: Any, known: Known) -> None:
    content = parquet(1.0, 2.0)
    server = serve(lambda *_: (200, content))
    (one,) = Feed(wanted(server.url)).deliveries(known)
    assert one.rows is not None and one.rows.get_column("close").to_list() == [1.0, 2.0]
    assert one.groups == {"country": {"A": "US"}} and one.mark
    seen = replace(known, seen={one.name: one.mark})
    assert list(Feed(wanted(server.url)).deliveries(seen)) == []
    content = parquet(1.0, 2.0, 3.0)
    (two,) = Feed(wanted(server.url)).deliveries(seen)
    assert two.rows is not None and two.rows.height == 3 and two.mark != one.mark
    assert list(known.scratch.iterdir()) == []


def test_what_is_not_there_or_broken_is_told(serve: Any, known: Known) -> None:
    for status, body in ((404, b""), (200, parquet(1.0)[:-9])):
        with pytest.raises(DataError) as error:
            list(Feed(wanted(serve(lambda *_, told=(status, body): told).url)).deliveries(known))
        assert error.value.code in {"file-not-served", "file-damaged"}


def test_an_address_is_needed() -> None:
    with pytest.raises(UserError) as error:
        Feed(Wanted("feed", None, url="prices.parquet"))
    assert error.value.code == "feed-without-address"
