"""What Prometheus reads: figures of the ledger's events, of the daemon's last look, and of this process."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from eraforge import __version__
from eraforge.core.errors import EraforgeError
from eraforge.core.words import Entry
from eraforge.pipeline.daemon import quarantine
from eraforge.pipeline.daemon.service.condition import Condition
from eraforge.pipeline.daemon.service.exposition import Family, exposition
from eraforge.pipeline.daemon.workers import memory_of
from eraforge.pipeline.effects.settling import Settling
from eraforge.pipeline.engine import DURATION
from eraforge.pipeline.notices.office import TOLD
from eraforge.pipeline.tools import Tools
from eraforge.store.records import Event

EFFECT = "effect."
ANSWERED = {"answer-confirmed": "answer", "fallback-used": "fallback"}
MISSED = "window-missed"


class Figures:
    """Counts events as they come; each is read once. Runs in the thread that asks, never in the daemon's.

    Args:
        tools: the open workspace.
        entries: configured entries.
        condition: what the daemon's last look saw.
    """

    def __init__(self, tools: Tools, entries: list[Entry], condition: Condition) -> None:
        self._tools, self._entries, self._condition = tools, entries, condition
        url, settings = tools.configuration.server.url, tools.configuration.submit
        self._settling = Settling(tools.ledger, url, settings)
        self._lock = threading.Lock()
        self._after = 0
        self._filled: Counter[str] = Counter(dict.fromkeys(ANSWERED.values(), 0))
        self._missed = 0
        self._phases: Counter[str] = Counter()
        self._notices: Counter[tuple[str, str]] = Counter()
        self._stages: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[tuple[str, str], float] = {}

    def page(self) -> str:
        """The whole text. A ledger that cannot be read leaves its figures out and says so."""
        families = [*self._of_the_process(), *self._of_the_look()]
        readable = 1
        try:
            with self._lock:
                families += self._of_the_ledger()
        except EraforgeError:
            readable = 0
        families.append(Family("eraforge_ledger_readable", "gauge", "Whether the ledger could be read.").add(readable))
        return exposition(families)

    def _of_the_ledger(self) -> list[Family]:
        for event in self._tools.ledger.events(after=self._after):
            self._count(event)
            self._after = event.sequence
        stages = Family("eraforge_stage_seconds", "summary", "Time that the stages of an entry took.")
        for (entry, stage), count in sorted(self._stages.items()):
            stages.add(self._seconds[entry, stage], "_sum", entry=entry, stage=stage)
            stages.add(count, "_count", entry=entry, stage=stage)
        notices = Family("eraforge_notices_total", "counter", "Notices, by code and severity.")
        for (code, severity), count in sorted(self._notices.items()):
            notices.add(count, code=code, severity=severity)
        held = {entry.name: float(quarantine.is_quarantined(self._tools, entry)) for entry in self._entries}
        settle = Family("eraforge_settle_seconds", "gauge", "Time within which 99.9 % of confirmations showed.")
        measured = self._settling.measured()
        if measured.count:
            settle.add(measured.quantile, quantile="0.999")
        return [
            Family("eraforge_windows_filled_total", "counter", "Slots answered in time, by what answered.").add_each(
                self._filled, "by"
            ),
            Family("eraforge_windows_missed_total", "counter", "Slots whose window closed unanswered.").add(
                self._missed
            ),
            Family("eraforge_effects_total", "counter", "Steps of effects, by the phase reached.").add_each(
                self._phases, "phase"
            ),
            Family("eraforge_effects_open", "gauge", "Effects whose outcome is not final, held ones among them.").add(
                len(self._tools.ledger.open_effects())
            ),
            Family("eraforge_entry_quarantined", "gauge", "Whether the entry is left alone.").add_each(held, "entry"),
            Family("eraforge_ledger_events_total", "counter", "Events in the ledger.").add(self._after),
            stages,
            notices,
            settle,
        ]

    def _count(self, event: Event) -> None:
        facts = event.facts
        if event.kind == TOLD:
            code = str(facts["code"])
            self._notices[code, str(facts["severity"])] += 1
            self._missed += code == MISSED
            if code in ANSWERED:
                self._filled[ANSWERED[code]] += 1
        elif event.kind.startswith(EFFECT):
            self._phases[event.kind.removeprefix(EFFECT)] += 1
        elif event.kind == DURATION:
            key = (event.subject, str(facts["stage"]))
            self._stages[key] += 1
            self._seconds[key] = self._seconds.get(key, 0.0) + float(facts["seconds"])

    def _of_the_look(self) -> list[Family]:
        condition, look = self._condition, self._condition.look
        since = condition.seconds_since_look()
        closes = Family("eraforge_window_seconds_to_close", "gauge", "Seconds until the current round closes.")
        opened = Family("eraforge_window_open", "gauge", "Whether the current round is open.")
        number = Family("eraforge_window_round", "gauge", "Number of the current round.")
        waiting = Family("eraforge_window_entries_waiting", "gauge", "Entries not answered in the current round.")
        danger = Family("eraforge_window_entries_in_danger", "gauge", "Entries that will miss it without a person.")
        for window in look.windows if look else ():
            now = look.at + timedelta(seconds=since) if look else window.opens
            labels = {"account": window.account, "arena": window.arena}
            closes.add((window.closes - now).total_seconds(), **labels)
            opened.add(window.opens <= now < window.closes, **labels)
            number.add(window.round, **labels)
            waiting.add(len(window.waiting), **labels)
            danger.add(len(window.in_danger), **labels)
        return [
            Family("eraforge_ready", "gauge", "Whether it can play.").add(condition.ready().ok),
            Family("eraforge_leads", "gauge", "Whether this host decides.").add(bool(look and look.leads)),
            Family("eraforge_seconds_since_look", "gauge", "Real seconds since the daemon last looked.").add(since),
            closes,
            opened,
            number,
            waiting,
            danger,
        ]

    def _of_the_process(self) -> list[Family]:
        free = Family("eraforge_disk_free_bytes", "gauge", "Free space where the workspace lies.")
        files = Family("eraforge_open_files", "gauge", "Files and sockets this process holds open.")
        with suppress(OSError):  # a figure that the system does not tell is left out
            free.add(shutil.disk_usage(self._tools.folder).free)
        with suppress(OSError):
            files.add(len(list(Path("/proc/self/fd").iterdir())))
        resident = Family("eraforge_resident_bytes", "gauge", "Memory of this process, its workers' not counted.")
        memory = memory_of(os.getpid())
        if memory:
            resident.add(memory)
        return [
            Family("eraforge_info", "gauge", "The version that runs.").add(1, version=__version__),
            free,
            files,
            resident,
        ]
