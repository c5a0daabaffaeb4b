"""The deadline reaches down to each read of the socket, on every connection a client opens."""

from typing import Any

import httpx
import pytest

from eraforge.arenas.wire.connection import deadline, open_client
from eraforge.core.clock import monotonic


@pytest.mark.parametrize("fault", ["drip headers", "drip body", "hang"])
def test_an_exchange_ends_at_its_deadline_however_slowly_it_drips(server: Any, reply: Any, fault: str) -> None:
    server.plan = [reply({"data": "x" * 300}, fault=fault)]
    started = monotonic()
    with open_client(httpx.Timeout(30)) as client, deadline(0.3), pytest.raises(httpx.TimeoutException):
        client.get(server.url)
    assert monotonic() - started < 1


def test_a_deadline_that_has_passed_sends_nothing(server: Any) -> None:
    with open_client(httpx.Timeout(30)) as client, deadline(-1), pytest.raises(httpx.ConnectTimeout):
        client.get(server.url)
    assert server.seen == []


def test_without_a_deadline_a_client_is_an_ordinary_one(server: Any) -> None:
    with open_client(httpx.Timeout(5)) as client:
        assert client.get(server.url).json() == {"data": {}}


def test_proxies_of_the_environment_keep_the_deadline(server: Any, reply: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.plan = [reply({"data": {}}, fault="drip body"), reply({"data": {}})]
    with open_client(httpx.Timeout(30)) as client:
        with deadline(0.1), pytest.raises(httpx.TimeoutException):
            client.get("http://tournament.invalid/")
        assert client.get("http://tournament.invalid/").json() == {"data": {}}
