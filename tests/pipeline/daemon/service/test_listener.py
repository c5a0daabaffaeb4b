"""The three pages over loopback, and nothing else."""

from __future__ import annotations

import socket
import threading

import httpx
import pytest

from eraforge.core.errors import UserError
from eraforge.core.secret import Secret, guard
from eraforge.pipeline.daemon.service.condition import Verdict
from eraforge.pipeline.daemon.service.listener import address_of, listening


def test_pages_and_statuses() -> None:
    ready = Verdict(("round 7 of a is in danger",))
    with (
        listening("127.0.0.1:0", Verdict, lambda: ready, lambda: "eraforge_up 1\n") as (host, port),
        httpx.Client(base_url=f"http://{host}:{port}") as client,
    ):
        health = client.get("/health")
        assert (health.status_code, health.json()) == (200, {"alive": True, "reasons": []})
        refused = client.get("/ready?verbose")
        assert (refused.status_code, refused.json()["reasons"]) == (503, list(ready.reasons))
        metrics = client.get("/metrics")
        assert metrics.text == "eraforge_up 1\n" and "version=0.0.4" in metrics.headers["content-type"]
        head = client.head("/health")
        assert head.status_code == 200 and head.content == b""
        assert client.get("/../etc/passwd").status_code == client.get("/").status_code == 404
        assert client.post("/health", content=b"x" * 1000).status_code == 501
        assert "Python" not in health.headers["server"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{host}:{port}/health")


def test_who_never_speaks_keeps_nobody_waiting() -> None:
    waiting = threading.Event()
    with listening("127.0.0.1:0", Verdict, Verdict, lambda: str(waiting.wait(20))) as (host, port):
        silent = [socket.create_connection((host, port)) for _ in range(5)]
        slow = threading.Thread(target=lambda: httpx.get(f"http://{host}:{port}/metrics", timeout=30))
        slow.start()
        assert httpx.get(f"http://{host}:{port}/health", timeout=3).status_code == 200
        waiting.set()
        slow.join()
        for one in silent:
            one.close()


def test_a_page_shows_no_secret() -> None:
    guard(Secret("CANARY-LISTENER"))
    with listening("127.0.0.1:0", Verdict, lambda: Verdict(("x CANARY-LISTENER y",)), str) as (host, port):
        assert "CANARY" not in httpx.get(f"http://{host}:{port}/ready").text


def test_addresses() -> None:
    assert address_of(":9464") == ("127.0.0.1", 9464)
    assert address_of("0.0.0.0:1") == ("0.0.0.0", 1)
    assert address_of("[::1]:80") == ("::1", 80)
    for wrong in ("9464", "host:", "host:port", ":70000", ""):
        with pytest.raises(UserError) as caught:
            address_of(wrong)
        assert caught.value.code == "wrong-address"


def test_a_taken_port_is_told() -> None:
    with (
        listening("127.0.0.1:0", Verdict, Verdict, str) as (_, port),
        pytest.raises(UserError) as caught,
        listening(f"127.0.0.1:{port}", Verdict, Verdict, str),
    ):
        raise AssertionError("two cannot listen at one port")
    assert caught.value.code == "cannot-listen"
