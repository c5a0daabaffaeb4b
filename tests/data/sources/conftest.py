"""A local server that answers in a vendor's recorded format, and what a source knows at the start."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from eraforge.core.clock import StandingClock
from eraforge.core.digest import digest_bytes
from eraforge.data.sources.source import Known

Answers = Callable[[str, dict[str, str]], tuple[int, Any]]


@dataclass
class Recorded:
    """A running server; `asked` holds the (path, query) of every request."""

    url: str
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def recorded(answers: Answers) -> Iterator[Recorded]:
    """Serve on loopback; a path such as `/https://host/v1` is that of the vendor behind it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(unquote(self.path).removeprefix("/"))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            running.asked.append((parts.path, query))
            status, body = answers(parts.path, query)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", f'"{digest_bytes(data)}"')
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Recorded(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[Answers], Recorded]]:
    """Start recorded servers that stop with the test."""
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(recorded(answers))


@pytest.fixture
def known(tmp_path: Path) -> Known:
    """Nothing is stored yet, and it is New Year 2026."""
    return Known({}, {}, tmp_path / "scratch", StandingClock(datetime(2026, 1, 1, tzinfo=UTC)), lambda *_: None)
