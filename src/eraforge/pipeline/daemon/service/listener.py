"""Answers `/health`, `/ready` and `/metrics` in threads of their own; reads, and never makes the daemon wait."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from eraforge.core.errors import UserError
from eraforge.core.secret import redact
from eraforge.pipeline.daemon.service.condition import Verdict
from eraforge.pipeline.daemon.service.exposition import CONTENT_TYPE

LOOPBACK = "127.0.0.1"
CALL_SECONDS = 5.0
Answer = tuple[int, str, str]


def address_of(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; without a host it is this machine alone.

    Raises:
        UserError: `wrong-address`.
    """
    host, separator, port = text.rpartition(":")
    if not separator or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UserError("wrong-address", f"--listen is {text!r}.", "Use HOST:PORT, such as 127.0.0.1:9464.")
    return host.strip("[]") or LOOPBACK, int(port)


@contextmanager
def listening(
    address: str, alive: Callable[[], Verdict], ready: Callable[[], Verdict], metrics: Callable[[], str]
) -> Iterator[tuple[str, int]]:
    """Serve until the block is left; yields the host and the port that was taken.

    Raises:
        UserError: `wrong-address`, `cannot-listen`.
    """
    host, port = address_of(address)
    pages: dict[str, Callable[[], Answer]] = {
        "/health": lambda: _verdict("alive", alive()),
        "/ready": lambda: _verdict("ready", ready()),
        "/metrics": lambda: (200, CONTENT_TYPE, metrics()),
    }
    try:
        server = _server(host, port, pages)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(
            "cannot-listen", f"Nothing can listen at {address}: {reason}.", "Choose another address or port."
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="listener", daemon=True)
    thread.start()
    try:
        yield host, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _verdict(word: str, verdict: Verdict) -> Answer:
    text = json.dumps({word: verdict.ok, "reasons": list(verdict.reasons)}, ensure_ascii=False)
    return 200 if verdict.ok else 503, "application/json", text + "\n"


def _server(host: str, port: int, pages: dict[str, Callable[[], Answer]]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        """GET and HEAD of the pages, nothing else."""

        server_version, sys_version = "eraforge", ""
        timeout = CALL_SECONDS

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            known = ", ".join(pages)
            status, kind, text = page() if page else (404, "text/plain", f"There is only {known}.\n")
            body = redact(text).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *given: object) -> None:
            """Nobody reads who asked how it is."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """One who hangs up half-way is no trouble of ours."""

    return Server((host, port), Handler)
