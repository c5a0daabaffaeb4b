"""What is done while no window waits: scores, payouts and data versions daily, trainings due, a report a week."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

from eraforge.core.errors import EraforgeError, Transient
from eraforge.core.words import Entry
from eraforge.pipeline.daemon import quarantine
from eraforge.pipeline.daemon.reports import write_report
from eraforge.pipeline.daemon.watch import Watched
from eraforge.pipeline.engine import Engine
from eraforge.pipeline.notices.office import Office
from eraforge.pipeline.steps import versions
from eraforge.pipeline.steps.ahead import training
from eraforge.pipeline.steps.follow_up import settled_payouts
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import follow

SYNCED = "scores.synced"
REPORTED = "report.written"
AFTER_HOUR = 14  # UTC: every window but Saturday's has closed, and the day's scores are being published
PAYOUTS_CHECKED = 5

News = tuple[str, str, str, str]
"""A notice: code, subject, sentence and next step."""


class Chores:
    """Work of the day and of the week.

    Args:
        tools, engine, office: what plays, and what tells.
        entries: configured entries.
    """

    def __init__(self, tools: Tools, engine: Engine, office: Office, entries: list[Entry]) -> None:
        self._tools = tools
        self._engine = engine
        self._office = office
        self._entries = entries
        self._synced: dict[str, date] = {}
        self._trained_ahead: dict[str, int] = {}  # round up to which nothing is left to do, by entry

    def do(self, watched: list[Watched], now: datetime) -> None:
        """Whatever is due at this moment."""
        due = [one for one in self._entries if now.hour >= AFTER_HOUR and self._last_sync(one) < now.date()]
        if due:
            self._sync(due, now)
        for one in watched:
            for entry in self._entries:
                if (entry.account, entry.arena) == (one.account, one.arena) and now >= one.round.closes:
                    self._train_ahead(entry, one.round.number + 1, now)
        if now.weekday() == self._tools.configuration.run.report_weekday and now.hour >= AFTER_HOUR:
            self._report(now)

    def _last_sync(self, entry: Entry) -> date:
        if entry.name not in self._synced:
            last = self._tools.ledger.last_event(kind=SYNCED, subject=entry.name)
            self._synced[entry.name] = date.min if last is None else last.at.date()
        return self._synced[entry.name]

    def _sync(self, entries: Sequence[Entry], now: datetime) -> None:
        """Bring in what was published, of several entries at a time: most of it is waiting for the server."""
        self._synced |= {entry.name: now.date() for entry in entries}
        with ThreadPoolExecutor(self._tools.configuration.run.parallel, thread_name_prefix="scores") as pool:
            for news in pool.map(lambda entry: self._news(entry, now), entries):
                for code, subject, told, next_step in news:
                    self._office.tell(code, subject, told, now, next_step)

    def _news(self, entry: Entry, now: datetime) -> list[News]:
        """Scores, payouts and data versions into the ledger; what a person should be told about them."""
        news: list[News] = []
        try:
            found: dict[str, Any] = follow(entry, lambda work, *given: work(self._tools, *given))
            self._tools.ledger.record(SYNCED, entry.name, {"rows": found["rows"]}, now)
            model_id = str(found["model_id"])
            for paid in settled_payouts(self._tools, entry, model_id, PAYOUTS_CHECKED):
                if paid["adds_up"] is False:
                    told = f"Round {paid['round']} paid {paid['settled']}, its scores come to {paid['recomputed']}."
                    news.append(("payout-off", f"{entry.name}/{paid['round']}", told, ""))
            for version in versions.newer_versions(self._tools, entry):
                told = f"{version} of the {entry.arena} data is offered; entry {entry.name!r} reads "
                told += f"{self._tools.arena(entry).version}."
                news.append(("data-version-offered", f"{entry.name}/{version}", told, ""))
        except EraforgeError as error:
            news.append(("scores-failed", f"{entry.name}/{now:%Y-%m-%d}", error.sentence, error.next_step))
        return news

    def _train_ahead(self, entry: Entry, number: int, now: datetime) -> None:
        if self._trained_ahead.get(entry.name, 0) >= number or quarantine.is_quarantined(self._tools, entry):
            return
        last = training.last_trained(self._tools, entry)
        if last is not None and not training.is_due(entry, number, self._tools.arena(entry).version, last):
            self._trained_ahead[entry.name] = number
            return
        standing = self._engine.standing("training", entry, number)
        if standing is None:
            self._engine.enqueue("training", entry, number, now + timedelta(days=365))  # after any turn
            return
        if standing.error is not None and not isinstance(standing.error, Transient):
            self._office.tell("training-failed", f"{entry.name}/{number}", standing.error.sentence, now)
        if standing.state in ("done", "failed"):
            self._trained_ahead[entry.name] = number

    def _report(self, now: datetime) -> None:
        week = f"{now.isocalendar().year}-W{now.isocalendar().week:02d}"
        if self._tools.ledger.last_event(kind=REPORTED, subject=week) is not None:
            return
        path = write_report(self._tools, self._entries, week, now)
        self._tools.ledger.record(REPORTED, week, {"file": path.name}, now)
        self._office.tell("report-written", week, f"The report of the week is in {path}.", now)
