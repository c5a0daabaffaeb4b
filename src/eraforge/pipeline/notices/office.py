"""The office: takes what happened, tells each thing once, and by each channel what that channel wants to hear.

A notice is in the ledger before anybody is told, so that a crash loses none. During a channel's quiet hours only what
is critical goes out; the rest waits until they are over. What a channel does not take is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from eraforge.core import plugins
from eraforge.core.configuration import Configuration, NotifyTable
from eraforge.core.errors import Broken, EraforgeError, Transient, UserError
from eraforge.core.ports import Notice, Notifier
from eraforge.core.secret import Secret, guard
from eraforge.pipeline.notices.codes import CODES, SEVERITIES
from eraforge.store.ledger import Ledger

TOLD = "notice"
DELIVERED = "notice.delivered"
DAYS_KEPT = 7
TRIES = 20
MOST_KNOWN = 5000


@dataclass
class Channel:
    """A configured channel: what it wants to hear, when it is quiet, and how often a notice failed there."""

    name: str
    table: NotifyTable
    notifier: Notifier
    failed: dict[str, int] = field(default_factory=dict)

    def wants(self, notice: Notice) -> bool:
        """Whether the notice is bad enough for this channel."""
        return SEVERITIES.index(notice.severity) >= SEVERITIES.index(self.table.severity)

    def is_quiet(self, now: datetime, notice: Notice) -> bool:
        """Whether the notice waits: quiet hours (UTC), and nothing critical."""
        if not self.table.quiet or notice.severity == "critical":
            return False
        begins, ends = (time.fromisoformat(part) for part in self.table.quiet.split("-"))
        at = now.time()
        return begins <= at < ends if begins <= ends else at >= begins or at < ends


class Office:
    """Everything that is told in one workspace.

    Args:
        ledger: where notices stand before they go out.
        channels: the ways out.
    """

    def __init__(self, ledger: Ledger, channels: list[Channel]) -> None:
        self._ledger = ledger
        self._channels = channels
        self._known: set[str] = set()
        self._waiting: list[tuple[Channel, Notice]] = []
        self._after = 0
        self._delivered: set[tuple[str, str]] = set()

    def tell(self, code: str, subject: str, sentence: str, at: datetime, next_step: str = "") -> bool:
        """Note that something happened; whether it is news. The same code of the same subject is told once.

        Raises:
            Broken: `unknown-notice` for a code that stands in no table.
        """
        if code not in CODES:
            raise Broken("unknown-notice", f"There is no notice {code!r}.", "Add it to the table of codes.")
        key = f"{code}/{subject}"
        if len(self._known) > MOST_KNOWN:
            self._known.clear()  # the ledger knows them all
        if key in self._known or self._ledger.last_event(kind=TOLD, subject=key) is not None:
            self._known.add(key)
            return False
        kind = CODES[code]
        facts = {
            "code": code,
            "subject": subject,
            "severity": kind.severity,
            "sentence": sentence,
            "next_step": next_step or kind.next_step,
        }
        self._ledger.record(TOLD, key, facts, at)
        self._known.add(key)
        return True

    def deliver(self, now: datetime) -> int:
        """Bring out what waits; how many deliveries that were."""
        self._collect(now)
        count, left = 0, []
        for channel, notice in self._waiting:
            done = False if channel.is_quiet(now, notice) else self._deliver(channel, notice, now)
            count += done
            if not done:
                left.append((channel, notice))
        self._waiting = [(channel, notice) for channel, notice in left if channel.failed.get(_key(notice), 0) < TRIES]
        return count

    def _collect(self, now: datetime) -> None:
        """Notices written since the last time, also by another process, that a channel has not delivered."""
        fresh: list[Notice] = []
        for event in self._ledger.events(kind=DELIVERED, after=self._after):
            self._delivered.add((event.subject, str(event.facts["channel"])))
        last = self._after
        for event in self._ledger.events(kind=TOLD, after=self._after):
            last = event.sequence
            if event.at >= now - timedelta(days=DAYS_KEPT):
                facts = {name: str(event.facts[name]) for name in ("code", "severity", "subject", "sentence")}
                fresh.append(Notice(**facts, next_step=str(event.facts["next_step"]), at=event.at))
        self._after = last
        for notice in fresh:
            for channel in self._channels:
                if channel.wants(notice) and (_key(notice), channel.name) not in self._delivered:
                    self._waiting.append((channel, notice))
        self._delivered.clear()

    def _deliver(self, channel: Channel, notice: Notice, now: datetime) -> bool:
        key = _key(notice)
        try:
            channel.notifier.notify(notice)
        except EraforgeError as error:
            channel.failed[key] = TRIES if isinstance(error, UserError) else channel.failed.get(key, 0) + 1
            if notice.code != "channel-failed" and (channel.failed[key] == TRIES or channel.failed[key] == 1):
                told = f"Channel {channel.name!r} did not deliver: {error.sentence}"
                self.tell("channel-failed", f"{channel.name}/{now:%Y-%m-%d}", told, now, error.next_step)
            return False
        channel.failed.pop(key, None)
        self._ledger.record(DELIVERED, key, {"channel": channel.name}, now)
        return True


def _key(notice: Notice) -> str:
    return f"{notice.code}/{notice.subject}"


def open_office(configuration: Configuration, environment: Mapping[str, str], ledger: Ledger) -> Office:
    """The office of a workspace with its configured channels.

    Raises:
        UserError: `unknown-plugin`, `wrong-channel-settings`, `no-channel-secret`.
    """
    channels = [
        Channel(name, table, _notifier(name, table, environment)) for name, table in configuration.notify.items()
    ]
    return Office(ledger, channels)


def _notifier(name: str, table: NotifyTable, environment: Mapping[str, str]) -> Notifier:
    kind = plugins.find("notifier", table.kind)
    settings: dict[str, Any] = {}
    for key, value in table.settings.items():
        if not key.endswith("_variable"):
            settings[key] = value
            continue
        if not environment.get(str(value)):
            raise UserError(
                "no-channel-secret", f"Channel {name!r} needs the variable {value}, which is not set.", f"Set {value}."
            )
        settings[key.removesuffix("_variable")] = guard(Secret(environment[str(value)]))
    try:
        made: Notifier = kind(**settings)
    except TypeError as error:
        raise UserError(
            "wrong-channel-settings", f"Channel {name!r} does not take these settings: {error}.", "Correct them."
        ) from error
    return made


def ping(url: str) -> None:
    """Tell the outside watcher that all is well. It alarms when this stops.

    Raises:
        Transient: `watcher-not-reached`.
    """
    import httpx

    from eraforge.data.trust import trusted

    try:
        answer = httpx.get(url, timeout=10.0, follow_redirects=True, verify=trusted())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        kind = type(error).__name__
        raise Transient("watcher-not-reached", f"The outside watcher was not reached ({kind}).", "Check it.") from None
    if not answer.is_success:
        raise Transient("watcher-not-reached", f"The outside watcher answered {answer.status_code}.", "Check it.")
