"""Faults of the bytes that go out: slowly, too few, under a wrong length, from a stale cache, under a wrong time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

from eraforge.simulator.exchange.calls import DOWNLOADS, GRAPHQL, Call, Kind
from eraforge.simulator.exchange.replies import Reply
from eraforge.simulator.faults.fault import Fault

WITH_BODY = GRAPHQL | DOWNLOADS
EVERY = frozenset(Kind)


@dataclass(frozen=True)
class SlowBytes(Fault):
    """The answer goes out a few bytes at a time.

    Args:
        seconds: of real time that the whole answer takes.
        pieces: in how many pieces it goes out.
    """

    seconds: float = 5.0
    pieces: int = 20
    name: ClassVar[str] = "slow-bytes"
    kinds: ClassVar[frozenset[Kind]] = WITH_BODY

    def after(self, call: Call, reply: Reply) -> Reply:
        return replace(reply, pieces=self.pieces, pause=self.seconds / max(self.pieces, 1))


@dataclass(frozen=True)
class TruncatedBody(Fault):
    """The answer breaks off: its length is announced rightly, and only a part of it arrives.

    Args:
        share: of the bytes that arrive.
    """

    share: float = 0.5
    name: ClassVar[str] = "truncated-body"
    kinds: ClassVar[frozenset[Kind]] = WITH_BODY

    def after(self, call: Call, reply: Reply) -> Reply:
        return replace(reply, sent=int(reply.size * self.share))


@dataclass(frozen=True)
class WrongLength(Fault):
    """The answer announces fewer bytes than it has and ends there: whole by its header, cut in truth.

    Args:
        missing: how many bytes fewer; a negative number announces more than ever come.
    """

    missing: int = 16
    name: ClassVar[str] = "wrong-length"
    kinds: ClassVar[frozenset[Kind]] = WITH_BODY

    def after(self, call: Call, reply: Reply) -> Reply:
        announced = max(reply.size - self.missing, 0)
        return replace(reply, announced=announced, sent=min(announced, reply.size))


@dataclass(frozen=True)
class RangeIgnored(Fault):
    """A request for a part of a file is answered with the whole of it, status 200."""

    name: ClassVar[str] = "range-ignored"
    kinds: ClassVar[frozenset[Kind]] = DOWNLOADS

    def meets(self, call: Call) -> bool:
        return call.kind in self.kinds and call.range is not None

    def before(self, call: Call, draw: float) -> Call | Reply:
        return replace(call, range=None)


@dataclass(frozen=True)
class StaleCache(Fault):
    """A dataset file comes from a cache that lags behind: the file as it was before, filled up to the size of today's.

    It strikes only files that change. Where the earlier file is the larger one it keeps its own size.
    """

    name: ClassVar[str] = "stale-cache"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.FILE})

    def before(self, call: Call, draw: float) -> Call | Reply:
        return replace(call, stale=True)


@dataclass(frozen=True)
class ClockSkew(Fault):
    """The server's own clock is off, in the `Date` header and in the moments at which it says it received something.

    Args:
        seconds: by how much; positive is ahead.
    """

    seconds: float = 120.0
    name: ClassVar[str] = "clock-skew"
    kinds: ClassVar[frozenset[Kind]] = EVERY

    def after(self, call: Call, reply: Reply) -> Reply:
        return replace(reply, skew=timedelta(seconds=self.seconds))


TRANSMISSION = (SlowBytes, TruncatedBody, WrongLength, RangeIgnored, StaleCache, ClockSkew)
