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


def watch(tools: Tools, entries: list[Entry], now: datetime) -> list[Watched]:
    """One row per account and arena that an entry plays, nearest deadline first."""
    pairs = {(entry.account, entry.arena): entry for entry in entries}
    found = [_one(tools, entry, now) for _, entry in sorted(pairs.items())]
    return sorted(found, key=lambda one: one.round.closes)


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
    found = None
    for event in tools.ledger.events(kind=SEEN, subject=subject):
        found = int(event.facts["round"])
    return found


def round_of(facts: Mapping[str, Any], arena: str) -> Round:
    """The round behind the facts of `round.seen`."""
    opens, closes = (datetime.fromisoformat(str(facts[name])) for name in ("opens", "closes"))
    return Round(arena, int(facts["round"]), opens, closes)


def was_seen_open(tools: Tools, watched: Watched) -> bool:
    """Whether this round was noticed while its window was open: only then is it one that was missed."""
    for event in tools.ledger.events(kind=SEEN, subject=watched.subject):
        if int(event.facts["round"]) == watched.round.number:
            return event.at < watched.round.closes
    return False
