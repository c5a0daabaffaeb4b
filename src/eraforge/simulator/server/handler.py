"""The HTTP side: routes, headers, bodies. The `Date` of every answer is the virtual time."""

from __future__ import annotations

import ipaddress
import json
import sys
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from eraforge.core.errors import EraforgeError, UserError
from eraforge.simulator.server import control
from eraforge.simulator.server.context import Context
from eraforge.simulator.server.files import DatasetFiles, entity_tag, part_of
from eraforge.simulator.server.links import Links
from eraforge.simulator.tournament.engine import Tournament

CHUNK = 1 << 20
LARGEST_QUERY = 10 << 20
LARGEST_UPLOAD = 256 << 20
PAGE = """<!doctype html><title>eraforge simulator</title>
<p>This is a local tournament to practise in: {synthetic}. Nothing here is real, and nothing leaves this machine.
<p>Virtual time: {now}. GraphQL: POST to this address.
"""


@dataclass(frozen=True, slots=True)
class Site:
    """What the requests are answered from."""

    tournament: Tournament
    links: Links
    datasets: DatasetFiles


class Server(ThreadingHTTPServer):
    """A thread a connection; threads die with the process."""

    daemon_threads = True
    site: Site

    def server_bind(self) -> None:
        """Bind without asking the name service who we are."""
        TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)

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

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The virtual time, for the `Date` header."""
        return format_datetime(self.server.site.tournament.now(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        """The journal is the log."""

    def do_GET(self) -> None:
        """A page, a file, a submission, or a control reading."""
        path, query = self._target()
        site = self.server.site
        if path == "/":
            now = self.date_time_string()
            page = PAGE.format(synthetic=site.tournament.world.synthetic, now=now)
            self._send(200, page.encode(), "text/html; charset=utf-8")
        elif path.startswith("/files/"):
            _, _, stamp, filename = path.split("/", 3) if path.count("/") >= 3 else ("", "", "", "")
            if self._allowed("GET", path, query):
                self._send_file(site.datasets.path(stamp, filename))
        elif path.startswith("/submissions/"):
            if self._allowed("GET", path, query):
                found = site.tournament.submission(path.split("/")[2])
                self._send_file(None if found is None else site.tournament.objects.path(found.digest))
        elif path.startswith("/uploads/"):
            if self._allowed("GET", path, query):
                upload = site.tournament.records.uploads.get(path.removeprefix("/uploads/"))
                stored = None if upload is None else upload.digest
                self._send_file(None if stored is None else site.tournament.objects.path(stored))
        elif path.startswith("/control/"):
            self._control(lambda: control.read(site.tournament, path))
        else:
            self._plain(404, "NoSuchKey")

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        """Store an upload under the name the server gave it."""
        path, query = self._target()
        data = self._body(LARGEST_UPLOAD)
        if data is None or not self._allowed("PUT", path, query):
            return
        try:
            digest = self.server.site.tournament.store_object(path.removeprefix("/s3/"), data)
        except EraforgeError as error:
            self._plain(error.http_status, error.sentence)
            return
        self._send(200, b"", "text/plain", {"ETag": f'"{digest[:32]}"'})

    def do_POST(self) -> None:
        """GraphQL, or a control change."""
        path, _ = self._target()
        data = self._body(LARGEST_QUERY)
        if data is None:
            return
        try:
            body = json.loads(data or b"{}")
        except ValueError:
            self._plain(400, "The body is not JSON.")
            return
        if not isinstance(body, dict):
            self._plain(400, "The body is not a JSON object.")
        elif path == "/":
            self._graphql(body)
        elif path.startswith("/control/"):
            self._control(lambda: control.change(self.server.site.tournament, path, body))
        else:
            self._plain(404, "Not Found")

    def _graphql(self, body: dict[str, Any]) -> None:
        from eraforge.simulator.server.schema import answer

        site = self.server.site
        host = self.headers.get("Host") or f"{self.server.server_name}:{self.server.server_port}"
        origin, key = f"http://{host}", self.headers.get("Authorization")
        context = Context(site.tournament, site.links, site.datasets, origin, key)
        with site.tournament.lock:
            answered = answer(body, context)
        self._send(answered.status, answered.body, "application/json; charset=utf-8")

    def _control(self, ask: Any) -> None:
        if not ipaddress.ip_address(self.client_address[0]).is_loopback:
            self._plain(403, "Control is for this machine only.")
            return
        try:
            status, body = 200, ask()
        except EraforgeError as error:
            status, body = (404 if error.code == "no-such-control" else error.http_status), error.as_dict()
        self._send(status, json.dumps(body, sort_keys=True).encode(), "application/json; charset=utf-8")

    def _target(self) -> tuple[str, str]:
        parts = urlsplit(self.path)
        return unquote(parts.path) or "/", parts.query

    def _allowed(self, method: str, path: str, query: str) -> bool:
        problem = self.server.site.links.problem(method, path, query)
        if problem is not None:
            self._plain(403, problem)
        return problem is None

    def _body(self, largest: int) -> bytes | None:
        """The whole body, or None after an error answer; a body cut short is never taken for a whole one."""
        try:
            length = int(self.headers.get("Content-Length") or (0 if self.command == "POST" else -1))
        except ValueError:
            length = -1
        if not 0 <= length <= largest:
            self.close_connection = True
            self._plain(411 if length < 0 else 413, "Content-Length missing or too large")
            return None
        data = self.rfile.read(length)
        if len(data) < length:
            self.close_connection = True
            return None
        return data

    def _plain(self, status: int, text: str) -> None:
        self._send(status, text.encode(), "text/plain; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(HTTPStatus(status))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_file(self, path: Path | None) -> None:
        if path is None:
            self._plain(404, "NoSuchKey")
            return
        with path.open("rb") as file:
            part = part_of(path.stat().st_size, self.headers.get("Range"))
            self.send_response(HTTPStatus(part.status))
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("ETag", entity_tag(path))
            for name, value in part.headers().items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            file.seek(part.first)
            left = part.length
            while left:
                chunk = file.read(min(CHUNK, left))
                self.wfile.write(chunk)
                left -= len(chunk)


def bind(host: str, port: int) -> Server:
    """A server that listens there; port 0 picks a free one. It has no site yet.

    Raises:
        UserError: `port-in-use`.
    """
    try:
        return Server((host, port), Handler)
    except OSError as error:
        raise UserError(
            "port-in-use",
            f"Port {port} of {host} cannot be used: {error.strerror}.",
            "Stop what uses it, or choose another port (0 picks a free one).",
        ) from error
