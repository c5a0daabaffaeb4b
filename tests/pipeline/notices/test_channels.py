"""Channels deliver over real sockets and programs on this machine, and say what went wrong without their secrets."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from eraforge.core import plugins
from eraforge.core.errors import EraforgeError, Transient, UserError
from eraforge.core.ports import Notice
from eraforge.core.secret import Secret
from eraforge.pipeline.notices.channels import Chat, Desktop, LogFile, Mail, Webhook
from eraforge.pipeline.notices.office import ping

NOTICE = Notice(
    "turn-failed", "warning", "classic/main/alpha/1345", "It failed.", "Try again.", datetime(2026, 9, 1, tzinfo=UTC)
)


@pytest.fixture
def web() -> Iterator[tuple[str, list[dict[str, str]], list[int]]]:
    """An address that takes JSON, what it took, and the statuses it will answer with."""
    taken: list[dict[str, str]] = []
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *given: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret-path", taken, statuses
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_gets_all_facts_and_a_chat_gets_one_text(web: tuple[str, list[dict[str, str]], list[int]]) -> None:
    address, taken, _ = web
    Webhook(Secret(address)).notify(NOTICE)
    Chat(Secret(address), field="content").notify(NOTICE)
    assert taken[0]["code"] == "turn-failed" and taken[0]["next_step"] == "Try again."
    assert taken[1] == {"content": "[warning] classic/main/alpha/1345: It failed.\n→ Try again."}


@pytest.mark.parametrize(("status", "kind"), [(503, Transient), (429, Transient), (404, UserError)])
def test_a_webhook_that_refuses_is_told_without_its_address(
    web: tuple[str, list[dict[str, str]], list[int]], status: int, kind: type[EraforgeError]
) -> None:
    address, _, statuses = web
    statuses.append(status)
    with pytest.raises(kind) as caught:
        Webhook(Secret(address)).notify(NOTICE)
    assert "secret-path" not in caught.value.sentence + caught.value.next_step


def test_nobody_listening_is_no_delivery() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for channel in (Webhook(Secret(f"http://127.0.0.1:{port}/x")), Mail("127.0.0.1", "a@b", "c@d", port=port)):
        with pytest.raises(Transient):
            channel.notify(NOTICE)


def test_a_mail_is_sent_over_smtp() -> None:
    """A mail server of a few lines takes it, word for word."""
    server = socket.create_server(("127.0.0.1", 0))
    heard: list[str] = []

    def serve() -> None:
        peer, _ = server.accept()
        with peer, peer.makefile("rwb") as stream:

            def say(line: str) -> None:
                stream.write(line.encode() + b"\r\n")
                stream.flush()

            say("220 here")
            letter = False
            for raw in stream:
                line = raw.decode().rstrip("\r\n")
                heard.append(line)
                if letter:
                    letter = line != "."
                    if not letter:
                        say("250 taken")
                elif line.upper() == "DATA":
                    letter = True
                    say("354 go on")
                elif line.upper() == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 fine")

    thread = threading.Thread(target=serve)
    thread.start()
    Mail("127.0.0.1", "desk@example.org", "me@example.org", port=server.getsockname()[1], starttls=False).notify(NOTICE)
    thread.join()
    server.close()
    assert any(line.startswith("Subject: eraforge warning: turn-failed") for line in heard)
    assert "me@example.org" in " ".join(heard)


def test_a_password_never_goes_in_the_clear() -> None:
    with pytest.raises(UserError) as caught:
        Mail("127.0.0.1", "a@b", "c@d", password=Secret("x"), starttls=False)
    assert caught.value.code == "mail-in-the-clear"


def test_the_desktop_program_gets_title_and_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "show"
    program.write_text(f'#!/bin/sh\nprintf "%s|%s" "$1" "$2" > {tmp_path}/shown\n')
    program.chmod(0o755)
    Desktop(str(program)).notify(NOTICE)
    assert (tmp_path / "shown").read_text().startswith("eraforge: turn-failed|[warning]")
    with pytest.raises(UserError) as caught:
        Desktop("no-such-program").notify(NOTICE)
    assert caught.value.code == "no-desktop"


def test_a_log_file_gets_one_line_each(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "notices.jsonl"))
    log.notify(NOTICE)
    log.notify(NOTICE)
    lines = [json.loads(line) for line in (tmp_path / "notices.jsonl").read_text().splitlines()]
    assert len(lines) == 2 and lines[0]["subject"] == NOTICE.subject


def test_every_channel_enters_by_its_entry_point() -> None:
    assert set(plugins.names("notifier")) >= {"desktop", "mail", "chat", "webhook", "log"}


def test_the_outside_watcher_is_asked_and_its_silence_is_no_success() -> None:
    asked: list[str] = []
    statuses = [200, 500]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(statuses.pop(0))
            self.end_headers()

        def log_message(self, *given: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/alive"
    ping(address)
    with pytest.raises(Transient):
        ping(address)
    server.shutdown()
    thread.join()
    server.server_close()
    assert asked == ["/alive", "/alive"]
    with pytest.raises(Transient):
        ping(address)
