"""What a tournament did otherwise than planned: windows, universes, verdicts, scores and resolutions that changed.

Every one of them is a line of the journal. Those that come true later carry the moment `from` which they hold, so that
what is seen is a function of the lines and of the time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from eraforge.simulator.port import Release

Key = tuple[int, int]  # tournament and round


@dataclass(frozen=True, slots=True)
class Rejection:
    """From that moment on an accepted submission is rejected, for that reason."""

    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Revision:
    """From that moment on the scores of one score day are other ones, off by a normal draw of that size."""

    day: int
    since: datetime
    size: float


@dataclass(slots=True)
class Disturbances:
    """The disturbances of the journal lines applied so far.

    Args:
        windows: opening and closing of a round, where they are not those of the calendar.
        universes: how many live rows a round has, as a share of those planned.
        resolved_late: by how many score days a round resolves late.
        revisions: revisions of a round's scores.
        rejections: late rejections, by the identifier of the submission.
        releases: further versions of a tournament's data, in the order of the rounds they come with.
        version: grows with every line; what was derived before it grew may be out of date.
    """

    windows: dict[Key, tuple[datetime, datetime]] = field(default_factory=dict)
    universes: dict[Key, float] = field(default_factory=dict)
    resolved_late: dict[Key, int] = field(default_factory=dict)
    revisions: dict[Key, list[Revision]] = field(default_factory=dict)
    rejections: dict[str, Rejection] = field(default_factory=dict)
    releases: dict[int, tuple[Release, ...]] = field(default_factory=dict)
    version: int = 0

    def appliers(self) -> dict[str, Callable[[datetime, Mapping[str, Any]], None]]:
        """How each kind of journal line is taken into account."""
        return {
            "window-changed": self._window_changed,
            "universe-changed": self._universe_changed,
            "resolution-delayed": self._resolution_delayed,
            "score-revised": self._score_revised,
            "submission-rejected": self._submission_rejected,
            "version-released": self._version_released,
        }

    def revised(self, tournament: int, number: int, now: datetime) -> tuple[Revision, ...]:
        """The revisions of a round's scores that hold by now."""
        return tuple(one for one in self.revisions.get((tournament, number), ()) if one.since <= now)

    def revisions_by(self, now: datetime) -> int:
        """How many revisions of any round hold by now."""
        return sum(one.since <= now for revisions in self.revisions.values() for one in revisions)

    def rejected(self, now: datetime) -> dict[str, str]:
        """Submission to reason, of the late rejections that hold by now."""
        return {name: one.error for name, one in self.rejections.items() if one.since <= now}

    def _window_changed(self, at: datetime, facts: Mapping[str, Any]) -> None:
        window = datetime.fromisoformat(facts["opens"]), datetime.fromisoformat(facts["closes"])
        self.windows[_key(facts)] = window
        self.version += 1

    def _universe_changed(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.universes[_key(facts)] = facts["share"]
        self.version += 1

    def _resolution_delayed(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.resolved_late[_key(facts)] = facts["days"]
        self.version += 1

    def _score_revised(self, at: datetime, facts: Mapping[str, Any]) -> None:
        revision = Revision(facts["day"], datetime.fromisoformat(facts["from"]), facts["size"])
        self.revisions.setdefault(_key(facts), []).append(revision)
        self.version += 1

    def _submission_rejected(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.rejections[facts["id"]] = Rejection(datetime.fromisoformat(facts["from"]), facts["error"])
        self.version += 1

    def _version_released(self, at: datetime, facts: Mapping[str, Any]) -> None:
        names = ("version", "target", "renamed", "named", "until")
        release = Release(since=facts["round"], **{name: facts[name] for name in names})
        others = [one for one in self.releases.get(facts["tournament"], ()) if one.version != release.version]
        self.releases[facts["tournament"]] = tuple(sorted([*others, release], key=lambda one: one.since))
        self.version += 1


def _key(facts: Mapping[str, Any]) -> Key:
    return facts["tournament"], facts["round"]
