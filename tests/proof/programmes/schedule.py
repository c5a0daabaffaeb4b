"""Years of rounds through the daemon's own decisions, on virtual time: what was owed is answered, and never late.

The daemon, its slots, fallback, quarantine, notices, hosts, durations and the effects are the product's. Virtual are
the queue's execution (a piece of work takes a drawn time), the tournament, and the clocks: the product asks its own
`ServerClock`, whose server tells whole seconds, on a machine whose clock is up to two minutes off.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np

from eraforge.arenas.clock import ServerClock
from eraforge.core.configuration import load as read_configuration
from eraforge.core.errors import EraforgeError
from eraforge.core.words import Entry, Predictions
from eraforge.pipeline.daemon import quarantine
from eraforge.pipeline.daemon.hosts import Hosts
from eraforge.pipeline.daemon.loop import Daemon
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.engine import DURATION, Standing
from eraforge.pipeline.notices.office import TOLD, Office
from eraforge.pipeline.steps.ahead import fallback, training
from eraforge.pipeline.tools import Tools
from eraforge.store.objects import Objects
from programmes.calendar_world import MINUTE, MODEL, CalendarTournament, Day, days, first_day
from programmes.figures import Figure, Proof
from programmes.memory_ledger import MemoryLedger
from programmes.tournament import VirtualClock

FULL = 10 * 365  # days
FIRST_YEAR = 2027  # 2028, 2032 and 2036 have a leap day
PART = 122  # days that one workspace lives
WORKSPACE = f'[entries.linear]\nmodel = "{MODEL}"\nlearner = "ridge"\nfolds = 0\n'
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu")
LOOK = 15.0  # seconds between two looks while a window waits


class SkewedClock:
    """The clock of a machine that is some seconds off."""

    def __init__(self, clock: VirtualClock, seconds: float) -> None:
        self._clock, self._off = clock, timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._clock.now() + self._off

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


@dataclass
class Work:
    """A piece of work in the queue."""

    kind: str
    number: int
    priority: datetime
    ends: datetime | None = None
    standing: Standing = field(default_factory=lambda: Standing("waiting"))


@dataclass
class VirtualEngine:
    """The queue on virtual time: two pieces at once, nearest deadline first, each as long as its round's draw says."""

    clock: VirtualClock
    tournament: CalendarTournament
    parallel: int = 2
    works: list[Work] = field(default_factory=list)
    tools: Any = None
    entry: Any = None

    def enqueue(self, work: str, entry: Entry, number: int, deadline: datetime) -> None:
        attempt = 1 + sum((one.kind, one.number) == (work, number) for one in self.works)
        self.works.append(Work(work, number, deadline, standing=Standing("waiting", attempt)))
        self._begin()

    def standing(self, work: str, entry: Entry, number: int) -> Standing | None:
        found = [one.standing for one in self.works if (one.kind, one.number) == (work, number)]
        return found[-1] if found else None

    def cancel(self, work: str, entry: Entry, number: int) -> None:
        for one in self.works:
            if (one.kind, one.number) == (work, number) and one.standing.state in ("waiting", "running"):
                one.standing = Standing("failed", one.standing.attempt, error=_cancelled())
                one.ends = None
        self._begin()

    def take_over(self, host: str) -> int:
        """What ran when the process died begins again."""
        running = [one for one in self.works if one.standing.state == "running"]
        for one in running:
            one.ends, one.standing = None, Standing("waiting", one.standing.attempt)
        self._begin()
        return len(running)

    def next_end(self) -> datetime | None:
        return min((one.ends for one in self.works if one.ends is not None), default=None)

    def finish(self) -> None:
        """End every piece of work whose time has come."""
        for one in [work for work in self.works if work.ends is not None and work.ends <= self.clock.now()]:
            one.ends = None
            try:
                getattr(self, f"_{one.kind}")(one.number)
                one.standing = Standing("done", one.standing.attempt)
            except EraforgeError as error:
                one.standing = Standing("failed", one.standing.attempt, error=error)
        self._begin()
        if len(self.works) > 60:
            del self.works[:20]

    def _begin(self) -> None:
        running = sum(one.standing.state == "running" for one in self.works)
        waiting = sorted((one for one in self.works if one.standing.state == "waiting"), key=lambda one: one.priority)
        for one in waiting[: max(self.parallel - running, 0)]:
            day = self.tournament.by_number.get(one.number)
            seconds = 20.0 if one.kind == "fallback" or day is None else day.seconds
            if day is not None and self.clock.now() < day.data_at:
                seconds = 5.0  # it finds out soon that there are no data yet
            one.ends = self.clock.now() + timedelta(seconds=seconds)
            one.standing = Standing("running", one.standing.attempt)

    def _turn(self, number: int) -> None:
        self.tournament.fetch(number)
        self.tournament.compute(number)
        day = self.tournament.by_number[number]
        self.tools.ledger.record(DURATION, "linear", {"stage": "fit", "seconds": day.seconds}, self.clock.now())
        self.tools.effects("main").submit(
            self.answer(number),
            self.tools.arena(self.entry),
            self.tools.round(self.entry, number),
            self.tools.model_id(self.entry),
        )
        fallback.keep_model(self.tools, self.entry, number, "f" * 64)

    def _fallback(self, number: int) -> None:
        self.tournament.fetch(number)
        csv = self.answer(number).frame.write_csv().encode()
        made = {"digest": self.tools.objects.put(csv), "synthetic": None, "fitted": "f" * 64, "from_round": number - 1}
        fallback.remember(self.tools, self.entry, number, made)

    def _training(self, number: int) -> None:
        facts = {"round": number, "fitted": "f" * 64, "version": "", "what": training.identity(self.entry)}
        self.tools.ledger.record(training.TRAINED, "linear", facts, self.clock.now())

    def answer(self, number: int) -> Predictions:
        import polars as pl

        frame = pl.DataFrame({"id": ["a", "b", "c"], "prediction": [0.1, 0.5, 0.4 + (number % 50) / 100]})
        return Predictions(fallback.slot_of(self.entry, number), frame)


