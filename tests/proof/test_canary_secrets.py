"""Nothing that eraforge writes, prints, stores, serves or hands on holds a secret: a whole round with errors, searched.

The server repeats the key in its error messages, a model prints and raises everything it can see of its process, and a
channel fails. Every output is searched for every secret, plain and in every shape, and for halves of the keys.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from eraforge.core.clock import SystemClock, monotonic
from eraforge.core.secret import Secret, shapes
from eraforge.interfaces.cli.main import build
from eraforge.pipeline.secrets import encrypted_file
from eraforge.pipeline.secrets.scopes import USED
from eraforge.store.ledger import Ledger

pytest.importorskip("cryptography")
pytestmark = pytest.mark.timeout(400)
PASSPHRASE = "canary-passphrase of four words"
HOOK = "canary-hook-7f3a91"
PASSWORD = "canary/mail+pass word?"

THIEF = '''
import os, sys
from pathlib import Path


class Thief:
    """Prints and raises what it finds in its own process."""

    def fit(self, panel):
        seen = [repr(dict(os.environ)), repr(sys.argv)]
        seen += [Path(f"/proc/{who}/cmdline").read_text() for who in ("self", os.getppid())]
        seen.append(Path("/proc/self/environ").read_text())
        print(seen, flush=True)
        print(seen, file=sys.stderr, flush=True)
        raise ValueError(str(seen))
'''

TOML = """
[server]
url = "{url}"

[accounts.main]

[secrets]
encrypted_file = "secrets.enc"

[submit]
settle_seconds = 0.0

[run]
poll_seconds = 1.0
failures = 1

[notify.chat]
kind = "chat"
severity = "info"
settings = {{ address_variable = "CHAT_ADDRESS" }}

[notify.mail]
kind = "mail"
severity = "warning"
settings = {{ host = "127.0.0.1", port = 1, sender = "a@a", recipient = "b@b", user = "a", password_variable = "MAIL" }}

[entries.steady]
model = "{models[0]}"
learner = "ridge"
folds = 0

[accounts.other]
variable_prefix = "OTHER_"

[entries.unheard]
model = "{models[2]}"
account = "other"
learner = "ridge"
folds = 0

[entries.thief]
model = "{models[1]}"
learner = "thief"
folds = 0
"""


def needles(keys: list[str], others: list[str]) -> list[bytes]:
    """Every shape of every secret, and of the halves of the keys."""
    halves = [half for key in keys for half in (key[: len(key) // 2], key[len(key) // 2 :])]
    return [shape.encode() for text in (*keys, *others, *halves) for shape in shapes(text)]


def found_in(outputs: dict[str, bytes], wanted: list[bytes]) -> list[str]:
    """Names of the outputs that hold one of the needles."""
    return sorted({name for name, data in outputs.items() for needle in wanted if needle in data})


class Echo(BaseHTTPRequestHandler):
    """Stands before the tournament and answers some questions with errors that repeat the key of whoever asks."""

    behind = ""
    refused = ""  # the key that nothing is ever answered to
    asked = 0
    lock = threading.Lock()

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        key = self.headers.get("authorization", "")
        if self.command == "POST" and self.path.startswith("/" + HOOK):
            self._answer(500, f"no such hook: {self.path} {key}".encode())
            return
        with Echo.lock:
            question = self.command == "POST" and key and b"mutation" not in body
            Echo.asked += bool(question)
            turn = Echo.asked if question else 0
        shown = f"{key} {base64.b64encode(key.encode()).decode()} {key.encode().hex()}"
        if turn % 5 == 2:
            self._answer(500, f"while serving {shown}".encode())
        elif turn == 1 or (self.refused in key and question):
            self._answer(200, json.dumps({"errors": [{"message": f"cannot serve {shown}"}], "data": None}).encode())
        else:
            self._forward(body)

    do_GET = do_POST = do_PUT = do_HEAD = handle_any

    def _forward(self, body: bytes) -> None:
        onward = http.client.HTTPConnection(urlsplit(self.behind).netloc, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        onward.request(self.command, self.path, body or None, headers)
        answer = onward.getresponse()
        data = answer.read()
        self.send_response_only(answer.status)  # the tournament tells its own time
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        onward.close()

    def _answer(self, status: int, data: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *given: object) -> None:
        pass


@pytest.fixture
def echoing(tournament: Any) -> Iterator[str]:
    """Address of the echo before the tournament."""
    Echo.behind, Echo.asked, Echo.refused = tournament.url, 0, "no key"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def watching(root: int, seen: dict[str, bytes]) -> Iterator[None]:
    """Collect arguments and variables of every process that comes from `root`, and the arguments of `root`."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            for pid in descendants(root):
                for name in ("cmdline", "environ") if pid != root else ("cmdline",):
                    try:
                        data = Path(f"/proc/{pid}/{name}").read_bytes()
                    except OSError:
                        continue
                    seen[f"{name} of {'the daemon' if pid == root else 'child'} {pid}"] = data

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


