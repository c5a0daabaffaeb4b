"""A daemon on virtual time beside a tournament in the same process, for the tests that let it play."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, window
from eraforge.core.clock import SystemClock
from eraforge.pipeline.daemon.hosts import Hosts
from eraforge.pipeline.daemon.loop import Daemon
from eraforge.pipeline.engine import Engine, Queueing, open_engine
from eraforge.pipeline.notices.office import TOLD, open_office
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace


class TournamentClock:
    """The tournament's own virtual clock; a pause moves it."""

    def __init__(self, tournament: Any) -> None:
        self._tournament = tournament

    def now(self) -> datetime:
        return self._tournament.now()  # type: ignore[no-any-return]

    def sleep(self, seconds: float) -> None:
        self._tournament.advance(self.now() + timedelta(seconds=max(seconds, 0.0)))


@dataclass
class Desk:
    """A daemon that is looked at step by step."""

    tools: Tools
    engine: Engine
    daemon: Daemon
    running: Any

    def advance_to(self, moment: datetime) -> None:
        if moment > self.tools.clock.now():
            self.running.tournament.advance(moment)

    def open_round(self, number: int, minutes: float = 1) -> tuple[datetime, datetime]:
        """Let the clock stand some minutes after a round opened."""
        opens, closes = window(CLASSIC.calendar, open_day(CLASSIC.calendar, number))
        self.advance_to(opens + timedelta(minutes=minutes))
        return opens, closes

    def settle(self, number: int, entries: int = 1, seconds: float = 20.0) -> None:
        """Look again and again until that many slots of the round are filled; real seconds are the limit."""
        for _ in range(int(seconds / 0.1)):
            self.daemon.tick()
            if self.confirmed(number) >= entries:
                self.daemon.tick()
                return
            SystemClock().sleep(0.1)
        raise AssertionError(f"round {number}: {self.confirmed(number)} filled; told {self.sentences()}")

    def wait(self, what: Any, seconds: float = 20.0) -> None:
        """Look again and again until `what()` holds."""
        for _ in range(int(seconds / 0.1)):
            self.daemon.tick()
            if what():
                return
            SystemClock().sleep(0.1)
        raise AssertionError(f"it never came to that; told {self.sentences()}")

    def confirmed(self, number: int) -> int:
        return len({one.slot.key for one in self.tools.ledger.submissions(round_number=number)})

    def told(self) -> list[tuple[str, str]]:
        events = self.tools.ledger.events(kind=TOLD)
        return [(str(event.facts["code"]), str(event.facts["subject"])) for event in events]

    def sentences(self) -> list[str]:
        return [f"{event.subject}: {event.facts['sentence']}" for event in self.tools.ledger.events(kind=TOLD)]

    def codes(self) -> list[str]:
        return [code for code, _ in self.told()]

    def created(self, number: int) -> int:
        """How many submissions of the round the tournament ever made of uploads."""
        records = self.running.tournament.records.submissions.values()
        return sum(one.round == number for one in records)


@contextmanager
def desk(
    folder: Path, running: Any, toml: str, compute: Any = None, host: str = "", flags: dict[str, Any] | None = None
) -> Iterator[Desk]:
    """A workspace with that configuration and a daemon on it; stages compute here unless told otherwise."""
    folder.mkdir(exist_ok=True)
    (folder / "eraforge.toml").write_text(toml)
    environment = {"NUMERAI_PUBLIC_ID": running.public_id, "NUMERAI_SECRET_KEY": running.secret_key}
    visit = Visit(folder, environment, flags or {})
    with open_workspace(visit, clock=TournamentClock(running.tournament)) as tools:
        entries = chosen_entries(tools.configuration, "")
        office = open_office(tools.configuration, environment, tools.ledger)
        hosts = Hosts(tools, host)
        stop = compute.stop if compute is not None else _nothing
        if compute is not None:
            tools.compute = compute
        with open_engine(tools, entries, Queueing(hosts.name, 2, 0.05)) as engine:
            daemon = Daemon(tools, engine, office, hosts, entries, stop, _nothing)
            if compute is not None:
                compute.limits = daemon.limits
            yield Desk(tools, engine, daemon, running)


def _nothing(text: str) -> None:
    pass


def toml(running: Any, entries: str, more: str = "") -> str:
    """A configuration: the server, quick reading back, and the tables given."""
    return f"""
[server]
url = "{running.url}"

[submit]
settle_seconds = 0.0
{more}
{entries}
"""


def ridge(running: Any, place: int = 0, name: str = "linear", more: str = "") -> str:
    """A quick entry for the account's model at that place."""
    model = sorted(running.models)[place]
    return f"""
[entries.{name}]
model = "{model}"
learner = "ridge"
folds = 0
{more}
"""


Series = tuple[str, tuple[tuple[str, str], ...]]
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
SUFFIXES = {"summary": ("_sum", "_count"), "gauge": ("",), "counter": ("",)}


def prometheus_samples(page: str) -> dict[Series, float]:
    """The samples of a page in the text format 0.0.4; AssertionError for what Prometheus or promtool would refuse."""
    assert page.endswith("\n")
    kinds: dict[str, str] = {}
    found: dict[Series, float] = {}
    last = ""
    for line in page[:-1].split("\n"):
        if line.startswith("# "):
            word, name, text = line[2:].split(" ", 2)
            if word == "TYPE":
                assert name not in kinds and text in SUFFIXES, line
                assert text != "counter" or name.endswith("_total"), line
                kinds[name] = text
                last = name
            else:
                assert word == "HELP" and name not in kinds and text, line
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, labels, value = match.groups()
        assert last and name in [last + suffix for suffix in SUFFIXES[kinds[last]]], line
        pairs = [(key, _unescaped(text)) for key, text in LABEL.findall(labels or "")]
        assert len({key for key, _ in pairs}) == len(pairs), line
        series = (name, tuple(sorted(pairs)))
        assert series not in found, line
        found[series] = float(value.replace("Inf", "inf"))
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text)