def _cancelled() -> EraforgeError:
    from eraforge.core.errors import Transient

    return Transient("cancelled", "It was cut off.", "It is answered with the fallback.")


@dataclass
class Part:
    """One workspace over some months."""

    folder: Path
    days: list[Day]
    generator: np.random.Generator
    clock: VirtualClock
    answered: dict[int, datetime] = field(default_factory=dict)

    def play(self) -> None:
        self.tournament = CalendarTournament(self.clock, self.days, self.generator)
        self.engine = VirtualEngine(self.clock, self.tournament)
        self.ledger = MemoryLedger()
        configuration = read_configuration(WORKSPACE, "eraforge.toml", {}, {}).tree
        server_clock = _ServerClock(self.clock, float(self.generator.uniform(-120, 120)))
        effects = Effects(
            "http://127.0.0.1:1", self.ledger, self.tournament, self.tournament, server_clock, configuration.submit
        )
        self.tools = Tools(
            self.folder,
            configuration,
            Objects(self.folder / "objects"),
            self.ledger,
            None,
            lambda account: self.tournament,
            lambda account: effects,
            server_clock,
        )  # type: ignore[arg-type]
        self.entry = configuration.entry("linear")
        self.engine.tools, self.engine.entry = self.tools, self.entry
        self.process = 0
        self._start()
        for day, following in zip(self.days, [*self.days[1:], None], strict=True):
            self._round(day, following.round.opens if following else day.round.closes + timedelta(hours=6))

    def _start(self) -> None:
        """A fresh process: the ledger is what it knows."""
        self.process += 1
        hosts = Hosts(self.tools, f"host {self.process}")
        office = Office(self.ledger, [])
        self.daemon = Daemon(self.tools, self.engine, office, hosts, [self.entry], _nothing, _nothing)
        self.engine.take_over("")

    def _round(self, day: Day, until: datetime) -> None:
        if quarantine.is_quarantined(self.tools, self.entry) and self.generator.random() < 0.25:
            quarantine.release(self.tools, self.entry)  # some days after a person was told, it may play again
        self._go_to(day.round.opens + timedelta(seconds=float(self.generator.uniform(0, 30))))
        was_down = False
        while self.clock.now() < until:
            down = next((one for one in day.process if one.covers(self.clock.now())), None)
            if down is not None:
                self.clock.at = min(down.ends, until)
                was_down = True
                continue
            if was_down:
                self.clock.sleep(float(self.generator.uniform(2, 20)))  # the service starts again
                self._start()
                was_down = False
            busy = self._tick()
            self._go_on(day, busy, until)

    def _go_on(self, day: Day, busy: bool, until: datetime) -> None:
        now = self.clock.now()
        after = day.round.closes + timedelta(seconds=30)
        if now < after or busy:
            stops = [one.begins for one in day.process if one.begins > now]
            rest = (
                after if day.round.number in self.answered else now + max(timedelta(seconds=LOOK), (after - now) / 100)
            )
            self._go_to(max(min([rest, *stops]), now + timedelta(seconds=1)) if rest > now else now + MINUTE)
            return
        evening = now.replace(hour=14, minute=40, second=0)
        self._go_to(evening if now < evening < until else until)

    def _go_to(self, moment: datetime) -> None:
        """Let time pass; work that ends on the way ends at its own moment."""
        while (ends := self.engine.next_end()) is not None and ends <= moment:
            self.clock.at = max(self.clock.at, ends)
            self.engine.finish()
        self.clock.at = max(self.clock.at, moment)

    def _tick(self) -> bool:
        busy = True
        try:
            self.engine.finish()
            busy = self.daemon.tick()
        except EraforgeError:
            pass  # the loop of the product goes on after these too
        for one in self.ledger.submissions(round_number=self.tournament.day(self.clock.now()).round.number):
            self.answered.setdefault(one.slot.round, one.at)
        return busy


