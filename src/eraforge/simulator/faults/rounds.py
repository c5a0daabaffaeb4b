"""Faults of the tournament itself: windows, universes, verdicts and scores that change, and things seen only later."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from eraforge.core.errors import UserError
from eraforge.simulator.exchange.calls import Call, Kind
from eraforge.simulator.faults.fault import Fault, Ground, Hidden, RoundFault, later
from eraforge.simulator.port import Versioned
from eraforge.simulator.tournament.contest import Contest

NAMED = re.compile(r"v\d+\.\d+")
KEPT = "_equivalent_features"  # as the real files call sets of an earlier version: `v3_equivalent_features`
CREATES = frozenset({"createSubmission", "createSignalsSubmission"})


@dataclass(frozen=True)
class WindowMoved(RoundFault):
    """A round opens and closes at another time than the calendar says.

    Args:
        minutes: how much later; negative is earlier.
    """

    minutes: float = 45.0
    name: ClassVar[str] = "window-moved"

    def change(self, contest: Contest, number: int, draw: float) -> tuple[str, dict[str, Any]]:
        found, by = contest.rounds.get(number), timedelta(minutes=self.minutes)
        return "window-changed", {"opens": (found.opens + by).isoformat(), "closes": (found.closes + by).isoformat()}


@dataclass(frozen=True)
class WindowShortened(RoundFault):
    """A round stays open for a shorter time than the calendar says.

    Args:
        minutes: how long it stays open.
    """

    minutes: float = 20.0
    name: ClassVar[str] = "window-shortened"

    def change(self, contest: Contest, number: int, draw: float) -> tuple[str, dict[str, Any]]:
        found = contest.rounds.get(number)
        closes = min(found.closes, found.opens + timedelta(minutes=self.minutes))
        return "window-changed", {"opens": found.opens.isoformat(), "closes": closes.isoformat()}


@dataclass(frozen=True)
class UniverseChanged(RoundFault):
    """The live universe of a round is smaller or larger than it was before.

    Args:
        share: of the rows planned; above 1 adds rows, below 1 takes some away.
    """

    share: float = 0.9
    name: ClassVar[str] = "universe-changed"

    def change(self, contest: Contest, number: int, draw: float) -> tuple[str, dict[str, Any]]:
        return "universe-changed", {"share": self.share}


@dataclass(frozen=True)
class VersionReleased(RoundFault):
    """From a round on the dataset comes in a further version too: features added, a set renamed, `target` moved.

    It befalls a tournament once: the first round that it strikes is the one in which the version is listed first.

    Args:
        version: the name of the further version.
        target: the named target that its column `target` equals.
        renamed: the feature set that has another name in it; none where this is empty.
        beside: rounds for which the version before it stays listed; 0 for good.
    """

    version: str = "v5.4"
    target: str = "target_jasper_60"
    renamed: str = "quantum"
    beside: int = 0
    name: ClassVar[str] = "version-released"

    def check(self, contest: Contest) -> None:
        world = contest.planned
        if not isinstance(world, Versioned):
            return
        wanted = {
            "version": (
                "a name like v5.4",
                bool(NAMED.fullmatch(self.version)) and self.version != world.arena.version,
            ),
            "target": (f"one of: {', '.join(world.named_targets)}", self.target in world.named_targets),
            "renamed": (f"one of: {', '.join(world.feature_sets)}", self.renamed in ("", *world.feature_sets)),
            "beside": ("a number of rounds", self.beside >= 0),
        }
        for setting, (what, right) in wanted.items():
            if not right:
                raise UserError(
                    "setting-not-understood",
                    f"{setting} of the fault {self.name} is {getattr(self, setting)!r}.",
                    f"Give {what}.",
                )

    def concerns(self, contest: Contest, number: int) -> bool:
        known = {one.version: one.since for one in contest.published.releases}
        return isinstance(contest.planned, Versioned) and known.get(self.version, number) >= number

    def change(self, contest: Contest, number: int, draw: float) -> tuple[str, dict[str, Any]]:
        facts = {"version": self.version, "target": self.target, "renamed": self.renamed}
        named = self.renamed and f"{self.renamed}{KEPT}"
        return "version-released", {**facts, "named": named, "until": number + self.beside if self.beside else None}


@dataclass(frozen=True)
class ResolvedLate(RoundFault):
    """A round resolves later than planned: its last score comes late, and so does what it pays.

    Args:
        days: score days by which it is late, at most 20.
    """

    days: int = 3
    name: ClassVar[str] = "resolved-late"
    once_closed: ClassVar[bool] = True

    def change(self, contest: Contest, number: int, draw: float) -> tuple[str, dict[str, Any]]:
        return "resolution-delayed", {"days": min(max(self.days, 0), 20)}


@dataclass(frozen=True)
class ScoreRevised(RoundFault):
    """The scores that a round got on one score day are replaced by other ones later.

    Args:
        day: the score day.
        wait: how many score days later the revision appears.
        size: standard deviation of the difference.
    """

    day: int = 5
    wait: int = 2
    size: float = 0.005
    name: ClassVar[str] = "score-revised"
    once_closed: ClassVar[bool] = True

    def change(self, contest: Contest, number: int, draw: float) -> tuple[str, dict[str, Any]]:
        moments = contest.rounds.score_moments(number)
        day = min(max(self.day, 1), len(moments))
        since = moments[min(day - 1 + self.wait, len(moments) - 1)]
        return "score-revised", {"day": day, "from": since.isoformat(), "size": self.size}


@dataclass(frozen=True)
class RejectedLate(Fault):
    """A submission is accepted first, and rejected some time later.

    Args:
        seconds: of virtual time until it is rejected.
        error: what the server then says of it.
    """

    seconds: float = 600.0
    error: str = "invalid_submission_values: the submission did not pass a second check"
    name: ClassVar[str] = "rejected-late"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.MUTATION})

    def meets(self, call: Call) -> bool:
        return not CREATES.isdisjoint(call.operations)

    def touch(self, ground: Ground, lines: Sequence[Mapping[str, Any]]) -> None:
        since = later(ground.tournament, self.seconds).isoformat()
        for facts in _accepted(lines):
            rejection = {"id": facts["id"], "error": self.error, "from": since, "fault": self.name}
            ground.tournament.change("submission-rejected", rejection)


@dataclass(frozen=True)
class SubmissionHidden(Fault):
    """A submission that was created does not stand in the lists of submissions yet.

    Args:
        readings: how many readings of the lists do not show it.
        seconds: of virtual time for which they do not show it either.
    """

    readings: int = 1
    seconds: float = 0.0
    name: ClassVar[str] = "submission-hidden"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.MUTATION})

    def meets(self, call: Call) -> bool:
        return not CREATES.isdisjoint(call.operations)

    def touch(self, ground: Ground, lines: Sequence[Mapping[str, Any]]) -> None:
        until = later(ground.tournament, self.seconds)
        for facts in _accepted(lines):
            ground.submissions[facts["filename"]] = Hidden(self.readings, until)


@dataclass(frozen=True)
class UploadHidden(Fault):
    """A file that was uploaded is not found yet when a submission is to be made of it.

    Args:
        readings: how many times it is not found.
        seconds: of virtual time for which it is not found either.
    """

    readings: int = 1
    seconds: float = 0.0
    name: ClassVar[str] = "upload-hidden"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.UPLOAD})

    def touch(self, ground: Ground, lines: Sequence[Mapping[str, Any]]) -> None:
        until = later(ground.tournament, self.seconds)
        for line in lines:
            if line["change"] == "object-stored":
                ground.uploads[line["facts"]["filename"]] = Hidden(self.readings, until)


def _accepted(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one["facts"] for one in lines if one["change"] == "submission-created" and one["facts"]["error"] is None]


ROUNDS = (
    WindowMoved,
    WindowShortened,
    UniverseChanged,
    VersionReleased,
    RejectedLate,
    ScoreRevised,
    ResolvedLate,
    SubmissionHidden,
    UploadHidden,
)
