"""Which round is current in each arena of each account: as the tournament says, by the calendar where it is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eraforge.core.calendar import is_open_day, round_number, window
from eraforge.core.errors import EraforgeError
from eraforge.core.words import Arena, Entry, Round
from eraforge.pipeline.tools import Tools

SEEN = "round.seen"
API, CALENDAR = "api", "calendar"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """The round an account plays in now, who says so, and what kept the tournament from saying it."""

    account: str
    arena: str
    round: Round
    source: str
    error: EraforgeError | None = None

    @property
    def subject(self) -> str:
        """Account and arena, as events name them."""
        return f"{self.account}/{self.arena}"


class Watcher:
    """Asks the tournament, but about a round that is open no more often than `run.poll_seconds`.

    Args:
        tools: the open workspace.
        entries: configured entries.
    """

    def __init__(self, tools: Tools, entries: list[Entry]) -> None:
        self._tools = tools
        self._pairs = {(entry.account, entry.arena): entry for entry in entries}
        self._known: dict[tuple[str, str], tuple[datetime, Watched]] = {}

    def look(self, now: datetime) -> list[Watched]:
        """One row per account and arena that an entry plays, nearest deadline first."""
        found = [self._one(pair, entry, now) for pair, entry in sorted(self._pairs.items())]
        return sorted(found, key=lambda one: one.round.closes)

    def _one(self, pair: tuple[str, str], entry: Entry, now: datetime) -> Watched:
        if pair in self._known:
            asked, known = self._known[pair]
            fresh = asked <= now < asked + timedelta(seconds=self._tools.configuration.run.poll_seconds)
            if fresh and known.error is None and known.round.is_open(now):
                return known
        seen = _one(self._tools, entry, now)
        self._known[pair] = now, seen
        return seen


def _one(tools: Tools, entry: Entry, now: datetime) -> Watched:
    arena = tools.arena(entry)
    try:
        return Watched(entry.account, entry.arena, tools.reader(entry).current_round(arena), API)
    except EraforgeError as error:
        return Watched(entry.account, entry.arena, by_calendar(arena, now), CALENDAR, error)


def by_calendar(arena: Arena, now: datetime) -> Round:
    """The last round that has opened by the arena's calendar."""
    day = now.date()
    while not is_open_day(arena.calendar, day) or window(arena.calendar, day)[0] > now:
        day -= DAY
    opens, closes = window(arena.calendar, day)
    return Round(arena.name, round_number(arena.calendar, day), opens, closes)


def remember(tools: Tools, watched: Watched, now: datetime) -> list[int]:
    """Note a round seen for the first time; the numbers of the rounds that came and went unseen before it."""
    last = last_seen(tools, watched.subject)
    if last is not None and last >= watched.round.number:
        return []
    facts = {
        "round": watched.round.number,
        "opens": watched.round.opens,
        "closes": watched.round.closes,
        "source": watched.source,
    }
    tools.ledger.record(SEEN, watched.subject, facts, now)
    return [] if last is None else list(range(last + 1, watched.round.number))


def last_seen(tools: Tools, subject: str) -> int | None:
    """Number of the last round seen of that account and arena."""
    found = tools.ledger.last_event(kind=SEEN, subject=subject)
    return None if found is None else int(found.facts["round"])


def round_of(facts: Mapping[str, Any], arena: str) -> Round:
    """The round behind the facts of `round.seen`."""
    opens, closes = (datetime.fromisoformat(str(facts[name])) for name in ("opens", "closes"))
    return Round(arena, int(facts["round"]), opens, closes)


def was_seen_open(tools: Tools, watched: Watched) -> bool:
    """Whether this round was noticed while its window was open: only then is it one that was missed."""
    last = tools.ledger.last_event(kind=SEEN, subject=watched.subject)
    if last is not None and int(last.facts["round"]) == watched.round.number:
        return last.at < watched.round.closes
    for event in tools.ledger.events(kind=SEEN, subject=watched.subject):
        if int(event.facts["round"]) == watched.round.number:
            return event.at < watched.round.closes
    return False
