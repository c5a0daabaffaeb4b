"""The command line in this process, a tournament that a whole module shares, and how an error must look."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, window
from eraforge.core.errors import SEVEN
from eraforge.interfaces.cli.main import main
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.store.ledger import Ledger

EXIT_CODES = {one.__name__: one.exit_code for one in SEVEN}
ENTRY = """
[server]
url = "{url}"

[submit]
settle_seconds = 0.0

[entries.linear]
model = "{model}"
learner = "ridge"
folds = 0
"""


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def facts(self) -> dict[str, Any]:
        """Standard output as the one JSON object it must be."""
        return json.loads(self.stdout)  # type: ignore[no-any-return]


@dataclass
class CommandLine:
    """`eraforge` in this process, as a person and as a machine would call it.

    Args:
        environment: variables of every call; their values are secrets that no output may hold.
    """

    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, environment: Mapping[str, str] | None = None, columns: int = 100) -> Answer:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("NUMERAI_", "ERAFORGE_"))}
        ours |= {"COLUMNS": str(columns), **(self.environment if environment is None else environment)}
        out, err = io.StringIO(), io.StringIO()
        code: Any = 0
        with (
            mock.patch.dict(os.environ, ours, clear=True),
            mock.patch.object(sys, "argv", ["eraforge", *words]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as done:
                code = done.code
        answer = Answer(int(code or 0), out.getvalue(), err.getvalue())
        for name, value in ours.items():
            if name.endswith(("PUBLIC_ID", "SECRET_KEY")):
                assert value not in answer.stdout + answer.stderr, f"{name} is shown"
        return answer

    def fails(self, *words: str, code: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Do what must fail, for a person and for a machine, and return the error that both were told.

        The exit code is that of the error table; a person reads one sentence and one next step on standard error, a
        machine the same facts as one JSON object on standard output.
        """
        error = self.fails_for_a_machine(*words, code=code, environment=environment)
        shown = self(*words, environment=environment)
        assert shown.code == error["exit_code"]
        assert "Traceback" not in shown.stderr and error["sentence"] not in shown.stdout
        *_, title, sentence, step = shown.stderr.splitlines()
        assert title.endswith(f"{error['kind']} ({code})")
        assert blurred(sentence) == blurred(error["sentence"])
        assert blurred(step) == blurred(f"→ {error['next_step']}")
        assert shown.stderr.count("→") == 1
        return error

    def fails_for_a_machine(
        self, *words: str, code: str, environment: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The machine's half of `fails`."""
        told = self(*words, "--json", environment=environment)
        assert told.stderr == ""
        errors = errors_of(told.facts)
        assert [one["code"] for one in errors] == [code], told.stdout
        error = errors[0]
        assert told.code == error["exit_code"] == EXIT_CODES[error["kind"]]
        require_clear(error)
        return error

    def confirmed(self, folder: Path) -> list[str]:
        """Slots whose submission a workspace knows as confirmed; its ledger verifies and holds nothing half done."""
        with Ledger.open(f"sqlite:///{folder / '.eraforge' / 'ledger.sqlite'}") as ledger:
            ledger.verify_chain()
            assert not ledger.open_effects()
            return [event.subject for event in ledger.events(kind="effect.confirmed")]


def errors_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The errors in a command's facts: its own, or those of its entries."""
    own = [facts["error"]] if "error" in facts else []
    return own + [row["error"] for row in facts.get("entries", []) if "error" in row]


def require_clear(error: Mapping[str, Any]) -> None:
    """One sentence, one next step, no stranger's words."""
    for text in (error["sentence"], error["next_step"]):
        assert text.strip() == text and text and "\n" not in text
        assert not any(strange in text for strange in ("Traceback", "object at 0x", "Errno", "PosixPath", "None."))
    assert error["sentence"].endswith(".")
    assert error["next_step"].endswith((".", "?")) or error["next_step"].startswith("Run: ")


def blurred(text: str) -> str:
    """A text without the seconds and bytes that pass between two calls."""
    return "".join("0" if sign.isdigit() else sign for sign in text)


@dataclass
class Played:
    """A tournament in the open window of round 1345, and workspaces that play in it."""

    tournament: LocalTournament
    root: Path
    cli: CommandLine
    count: int = 0

    def folder(self, text: str | None = None) -> Path:
        """A new workspace; its one entry plays ridge for the account's first model, unless told otherwise."""
        self.count += 1
        folder = self.root / f"workspace{self.count}"
        folder.mkdir()
        (folder / "eraforge.toml").write_text(self.toml() if text is None else text)
        return folder

    def toml(self) -> str:
        return ENTRY.format(url=self.tournament.url, model=sorted(self.tournament.models)[0])

    def advance_to(self, moment: datetime) -> None:
        told = httpx.post(f"{self.tournament.url}/control/advance", json={"to": moment.isoformat()})
        told.raise_for_status()


@pytest.fixture
def cli() -> CommandLine:
    """The command line with no keys at all."""
    return CommandLine()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """One tournament for all tests of a module; each test takes a workspace of its own."""
    root = tmp_path_factory.mktemp("played")
    with local_tournament(root / "tournament") as running:
        keys = {"NUMERAI_PUBLIC_ID": running.public_id, "NUMERAI_SECRET_KEY": running.secret_key}
        made = Played(running, root, CommandLine(keys))
        made.advance_to(window(CLASSIC.calendar, open_day(CLASSIC.calendar, 1345))[0] + timedelta(minutes=1))
        yield made
