"""The daemon: looks, decides, has it done, tells; again and again until it is asked to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date, datetime, timedelta

from eraforge.core.clock import SystemClock, monotonic
from eraforge.core.errors import EraforgeError, Transient, UserError
from eraforge.core.words import Entry, Round
from eraforge.pipeline.daemon import durations, watch
from eraforge.pipeline.daemon.chores import Chores
from eraforge.pipeline.daemon.hosts import Hosts
from eraforge.pipeline.daemon.service.condition import Look, Window
from eraforge.pipeline.daemon.slots import Slots
from eraforge.pipeline.daemon.watch import Watched, Watcher
from eraforge.pipeline.daemon.workers import GIGABYTE, Limits
from eraforge.pipeline.engine import Engine
from eraforge.pipeline.notices.office import Office, ping
from eraforge.pipeline.secrets.key_check import check_keys
from eraforge.pipeline.steps.ahead import fallback
from eraforge.pipeline.steps.ahead.reconcile import reconcile
from eraforge.pipeline.tools import Tools

PING = "ping"
RESCUE_SECONDS = 30.0
RESCUERS = 8
BUSY_SHARE = 0.1
PAUSES = 4.0  # looking takes a fifth of the time at most: what computes beside it needs the rest
LEAST_SECONDS, SLOWER = 60.0, 5.0
WINDOW_SHARE = 2
KEPT = timedelta(days=3)


class Daemon:
    """Everything that one process of `eraforge run` does.

    Args:
        tools: the open workspace.
        engine: the queue and the durable steps.
        office: what tells a person.
        hosts: this process among all that share the ledger; only the leader decides and tells.
        entries: configured entries.
        stop_work: kills what computes for an entry.
        say: one line for the person who looks on.

    `saw` is called after each look with what it saw, or with None where it could not look.
    """

    def __init__(
        self,
        tools: Tools,
        engine: Engine,
        office: Office,
        hosts: Hosts,
        entries: list[Entry],
        stop_work: Callable[[str], None],
        say: Callable[[str], None],
    ) -> None:
        self._tools, self._engine, self._office, self._hosts = tools, engine, office, hosts
        self._entries, self._stop_work, self._say = entries, stop_work, say
        self._watcher = Watcher(tools, entries)
        self._slots = Slots(tools, engine, office)
        self._chores = Chores(tools, engine, office, entries)
        self._rescuers = ThreadPoolExecutor(RESCUERS, thread_name_prefix="rescue")
        self._reconciled = False
        self._keys_checked: date | None = None
        self._last: tuple[datetime, float] | None = None
        self.saw: Callable[[Look | None], None] = _unseen

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set.

        Raises:
            EraforgeError: what no repetition helps against; a service starts it again, and silence is an alarm.
        """
        self._hosts.start()
        try:
            while not stop.is_set():
                busy, began = False, monotonic()
                try:
                    busy = self.tick()
                except Transient as error:
                    self._trouble(error)
                poll = self._tools.configuration.run.poll_seconds
                stop.wait(max(poll * BUSY_SHARE, PAUSES * (monotonic() - began)) if busy else poll)
        finally:
            self._rescuers.shutdown(wait=True)
            self._hosts.stop()

    def tick(self) -> bool:
        """Look once and do what is due; whether an open window still waits.

        Raises:
            Transient: the ledger or the server's clock could not be asked; nothing was lost.
        """
        now = self._tools.clock.now()
        self._last = (now, monotonic())
        if not self._hosts.renew(now) and not (self._hosts.free_leader() and self._hosts.renew(now)):
            self.saw(Look(now, leads=False))
            return False  # another host leads; this one works on what the queue holds
        for host, pieces in self._hosts.bury(now, self._engine.take_over).items():
            told = f"Host {host} is gone; {pieces} pieces of its work were put back into the queue."
            self._office.tell("host-gone", host, told, now)
        if not self._reconciled:
            self._reconcile(now)
        if not self._reconciled:
            self.saw(Look(now, leads=True, reconciled=False))
            return True  # looked at again soon; nothing new begins before
        self._check_keys(now)
        watched = self._watcher.look(now)
        windows = tuple(self._watch(one, now) for one in watched)
        waiting = any(window.is_waiting(now) for window in windows)
        if not waiting:
            self._chores.do(watched, now)
        self._slots.forget(now - KEPT)
        self._office.deliver(now)
        silent = tuple(one.subject for one in watched if one.error is not None)
        self.saw(Look(now, leads=True, windows=windows, silent=silent))
        return waiting

    def limits(self, entry: Entry | None, stage: str) -> Limits:
        """What a stage may take: by what it took before; in a window never so long that others wait for it in vain."""
        settings = self._tools.configuration.run
        seconds = settings.stage_seconds
        if entry is not None:
            known = durations.measured(self._tools, entry).get(stage)
            if known is not None and stage not in ("fit", "fetch", "evaluate"):
                seconds = min(seconds, max(LEAST_SECONDS, SLOWER * known))
            left = self._seconds_to_rescue(entry)
            if left is not None:
                seconds = min(seconds, max(left / WINDOW_SHARE, LEAST_SECONDS))
        return Limits(seconds, settings.memory_gigabytes * GIGABYTE)

    def _seconds_to_rescue(self, entry: Entry) -> float | None:
        """Seconds until the fallback answers for the entry, or None while no window of it is open."""
        try:
            now = self._tools.clock.now()
        except Transient:
            return None
        seen = self._tools.ledger.last_event(kind=watch.SEEN, subject=f"{entry.account}/{entry.arena}")
        played = None if seen is None else watch.round_of(seen.facts, entry.arena)
        if played is None or now >= played.closes:
            return None
        return max((durations.rescue_moment(self._tools, entry, played) - now).total_seconds(), 0.0)

    def _watch(self, one: Watched, now: datetime) -> Window:
        """One arena of one account: do what is due, and tell how its window stands."""
        if one.error is not None:
            subject = f"{one.subject}/{one.round.number}"
            self._office.tell("server-silent", subject, one.error.sentence, now, one.error.next_step)
        ours = [entry for entry in self._entries if (entry.account, entry.arena) == (one.account, one.arena)]
        self._catch_up(one, ours, now)
        empty = [entry for entry in ours if not self._slots.is_filled(entry, one.round.number)]
        for entry in ours:
            if entry not in empty:
                self._slots.filled(entry, one.round, now)
        if one.round.is_open(now):
            for entry in empty:
                self._slots.ready_fallback(entry, one.round, now)
            for entry in empty:
                self._slots.play(entry, one.round, now)
            self._rescue(one, empty, now)
        elif now >= one.round.closes and watch.was_seen_open(self._tools, one):
            for entry in empty:
                self._slots.missed(entry, one.round, now)
        if not empty and ours:
            self._ping(one, now)
        names, danger = tuple(entry.name for entry in empty), self._in_danger(one.round, empty, now)
        held = tuple(entry.name for entry in empty if self._slots.held(entry, one.round.number))
        return Window(one.account, one.arena, one.round.number, one.round.opens, one.round.closes, names, danger, held)

    def _in_danger(self, played: Round, empty: list[Entry], now: datetime) -> tuple[str, ...]:
        """Entries whose fallback should have answered by now and has not, or whose submission waits for a person."""
        if not played.is_open(now):
            return ()
        due = [entry for entry in empty if now >= durations.rescue_moment(self._tools, entry, played)]
        held = [entry for entry in empty if self._slots.held(entry, played.number)]
        left = [entry for entry in empty if entry in due or entry in held]
        return tuple(entry.name for entry in left if not self._slots.is_filled(entry, played.number))

    def _check_keys(self, now: datetime) -> None:
        """What the keys may do, at the start and once a day."""
        if self._keys_checked != now.date():
            accounts = sorted({entry.account for entry in self._entries})
            if check_keys(self._tools, accounts, self._office, self._say, now):
                self._keys_checked = now.date()

    def _catch_up(self, one: Watched, ours: list[Entry], now: datetime) -> None:
        unseen = watch.remember(self._tools, one, now)
        open_slots = [number for number in unseen if any(not self._slots.is_filled(entry, number) for entry in ours)]
        if open_slots:
            told = f"{len(open_slots)} rounds came and went unwatched: {open_slots[0]} to {open_slots[-1]}."
            self._office.tell("rounds-unseen", f"{one.subject}/{open_slots[0]}-{open_slots[-1]}", told, now)

    def _rescue(self, one: Watched, empty: list[Entry], now: datetime) -> None:
        """Answer with the fallback wherever the real answer is not ready in time, all at once."""
        begun: dict[Future[dict[str, str]], Entry] = {}
        for entry in empty:
            made = self._slots.due_for_rescue(entry, one.round, now)
            if made is not None:
                self._stop_work(entry.name)
                self._engine.cancel("turn", entry, one.round.number)
                begun[self._rescuers.submit(fallback.submit, self._tools, entry, one.round.number, made)] = entry
        wait(begun, timeout=RESCUE_SECONDS)
        for future, entry in begun.items():
            error = future.exception() if future.done() else None
            slot = fallback.slot_of(entry, one.round.number).key
            if isinstance(error, Transient):
                continue  # asked again at the next look
            if isinstance(error, UserError) and error.code == "already-submitted":
                continue  # the real answer was on its way after all; the next look sees what became of it
            if isinstance(error, EraforgeError):
                self._office.tell("fallback-failed", slot, error.sentence, now, error.next_step)
            elif error is not None:
                raise error
            elif future.done():
                self._slots.filled(entry, one.round, now)

    def _reconcile(self, now: datetime) -> None:
        """What became of every effect that was left open, before any new turn begins."""
        rows = reconcile(self._tools)
        self._reconciled = not any(row["waits"] for row in rows)
        for row in rows:
            self._say(f"{row['slot']}: {row['kind']} is {row['phase']}")
            if row["phase"] == "held":
                self._office.tell("effect-held", row["slot"], row["reason"] or "it waits for a person", now)

    def _ping(self, one: Watched, now: datetime) -> None:
        """Once per window that was filled, the outside watcher hears from us."""
        url = self._tools.configuration.run.ping_url
        subject = f"{one.subject}/{one.round.number}"
        if not url or self._tools.ledger.last_event(kind=PING, subject=subject) is not None:
            return
        try:
            ping(url)
        except Transient as error:
            self._office.tell("ping-failed", subject, error.sentence, now)
            return
        self._tools.ledger.record(PING, subject, {}, now)

    def _trouble(self, error: Transient) -> None:
        """The server's clock or the ledger is away: say so by the last known time, and look again."""
        self._say(error.sentence)
        self.saw(None)
        known = self._last
        now = known[0] + timedelta(seconds=monotonic() - known[1]) if known else SystemClock().now()
        try:
            self._office.tell("server-silent", f"{error.code}/{now:%Y-%m-%d}", error.sentence, now, error.next_step)
            self._office.deliver(now)
        except Transient as second:
            self._say(second.sentence)


def _unseen(look: Look | None) -> None:
    """Where nobody asks how it is."""
