"""A small server of answers on loopback: each request takes the next answer of the plan."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

PUBLIC, SECRET = "PUBLICCANARY7XQ2", "SECRETCANARY9ZK4/+"


@dataclass
class Reply:
    """One answer: a JSON-able body or bytes, or a way to misbehave."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


class AnswerServer:
    """Answers requests from a plan, or by a function of the request."""

    def __init__(self) -> None:
        self.plan: list[Reply] = []
        self.answer: Callable[[Seen], Reply] | None = None
        self.seen: list[Seen] = []
        self.release = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def handle_any(self) -> None:
                outer.handle(self)

            do_GET = do_POST = do_PUT = do_HEAD = handle_any

            def date_time_string(self, timestamp: float | None = None) -> str:
                return outer.date or super().date_time_string(timestamp)

        self.date = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda request, address: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        seen = Seen(handler.command, handler.path, {k.lower(): v for k, v in handler.headers.items()}, body)
        self.seen.append(seen)
        reply = self.plan.pop(0) if self.plan else self.answer(seen) if self.answer else Reply({"data": {}})
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        try:
            self.send(handler, reply, data)
        except OSError:
            handler.close_connection = True

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply, data: bytes) -> None:
        if reply.fault == "hang":
            self.release.wait(5)
        if reply.fault in ("cut", "hang"):
            handler.close_connection = True
            return
        if reply.fault == "drip headers":
            for sign in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200:
                handler.wfile.write(bytes([sign]))
                if self.release.wait(0.03):
                    break
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if reply.fault == "drip body":
            for sign in data:
                handler.wfile.write(bytes([sign]))
                if self.release.wait(0.03):
                    break
        elif reply.fault == "cut body":
            handler.wfile.write(data[: len(data) // 2])
            handler.close_connection = True
        elif handler.command != "HEAD":
            handler.wfile.write(data)


@pytest.fixture
def server() -> Iterator[AnswerServer]:
    running = AnswerServer()
    yield running
    running.close()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def keys() -> Any:
    from eraforge.arenas.credentials import Credentials
    from eraforge.core.secret import Secret

    return Credentials(Secret(PUBLIC), Secret(SECRET))
