"""A server is asked what it holds with one byte, whichever way it answers a range."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from eraforge.core.clock import StandingClock
from eraforge.core.errors import EraforgeError
from eraforge.data import probe as probing
from eraforge.data.probe import probe

SIZE = 1000
STANDING = StandingClock(datetime(2026, 9, 1, tzinfo=UTC))


class Handler(BaseHTTPRequestHandler):
    """`/range` honours ranges, `/whole` ignores them, `/<status>` answers with that status."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    slow: ClassVar[int] = 0
    failing: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        kind = self.path.strip("/")
        if kind == "failing":
            kind = Handler.failing.pop(0) if Handler.failing else "range"
        if kind == "slow":
            Handler.slow -= 1
            if Handler.slow >= 0:
                time.sleep(0.5)
            kind = "range"
        self.send_response(int(kind) if kind.isdigit() else 206 if kind == "range" else 200)
        self.send_header("ETag", '"abc"')
        if kind == "range":
            self.send_header("Content-Range", f"bytes 0-0/{SIZE}")
        length = 1 if kind == "range" else SIZE if kind == "whole" else 0
        self.send_header("Content-Length", str(length))
        self.end_headers()
        with suppress(BrokenPipeError):  # who waited too long has gone
            self.wfile.write(bytes(length))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", ["range", "whole"])
def test_size_and_name_are_told(url: str, kind: str) -> None:
    told = probe("live.parquet", f"{url}/{kind}")
    assert (told.total, told.validator) == (SIZE, '"abc"')


@pytest.mark.parametrize(("slow", "told"), [(2, True), (probing.TRIES, False)])
def test_a_file_that_is_still_being_made_is_waited_for(
    url: str, slow: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "SECONDS", 0.2)
    monkeypatch.setattr(probing, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(Handler, "slow", slow)
    if told:
        assert probe("train.parquet", f"{url}/slow").total == SIZE
    else:
        with pytest.raises(EraforgeError, match="ReadTimeout"):
            probe("train.parquet", f"{url}/slow")


def test_what_fails_in_passing_is_asked_again_at_a_fresh_address(url: str) -> None:
    clock, asked = StandingClock(datetime(2026, 9, 1, tzinfo=UTC)), []

    def address() -> str:
        asked.append(clock.now())
        return f"{url}/failing"

    Handler.failing = ["503", "429", "403"]
    assert probe("live.parquet", address, clock).total == SIZE
    assert len(asked) == 4 and asked == sorted(set(asked))  # later and later
    Handler.failing = ["503"] * probing.TRIES
    with pytest.raises(EraforgeError, match="503"):
        probe("live.parquet", address, clock)
    assert not Handler.failing


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (503, "Transient", "file-server-down"),
        (403, "Transient", "file-server-down"),
        (404, "DataError", "file-not-served"),
    ],
)
def test_a_refusal_is_typed(url: str, status: int, kind: str, code: str) -> None:
    with pytest.raises(EraforgeError) as caught:
        probe("live.parquet", f"{url}/{status}", STANDING)
    assert (type(caught.value).__name__, caught.value.code) == (kind, code)


def test_nobody_listening_is_transient() -> None:
    with pytest.raises(EraforgeError) as caught:
        probe("live.parquet", "http://127.0.0.1:9/x", STANDING)
    assert caught.value.code == "file-server-down"