class _ServerClock(ServerClock):
    """The product's clock of the server, whose answer is the virtual time in whole seconds."""

    def __init__(self, clock: VirtualClock, off: float) -> None:
        self._virtual = clock
        super().__init__("http://127.0.0.1:1", own=SkewedClock(clock, off))  # type: ignore[arg-type]

    def _ask(self) -> datetime:
        return self._virtual.now().replace(microsecond=0)


@contextmanager
def virtual_time(zone: str, clock: VirtualClock) -> Iterator[None]:
    """This machine's zone, and its monotonic seconds, are those of the simulation."""
    former = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()

    try:
        with (
            mock.patch("eraforge.arenas.clock.monotonic", lambda: clock.now().timestamp()),
        ):
            yield
    finally:
        if former is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = former
        time.tzset()


def _nothing(text: str) -> None:
    pass


def prove(scale: int, first: int = 1) -> Proof:
    """Live through `scale` days from the first of January 2027."""
    owed = answered = doubles = late = rounds = by_fallback = 0
    margins: list[float] = []
    every: list[float] = []
    causes: Counter[str] = Counter()
    silent = 0
    begin = first_day(FIRST_YEAR)
    for place in range(0, scale, PART):
        seed = first + place // PART
        generator = np.random.default_rng(seed)
        some = days(begin + timedelta(days=place), min(PART, scale - place), generator)
        clock = VirtualClock(some[0].round.opens - timedelta(hours=3))
        with TemporaryDirectory() as folder, virtual_time(ZONES[seed % len(ZONES)], clock):
            part = Part(Path(folder), some, generator, clock)
            part.play()
        made = Counter(one.round for one in part.tournament.calls.created)
        codes = {str(event.facts["subject"]) for event in part.ledger.events(kind=TOLD)}
        for day in some:
            number = day.round.number
            rounds += 1
            doubles += made[number] > 1
            must = day.longest_chance() >= timedelta(minutes=15) and not (day.broken and day is some[0])
            owed += must
            answered += must and made[number] > 0
            if made[number]:
                arrived = min(one.arrived for one in part.tournament.calls.created if one.round == number)
                every.append((day.round.closes - arrived).total_seconds() / 60)
                margins += every[-1:] if must else []
            else:
                causes["MISSED THOUGH OWED" if must else day.cause()] += 1
                silent += must and not any(str(number) in subject for subject in codes)
            by_fallback += fallback.used(part.tools, part.entry, number)
        late += sum(
            one.arrived >= part.tournament.by_number[one.round].round.closes for one in part.tournament.calls.created
        )
    figures = (
        Figure(
            "P3", "windows answered, of those with 15 minutes of process, server and data", answered, "== whole", owed
        ),
        Figure("P4", "submissions that arrived late", late, "== 0", rounds),
        Figure("P1", "rounds with two submissions", doubles, "== 0", rounds),
        Figure("P3", "minutes left at the answer, half of these at least", _minutes(margins, 0.5)),
        Figure("P3", "minutes left at the answer, 99 % of these at least", _minutes(margins, 0.01), ">= 10"),
        Figure("P3", "the same with every round that was answered though less was left", _minutes(every, 0.01)),
        Figure("P3", "answered by the fallback", by_fallback, ">= 1" if scale >= 120 else ""),
        Figure("P3", "rounds simulated", rounds),
        *(Figure("P3", f"unanswered because {cause}", count) for cause, count in sorted(causes.items())),
    )
    about = (
        "the daemon's decisions through moved windows, late data, outages, restarts, failing entries, clocks 120 s off"
    )
    return Proof("schedule", about, scale, FULL, f"{first}-{first + (scale - 1) // PART}", figures)


def _minutes(margins: list[float], share: float) -> float:
    return round(float(np.quantile(margins, share)), 1)
