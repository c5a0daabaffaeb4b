"""The HTTP side: reads requests, sends answers in the manner they say. The `Date` of every answer is virtual time."""

from __future__ import annotations

import ipaddress
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from eraforge.core.errors import EraforgeError, UserError
from eraforge.simulator.exchange.replies import Reply, document, text
from eraforge.simulator.page.situation import page, situation
from eraforge.simulator.server import control
from eraforge.simulator.server.prices import PRICES
from eraforge.simulator.server.routes import UPLOADS, Site, call_of_file, call_of_query, call_of_upload

CHUNK = 1 << 20
LARGEST_QUERY = 10 << 20
LARGEST_UPLOAD = 256 << 20
CONTROL = "/control/"


class Server(ThreadingHTTPServer):
    """A thread a connection; threads die with the process."""

    daemon_threads = True
    site: Site

    def __init__(self, address: tuple[str, int]) -> None:
        self.closing = threading.Event()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are."""
        TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)

    def shutdown(self) -> None:
        """Stop serving; answers that a fault holds back are given up."""
        self.closing.set()
        super().shutdown()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection, request after request."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "eraforge-simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 120
    skew = timedelta(0)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The virtual time, for the `Date` header, as the server's clock has it."""
        return format_datetime(self.server.site.tournament.now() + self.skew, usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        """The journal and the file of requests are the log."""

    def do_GET(self) -> None:
        """The page, a file, the names of the price files, or a control reading."""
        path, query = self._target()
        site = self.server.site
        call = None if path == PRICES else call_of_file(path, query, dict(self.headers), self.command == "HEAD")
        if call is not None:
            self._send(site.answer(call))
        elif path == PRICES:
            self._send(document(site.prices.names()))
        elif path == "/":
            shown = page(site.tournament.world.synthetic)
            self._send(Reply(200, shown, "text/html; charset=utf-8", skew=site.board.skew()))
        elif path == "/control/situation":
            self._control(lambda: situation(site.tournament, site.board, site.log))
        elif path.startswith(CONTROL):
            self._control(lambda: control.read(site, path))
        else:
            self._send(text(404, "NoSuchKey"))

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        """Store an upload under the name the server gave it."""
        path, query = self._target()
        data = self._body(LARGEST_UPLOAD)
        if data is None:
            return
        if path.startswith(UPLOADS):
            self._send(self.server.site.answer(call_of_upload(path, query, data)))
        else:
            self._send(text(403, "SignatureDoesNotMatch"))

    def do_POST(self) -> None:
        """GraphQL, or a control change."""
        path, _ = self._target()
        data = self._body(LARGEST_QUERY)
        if data is None:
            return
        try:
            body = json.loads(data or b"{}")
        except ValueError:
            self._send(text(400, "The body is not JSON."))
            return
        site = self.server.site
        if not isinstance(body, dict):
            self._send(text(400, "The body is not a JSON object."))
        elif path == "/":
            host = self.headers.get("Host") or f"{self.server.server_name}:{self.server.server_port}"
            self._send(site.answer(call_of_query(site, body, f"http://{host}", self.headers.get("Authorization"))))
        elif path.startswith(CONTROL):
            self._control(lambda: control.change(site, path, body))
        else:
            self._send(text(404, "Not Found"))

    def _control(self, ask: Callable[[], Any]) -> None:
        if not ipaddress.ip_address(self.client_address[0]).is_loopback:
            self._send(text(403, "Control is for this machine only."))
            return
        try:
            reply = document(ask())
        except EraforgeError as error:
            reply = document(error.as_dict(), 404 if error.code == "no-such-control" else error.http_status)
        self._send(reply)

    def _target(self) -> tuple[str, str]:
        parts = urlsplit(self.path)
        return unquote(parts.path) or "/", parts.query

    def _body(self, largest: int) -> bytes | None:
        """The whole body, or None after an error answer; a body cut short is never taken for a whole one."""
        try:
            length = int(self.headers.get("Content-Length") or (0 if self.command == "POST" else -1))
        except ValueError:
            length = -1
        if not 0 <= length <= largest:
            self.close_connection = True
            self._send(text(411 if length < 0 else 413, "Content-Length missing or too large"))
            return None
        data = self.rfile.read(length)
        if len(data) < length:
            self.close_connection = True
            return None
        return data

    def _send(self, reply: Reply) -> None:
        """Send the answer in the manner it says: late, slowly, cut short, or not at all."""
        if reply.wait:
            self.server.closing.wait(reply.wait)
        if not reply.answered:
            self._hang_up()
            return
        sent = reply.size if reply.sent is None else reply.sent
        announced = reply.size if reply.announced is None else reply.announced
        self.skew = reply.skew
        self.close_connection |= sent != announced
        self.send_response(HTTPStatus(reply.status))
        headers = {"Content-Type": reply.kind, **reply.headers, "Content-Length": str(announced)}
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        size = CHUNK if reply.pieces == 1 else -(-sent // reply.pieces) or 1
        for piece in _pieces(reply, sent, size):
            if reply.pause and self.server.closing.wait(reply.pause):
                break
            self.wfile.write(piece)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _pieces(reply: Reply, sent: int, size: int) -> Iterator[bytes]:
    """The first `sent` bytes of the body, at most `size` at a time."""
    if reply.file is None:
        for first in range(0, sent, size):
            yield reply.body[first : min(first + size, sent)]
        return
    with reply.file.open("rb") as file:
        file.seek(reply.first)
        while sent > 0:
            piece = file.read(min(size, sent))
            sent -= len(piece)
            yield piece


def bind(host: str, port: int) -> Server:
    """A server that listens there; port 0 picks a free one. It has no site yet.

    Raises:
        UserError: `port-in-use`.
    """
    try:
        return Server((host, port))
    except OSError as error:
        raise UserError(
            "port-in-use",
            f"Port {port} of {host} cannot be used: {error.strerror}.",
            "Stop what uses it, or choose another port (0 picks a free one).",
        ) from error
