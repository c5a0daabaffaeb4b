"""One slot in its window: a fallback whose data came late is tried again, and quarantine is answered for at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eraforge.core.clock import StandingClock
from eraforge.core.configuration import Configuration
from eraforge.core.errors import DataError, EraforgeError, Transient, UserError
from eraforge.core.ports import Submission
from eraforge.core.words import Effect, EffectKind, Entry, Phase, Round, Slot
from eraforge.pipeline.daemon import durations, quarantine
from eraforge.pipeline.daemon.slots import FIRST_PAUSE, LONGEST_PAUSE, Slots
from eraforge.pipeline.engine import Standing
from eraforge.pipeline.steps.ahead import fallback
from eraforge.store.ledger import Ledger

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
ROUND = Round("classic", 1345, NOON, NOON + timedelta(hours=1))
ENTRY = Entry("steady", "main", "classic", "alpha", "ridge")
SLOT = Slot("main", "alpha", "classic", 1345)
LATE = Transient("dataset-not-there", "The live data are not there yet.", "Wait.")
WRONG = DataError("planted", "The live data are wrong.", "Wait.")
MADE = {"digest": "d", "synthetic": None, "fitted": "f", "from_round": 1344}


@dataclass
class Queue:
    """An engine that only remembers: where work stands, and what was asked of it."""

    standings: dict[str, Standing] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def standing(self, work: str, entry: Entry, number: int) -> Standing | None:
        return self.standings.get(work)

    def enqueue(self, work: str, entry: Entry, number: int, deadline: datetime) -> None:
        self.asked.append(work)

    def fail(self, work: str, attempt: int, error: EraforgeError) -> None:
        self.standings[work] = Standing("failed", attempt, error=error)


@dataclass
class Desk:
    """Slots over a real ledger, with a queue and an office that only remember."""

    ledger: Ledger
    queue: Queue = field(default_factory=Queue)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = StandingClock(NOON)
        tools: Any = SimpleNamespace(ledger=self.ledger, configuration=Configuration(), clock=self.clock)
        self.tools = tools
        office: Any = SimpleNamespace(tell=lambda code, *_: self.told.append(code) or True)
        engine: Any = self.queue
        self.slots = Slots(tools, engine, office)

    def know_a_model(self) -> None:
        facts = {"round": 1344, "fitted": "f", "entry": asdict(ENTRY)}
        self.ledger.record(fallback.GOOD, ENTRY.name, facts, NOON)

    def quarantine(self) -> None:
        for attempt in range(1, self.tools.configuration.run.failures + 1):
            quarantine.note_failure(self.tools, ENTRY, 1345, attempt, WRONG)
        assert quarantine.is_quarantined(self.tools, ENTRY)

    def look(self, seconds: float = 0.0) -> int:
        """Ask for the fallback again so many seconds later; how often it has been put into the queue by now."""
        self.clock.sleep(seconds)
        self.slots.ready_fallback(ENTRY, ROUND, self.clock.now())
        return self.queue.asked.count("fallback")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        yield Desk(ledger)


def test_a_fallback_is_asked_for_once_and_only_where_a_model_is_known(desk: Desk) -> None:
    assert desk.look() == 0
    desk.know_a_model()
    assert desk.look() == 1
    desk.queue.standings["fallback"] = Standing("running")
    assert desk.look(60) == 1
    fallback.remember(desk.tools, ENTRY, 1345, MADE)
    desk.queue.standings.clear()
    assert desk.look(60) == 1


def test_a_fallback_that_failed_because_its_data_were_late_is_tried_again(desk: Desk) -> None:
    """With pauses that double up to the longest, and are short again as the window ends."""
    desk.know_a_model()
    desk.look()
    pauses = []
    for attempt in range(1, 41):
        desk.queue.fail("fallback", attempt, LATE)
        left = (ROUND.closes - desk.clock.now()).total_seconds()
        pauses.append(min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE, max(left / 10, FIRST_PAUSE)))
        assert desk.look() == attempt  # it has just failed
        assert desk.look(pauses[-1] - 0.5) == attempt
        assert desk.look(0.5) == attempt + 1
    assert pauses[:5] == [10, 20, 40, 80, 160] and max(pauses) == LONGEST_PAUSE and pauses[-1] == FIRST_PAUSE
    assert desk.told == []


def test_a_fallback_that_is_itself_wrong_is_given_up(desk: Desk) -> None:
    desk.know_a_model()
    desk.look()
    limit = desk.tools.configuration.run.failures
    for attempt in range(1, limit + 1):
        desk.queue.fail("fallback", attempt, WRONG)
        desk.look()
        desk.look(LONGEST_PAUSE)
    assert desk.look(LONGEST_PAUSE) == limit


def test_keys_that_are_refused_are_tried_again_and_blamed_on_no_entry(desk: Desk) -> None:
    refused = UserError("keys-refused", "The server does not accept the API keys.", "Check them.")
    for attempt in range(1, 2 * desk.tools.configuration.run.failures + 1):
        desk.queue.fail("turn", attempt, refused)
        desk.slots.play(ENTRY, ROUND, desk.clock.now())
        desk.clock.sleep(LONGEST_PAUSE)
        desk.slots.play(ENTRY, ROUND, desk.clock.now())
        assert desk.queue.asked.count("turn") == attempt
    assert set(desk.told) == {"keys-refused"} and not quarantine.is_quarantined(desk.tools, ENTRY)


def test_a_filled_slot_asks_for_no_fallback(desk: Desk) -> None:
    desk.know_a_model()
    held = Submission("s", "s.csv", 1345, 8, True)
    desk.ledger.remember_submission(SLOT, held, "d", NOON, effect="key")
    assert desk.look() == 0


def test_an_entry_in_quarantine_answers_with_its_fallback_at_once(desk: Desk) -> None:
    desk.know_a_model()
    fallback.remember(desk.tools, ENTRY, 1345, MADE)
    assert desk.slots.due_for_rescue(ENTRY, ROUND, NOON) is None  # an hour is left for the real answer
    desk.quarantine()
    made = desk.slots.due_for_rescue(ENTRY, ROUND, NOON)
    assert made is not None and made["digest"] == "d"
    desk.slots.play(ENTRY, ROUND, NOON)
    assert desk.queue.asked == []  # and it brings no answer of its own
    quarantine.release(desk.tools, ENTRY)
    assert desk.slots.due_for_rescue(ENTRY, ROUND, NOON) is None
    desk.slots.play(ENTRY, ROUND, NOON)
    assert desk.queue.asked == ["turn"]


def test_the_rescue_comes_at_its_moment_and_says_when_it_cannot(desk: Desk) -> None:
    moment = durations.rescue_moment(desk.tools, ENTRY, ROUND)
    assert ROUND.closes - moment >= timedelta(minutes=10)
    assert desk.slots.due_for_rescue(ENTRY, ROUND, moment) is None and desk.told == ["fallback-failed"]
    fallback.remember(desk.tools, ENTRY, 1345, MADE)
    assert desk.slots.due_for_rescue(ENTRY, ROUND, moment - timedelta(seconds=1)) is None
    assert desk.slots.due_for_rescue(ENTRY, ROUND, moment) is not None


def test_quarantine_without_a_fallback_alarms_only_when_time_is_short(desk: Desk) -> None:
    desk.quarantine()
    assert desk.slots.due_for_rescue(ENTRY, ROUND, NOON) is None and desk.told == []


def test_what_waits_for_a_person_is_not_overtaken_by_a_fallback(desk: Desk) -> None:
    fallback.remember(desk.tools, ENTRY, 1345, MADE)
    desk.quarantine()
    effect = Effect(EffectKind.SUBMIT, SLOT, "payload")
    desk.ledger.intend(effect, {}, NOON)
    desk.ledger.advance(effect.key, Phase.SENT, {}, NOON, deadline=NOON)
    desk.ledger.advance(effect.key, Phase.UNKNOWN, {}, NOON)
    desk.ledger.advance(effect.key, Phase.HELD, {}, NOON)
    assert desk.slots.due_for_rescue(ENTRY, ROUND, ROUND.closes - timedelta(minutes=2)) is None