def descendants(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def install_thief(site: Path) -> None:
    (site / "thief-1.dist-info").mkdir(parents=True)
    (site / "thief-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: thief\nVersion: 1\n")
    (site / "thief-1.dist-info" / "entry_points.txt").write_text("[eraforge.model]\nthief = thief:Thief\n")
    (site / "thief.py").write_text(THIEF)


def play(folder: Path, environment: dict[str, str], outputs: dict[str, bytes]) -> None:
    """One real daemon plays the round, is asked how it is, and is stopped once all is told."""
    log = folder.parent / "run.jsonl"
    words = [sys.executable, "-m", "eraforge", "run", "-w", str(folder), "--listen", "127.0.0.1:0", "--log", str(log)]
    with (folder.parent / "stdout").open("wb") as out, (folder.parent / "stderr").open("wb") as err:
        process = subprocess.Popen(words, env=environment, stdout=out, stderr=err, start_new_session=True)
        try:
            with watching(process.pid, outputs):
                ends = monotonic() + 90
                while (
                    not {"answer-confirmed", "entry-quarantined", "channel-failed"} <= set(told := codes(folder))
                    or told.count("turn-failed") < 2
                ):
                    assert process.poll() is None and monotonic() < ends, codes(folder)
                    SystemClock().sleep(0.3)
                served = (folder.parent / "stdout").read_text().split("are served at ")[1].split()[0]
                for page in ("health", "ready", "metrics"):
                    outputs[f"/{page}"] = httpx.get(f"http://{served}/{page}", timeout=30).content
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def codes(folder: Path) -> list[str]:
    address = folder / ".eraforge" / "ledger.sqlite"
    if not address.exists():
        return []
    with Ledger.open(address) as ledger:
        return [str(event.facts["code"]) for event in ledger.events(kind="notice")]


def test_the_search_finds_what_is_there() -> None:
    secret = "QX7KPT4MZ2LWB6NR"
    wanted = needles([secret], [])
    for text in (secret[:8], "user:" + secret, secret.lower().upper()):
        for data in (text.encode(), base64.b64encode(b"x" + text.encode() + b"y"), text.encode().hex().encode()):
            assert found_in({"o": b"before " + data + b" after"}, wanted) == ["o"]
    assert not found_in({"o": b"nothing of it: QX7KPT4"}, wanted)


@pytest.mark.slow
def test_no_output_of_a_whole_round_holds_a_secret(
    tmp_path: Path, tournament: Any, echoing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eraforge.arenas.classic import CLASSIC
    from eraforge.core.calendar import open_day, window

    opens = window(CLASSIC.calendar, open_day(CLASSIC.calendar, 1345))[0]
    httpx.post(
        f"{tournament.url}/control/advance", json={"to": (opens + timedelta(minutes=1)).isoformat()}
    ).raise_for_status()
    folder, outputs = tmp_path / "workspace", {}
    (folder / ".eraforge").mkdir(parents=True)
    install_thief(tmp_path / "site")
    (folder / "eraforge.toml").write_text(TOML.format(url=echoing, models=sorted(tournament.models)))
    keys = {"NUMERAI_PUBLIC_ID": tournament.public_id, "NUMERAI_SECRET_KEY": tournament.secret_key}
    body = {"username": "practice", "scopes": list(USED)}
    second = httpx.post(f"{tournament.url}/control/keys", json=body).raise_for_status().json()
    keys |= {"OTHER_PUBLIC_ID": second["public_id"], "OTHER_SECRET_KEY": second["secret_key"]}
    Echo.refused = second["public_id"]
    others = {"CHAT_ADDRESS": f"{echoing}/{HOOK}", "MAIL": PASSWORD}
    encrypted_file.write(folder / "secrets.enc", {**keys, **others}, Secret(PASSPHRASE))
    path = os.pathsep.join([str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "ERAFORGE_PASSPHRASE": PASSPHRASE}
    play(folder, environment, outputs)
    assert any(name.startswith("environ of child") for name in outputs), "no worker was seen"

    monkeypatch.setenv("ERAFORGE_PASSPHRASE", PASSPHRASE)
    (tmp_path / "canary.toml").write_text('[entry]\nlearner = "ridge"\n[evaluation]\nfolds = 1\n')
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    for words in (
        ["doctor"],
        ["status"],
        ["audit", "--last", "500"],
        ["config", "show"],
        ["secrets", "list"],
        ["experiment", "run", str(tmp_path / "canary.toml")],
        ["experiment", "report", "canary", "--output", str(tmp_path / "page.html")],
        ["backup", "create", str(tmp_path / "backup.tar"), "--everything"],
    ):
        for more in ([], ["--json"]) if words[0] not in ("backup", "experiment") else ([],):
            run = CliRunner().invoke(build(), [*words, "-w", str(folder), *more])
            outputs[" ".join(["eraforge", *words, *more])] = run.output.encode() + repr(run.exception).encode()
    for file in tmp_path.rglob("*"):
        if file.is_file() and "tournament" not in file.relative_to(tmp_path).parts:
            outputs[str(file.relative_to(tmp_path))] = file.read_bytes()

    assert {"stdout", "stderr", "run.jsonl", "backup.tar", "page.html", "workspace/.eraforge/ledger.sqlite"} <= set(
        outputs
    )
    with Ledger.open(folder / ".eraforge" / "ledger.sqlite") as ledger:
        told = [str(event.facts["sentence"]) for event in ledger.events(kind="notice")]
    assert any("cannot serve" in sentence for sentence in told), "the echo was not heard"
    assert any("ValueError" in sentence for sentence in told), "the thief was not heard"
    wanted = needles(list(keys.values()), [PASSPHRASE, HOOK, PASSWORD])
    assert found_in(outputs, wanted) == []


def test_an_error_that_nobody_expected_is_shown_without_the_secret() -> None:
    code = (
        "import sys\n"
        "from eraforge.core.secret import Secret, guard\n"
        "from eraforge.interfaces.cli import main as cli\n"
        "guard(Secret('CANARY/SECRET'))\n"
        "cli.build = lambda: (_ for _ in ()).throw(ValueError('with CANARY/SECRET and CANARY%2FSECRET'))\n"
        "cli.main()\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1 and "ValueError: with … and …" in run.stderr
    assert "'CANARY" not in run.stderr.replace("guard(", "") or "<string>" in run.stderr
