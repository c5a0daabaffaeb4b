"""The price feed: unsigned, as of the virtual day, made once a day, whole or in part; none without prices."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament


class PricedMarket:
    """A world that shows its prices too: one line a day since the start of the year."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self.made: list[date] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def price_filenames(self) -> tuple[str, ...]:
        return ("prices/signals/daily.csv",)

    def price_edition(self, filename: str, day: date) -> str:
        return f"day-{day:%Y%m%d}"

    def write_prices(self, filename: str, day: date, destination: Path) -> None:
        self.made.append(day)
        days = (date(2026, 1, 1) + timedelta(days=step) for step in range((day - date(2026, 1, 1)).days + 1))
        destination.write_text("".join(f"{one},{one.day}\n" for one in days))


@pytest.fixture
def market(three_worlds: dict[int, Any]) -> PricedMarket:
    return PricedMarket(three_worlds[11])


@pytest.fixture
def priced(tmp_path: Path, market: PricedMarket) -> Iterator[LocalTournament]:
    with local_tournament(tmp_path / "priced", world=market) as running:
        yield running


def get(sim: LocalTournament, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urlopen(Request(sim.url + path, method=method, headers=headers)) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except HTTPError as error:
        return error.code, dict(error.headers), error.read()


def last_day(data: bytes) -> date:
    return date.fromisoformat(data.decode().splitlines()[-1].partition(",")[0])


def test_the_names_are_listed_and_lead_to_files(priced: LocalTournament) -> None:
    (name,) = json.loads(get(priced, "/prices/")[2])
    status, _, data = get(priced, f"/prices/{name}")
    assert status == 200
    assert last_day(data) == priced.now().date() - timedelta(days=1)


def test_a_day_s_bars_are_there_once_it_is_over(priced: LocalTournament) -> None:
    midnight = datetime.combine(priced.now().date() + timedelta(days=1), datetime.min.time(), priced.now().tzinfo)
    priced.advance(midnight - timedelta(seconds=1))
    assert last_day(get(priced, "/prices/signals/daily.csv")[2]) == midnight.date() - timedelta(days=2)
    priced.advance(midnight)
    assert last_day(get(priced, "/prices/signals/daily.csv")[2]) == midnight.date() - timedelta(days=1)


def test_an_edition_is_made_once(priced: LocalTournament, market: PricedMarket) -> None:
    tags = {get(priced, "/prices/signals/daily.csv")[1]["ETag"] for _ in range(3)}
    assert len(tags) == len(market.made) == 1
    priced.advance(timedelta(days=1))
    assert get(priced, "/prices/signals/daily.csv")[1]["ETag"] not in tags
    assert len(market.made) == 2


def test_headers_alone_and_parts(priced: LocalTournament) -> None:
    whole = get(priced, "/prices/signals/daily.csv")[2]
    status, headers, nothing = get(priced, "/prices/signals/daily.csv", "HEAD")
    assert (status, headers["Content-Length"], nothing) == (200, str(len(whole)), b"")
    part = get(priced, "/prices/signals/daily.csv", Range="bytes=5-", **{"If-Range": headers["ETag"]})
    assert (part[0], part[2]) == (206, whole[5:])
    priced.advance(timedelta(days=1))
    later = get(priced, "/prices/signals/daily.csv", Range="bytes=5-", **{"If-Range": headers["ETag"]})
    assert later[0] == 200
    assert later[2].startswith(whole)


def test_requests_for_prices_are_logged_and_can_be_disturbed(priced: LocalTournament) -> None:
    priced.disturb("error-before")
    assert get(priced, "/prices/signals/daily.csv")[0] >= 500
    (request,) = priced.requests()
    assert (request["operation"], request["file"]) == ("price-file", "signals/daily.csv")


@pytest.mark.parametrize("name", ["signals/weekly.csv", "../journal.jsonl", "signals/"])
def test_there_are_no_other_files(priced: LocalTournament, name: str) -> None:
    assert get(priced, f"/prices/{name}")[0] == 404


def test_a_world_without_prices_offers_none(sim: LocalTournament) -> None:
    assert json.loads(get(sim, "/prices/")[2]) == []
    assert get(sim, "/prices/signals/daily.csv")[0] == 404
