"""A download is believed only when it is whole: every way a server or a line can lie is played on loopback."""

import errno
import hashlib
import io
import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from eraforge.core.clock import StandingClock
from eraforge.core.errors import DataError, EraforgeError, Transient
from eraforge.data.download import Arrival, Persistence, download

QUICK = Persistence(connect=2, read=0.4, fruitless=4)


def parquet(seed: int) -> bytes:
    values = np.random.default_rng(seed).integers(0, 1 << 60, 30_000)
    buffer = io.BytesIO()
    pl.DataFrame({"id": values}).write_parquet(buffer, compression="uncompressed")
    return buffer.getvalue()


NEW, OLD = parquet(1), parquet(2)


class FaultServer:
    """Serves one file; each request takes the next fault of the plan, then serves soundly."""

    def __init__(self) -> None:
        self.content = NEW
        self.names = "etag"
        self.faults: list[str] = []
        self.ranges: list[str | None] = []
        self.statuses: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                outer.serve(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda request, address: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.release = threading.Event()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/train.parquet?signature=x"

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        fault = self.faults.pop(0) if self.faults else ""
        asked = handler.headers.get("Range")
        self.ranges.append(asked)
        body, start, status = self.content, 0, 200
        if fault.startswith("status "):
            return self.answer(handler, int(fault.split()[1]), b"no", {})
        if fault == "hang":
            self.release.wait(3)
            handler.close_connection = True
            return None
        etag = f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'
        headers = {"ETag": etag} if self.names == "etag" else {}
        if self.names == "date":
            headers = {"Last-Modified": "Tue, 01 Sep 2026 12:00:00 GMT"}
        if self.names == "weak":
            headers = {"ETag": "W/" + etag}
        asked_for = handler.headers.get("If-Range")
        fresh = asked_for in headers.values() or fault in ("if-range-ignored", "wrong-range")
        if asked and fault != "range-ignored" and fresh:
            start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
            if start >= len(body):
                return self.answer(handler, 416, b"", {"Content-Range": f"bytes */{len(body)}"})
            start -= 100 * (fault == "wrong-range")
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self.statuses.append(status)
        return self.send(handler, status, body[start:], headers, fault)

    def send(
        self, handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str], fault: str
    ) -> None:
        half = len(body) // 2
        if fault == "length-too-short":
            body = body[:half]
        length = len(body) + 500 if fault == "length-too-long" else len(body)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if fault in ("no-length", "no-length-cut"):
            handler.send_header("Connection", "close")
        else:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        try:
            self.write(handler, body, half, fault)
        except OSError:
            handler.close_connection = True

    def write(self, handler: BaseHTTPRequestHandler, body: bytes, half: int, fault: str) -> None:
        if fault in ("cut", "no-length-cut", "cut-then-changed", "stall"):
            handler.wfile.write(body[:half])
            handler.wfile.flush()
            if fault == "cut-then-changed":
                self.content = OLD
            if fault == "stall":
                self.release.wait(3)
            handler.close_connection = True
        elif fault == "slow":
            for at in range(0, len(body), len(body) // 5):
                handler.wfile.write(body[at : at + len(body) // 5])
                handler.wfile.flush()
                self.release.wait(0.05)
        else:
            handler.wfile.write(body)
            if fault in ("length-too-long", "no-length"):
                handler.close_connection = True

    def answer(self, handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.statuses.append(status)
        handler.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    running = FaultServer()
    yield running
    running.close()


class Shelf:
    """Takes whole files over, by digest."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def place(self, path: Path) -> str:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.replace(self.root / digest)
        return digest


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "objects")


def fetch(server: FaultServer, shelf: Shelf, name: str = "train.parquet", seen: list[float] | None = None) -> Arrival:
    def progress(what: str, done: float, total: float) -> None:
        if seen is not None:
            seen.append(done)

    clock = StandingClock(datetime(2026, 9, 1, tzinfo=UTC))
    return download(name, server.url, shelf.root.parent / "train.part", shelf.place, clock, progress, QUICK)


def assert_arrived(arrival: Arrival, shelf: Shelf, content: bytes) -> None:
    assert (shelf.root / arrival.digest).read_bytes() == content
    assert arrival.size == len(content)
    assert sorted(path.name for path in shelf.root.parent.iterdir()) == ["objects"]


def test_a_sound_server_needs_one_request(server: FaultServer, shelf: Shelf) -> None:
    seen: list[float] = []
    arrival = fetch(server, shelf, seen=seen)
    assert_arrived(arrival, shelf, NEW)
    assert (arrival.requests, arrival.received) == (1, len(NEW))
    assert arrival.etag
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, float(len(NEW)))


@pytest.mark.parametrize("fault", ["cut", "stall", "length-too-long"])
def test_a_broken_connection_goes_on_where_it_stands(server: FaultServer, shelf: Shelf, fault: str) -> None:
    server.faults = [fault]
    seen: list[float] = []
    arrival = fetch(server, shelf, seen=seen)
    assert_arrived(arrival, shelf, NEW)
    if fault != "length-too-long":
        assert (arrival.received, server.statuses) == (len(NEW), [200, 206])
        assert seen == sorted(seen)


def test_a_slow_line_is_waited_for(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["slow"]
    assert fetch(server, shelf).requests == 1


def test_many_cuts_with_progress_still_arrive(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["cut"] * 8
    arrival = fetch(server, shelf)
    assert_arrived(arrival, shelf, NEW)
    assert (arrival.requests, arrival.received) == (9, len(NEW))


@pytest.mark.parametrize("fault", ["range-ignored", "wrong-range"])
def test_a_server_that_mishandles_ranges_never_glues_a_file(server: FaultServer, shelf: Shelf, fault: str) -> None:
    server.faults = ["cut", fault]
    arrival = fetch(server, shelf)
    assert_arrived(arrival, shelf, NEW)
    assert arrival.received == len(NEW) // 2 + len(NEW), "not a byte of the wrong range is read"


def test_a_file_changed_underway_is_fetched_anew(server: FaultServer, shelf: Shelf) -> None:
    assert len(OLD) == len(NEW)
    server.faults = ["cut-then-changed"]
    assert_arrived(fetch(server, shelf), shelf, OLD)


@pytest.mark.parametrize("names", ["etag", "none", "weak"])
def test_a_changed_file_is_noticed_even_when_if_range_is_ignored(server: FaultServer, shelf: Shelf, names: str) -> None:
    server.names = names
    server.faults = ["cut-then-changed", "if-range-ignored"]
    assert_arrived(fetch(server, shelf), shelf, OLD)


@pytest.mark.parametrize(("names", "resumed"), [("date", True), ("none", False), ("weak", False)])
def test_only_named_content_is_gone_on_with(server: FaultServer, shelf: Shelf, names: str, resumed: bool) -> None:
    server.names, server.faults = names, ["cut"]
    arrival = fetch(server, shelf)
    assert_arrived(arrival, shelf, NEW)
    assert (arrival.received == len(NEW)) is resumed


def test_an_interrupted_call_is_gone_on_with_by_the_next(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["cut", *["status 503"] * 9]
    with pytest.raises(Transient) as caught:
        fetch(server, shelf)
    assert caught.value.code == "file-server-down"
    server.faults = []
    arrival = fetch(server, shelf)
    assert_arrived(arrival, shelf, NEW)
    assert arrival.received < len(NEW)


def test_a_stale_part_of_the_same_size_is_never_taken_as_fresh(server: FaultServer, shelf: Shelf) -> None:
    part = shelf.root.parent / "train.part"
    part.write_bytes(OLD)
    assert_arrived(fetch(server, shelf), shelf, NEW)


def test_a_stale_part_with_an_origin_of_old_content_is_started_over(server: FaultServer, shelf: Shelf) -> None:
    server.content, server.faults = OLD, ["cut", *["status 503"] * 9]
    with pytest.raises(Transient):
        fetch(server, shelf)
    server.content, server.faults = NEW, []
    assert_arrived(fetch(server, shelf), shelf, NEW)


def test_a_complete_part_with_its_origin_meets_416_and_starts_over(server: FaultServer, shelf: Shelf) -> None:
    part = shelf.root.parent / "train.part"
    part.write_bytes(NEW)
    etag = f'"{hashlib.sha256(NEW).hexdigest()[:16]}"'
    part.with_name("train.part.origin").write_text(
        json.dumps({"total": len(NEW), "etag": etag, "modified": "", "lasting": len(NEW)})
    )
    assert_arrived(fetch(server, shelf), shelf, NEW)
    assert server.statuses == [416, 200]


@pytest.mark.parametrize("status", [503, 500, 429, 403, 408])
def test_a_passing_refusal_is_asked_again(server: FaultServer, shelf: Shelf, status: int) -> None:
    server.faults = [f"status {status}"]
    assert_arrived(fetch(server, shelf), shelf, NEW)


def test_a_missing_file_is_final(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["status 404"]
    with pytest.raises(DataError) as caught:
        fetch(server, shelf)
    assert (caught.value.code, server.statuses) == ("file-not-served", [404])


def test_a_hanging_server_is_given_up(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["hang"] * 9
    with pytest.raises(Transient) as caught:
        fetch(server, shelf)
    assert caught.value.code == "download-cut"


def test_a_fresh_address_is_asked_for_before_every_request(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["cut", "status 403"]
    asked = iter([server.url, server.url + "1", server.url + "2"])
    clock = StandingClock(datetime(2026, 9, 1, tzinfo=UTC))
    part = shelf.root.parent / "train.part"
    arrival = download("train.parquet", lambda: next(asked), part, shelf.place, clock, persistence=QUICK)
    assert_arrived(arrival, shelf, NEW)
    assert arrival.requests == 3


@pytest.mark.parametrize("fault", ["length-too-short", "no-length-cut"])
def test_a_file_that_ends_early_is_not_believed(server: FaultServer, shelf: Shelf, fault: str) -> None:
    server.faults = [fault] * 3
    with pytest.raises(DataError) as caught:
        fetch(server, shelf)
    assert caught.value.code == "file-damaged"
    assert list(shelf.root.iterdir()) == []
    assert not (shelf.root.parent / "train.part").exists()


def test_a_file_without_a_told_size_is_believed_by_its_own_end_only(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["no-length"]
    assert_arrived(fetch(server, shelf), shelf, NEW)
    server.faults = ["no-length"]
    with pytest.raises(DataError) as caught:
        fetch(server, shelf, name="example.csv")
    assert caught.value.code == "file-size-unknown"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.parquet", b"<html>sign in</html>"),
        ("train.parquet", NEW[:-4] + b"XXXX"),
        ("train.parquet", b"XXXX" + NEW[4:]),
        ("train.parquet", b"PAR1" + bytes(100) + b"PAR1"),
        ("train.parquet", b""),
        ("features.json", b'{"feature_sets": {'),
        ("example.csv", b""),
    ],
)
def test_a_file_of_the_right_size_with_the_wrong_structure_is_not_believed(
    server: FaultServer, shelf: Shelf, name: str, content: bytes
) -> None:
    server.content = content
    with pytest.raises(DataError) as caught:
        fetch(server, shelf, name=name)
    assert caught.value.code == "file-damaged"


def test_a_json_file_is_read_before_it_is_believed(server: FaultServer, shelf: Shelf) -> None:
    server.content = b'{"feature_sets": {}}'
    assert_arrived(fetch(server, shelf, name="features.json"), shelf, server.content)


def test_a_full_disk_speaks_before_a_byte_is_asked_in_vain(
    server: FaultServer, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(Transient) as caught:
        fetch(server, shelf)
    assert caught.value.code == "disk-full"


def test_a_disk_that_fills_up_keeps_what_has_arrived(
    server: FaultServer, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults = ["cut", *["status 503"] * 9]
    with pytest.raises(Transient):
        fetch(server, shelf)
    part = shelf.root.parent / "train.part"
    kept = part.read_bytes()
    opened = Path.open

    class Full(io.FileIO):
        def write(self, data: bytes) -> int:  # type: ignore[override]
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(
        Path, "open", lambda path, mode="r", **more: Full(path, "a") if mode == "ab" else opened(path, mode, **more)
    )
    server.faults = []
    with pytest.raises(Transient) as caught:
        fetch(server, shelf)
    assert caught.value.code == "disk-full"
    monkeypatch.undo()
    assert part.read_bytes() == kept
    arrival = fetch(server, shelf)
    assert_arrived(arrival, shelf, NEW)
    assert arrival.received == len(NEW) - len(kept)


def test_bytes_not_known_to_lie_on_the_disk_are_not_gone_on_with(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["cut", *["status 503"] * 9]
    with pytest.raises(Transient):
        fetch(server, shelf)
    part = shelf.root.parent / "train.part"
    kept = part.stat().st_size
    with part.open("ab") as file:
        file.write(bytes(5000))
    server.faults = []
    arrival = fetch(server, shelf)
    assert_arrived(arrival, shelf, NEW)
    assert arrival.received == len(NEW) - kept


def test_an_unwritable_place_is_named(server: FaultServer, shelf: Shelf) -> None:
    blocker = shelf.root.parent / "file"
    blocker.write_text("")
    clock = StandingClock(datetime(2026, 9, 1, tzinfo=UTC))
    with pytest.raises(EraforgeError) as caught:
        download("train.parquet", server.url, blocker / "part", shelf.place, clock, persistence=QUICK)
    assert caught.value.code == "part-not-writable"


def test_the_whole_call_has_a_limit(server: FaultServer, shelf: Shelf) -> None:
    server.faults = ["cut"] * 50
    clock = StandingClock(datetime(2026, 9, 1, tzinfo=UTC))
    limits = Persistence(read=0.4, first_pause=10, whole=25)
    with pytest.raises(Transient) as caught:
        download("train.parquet", server.url, shelf.root.parent / "p", shelf.place, clock, persistence=limits)
    assert caught.value.code == "download-cut"
