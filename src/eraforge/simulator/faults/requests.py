"""Faults of a request as a whole: it gets lost, or the server fails before or after it did what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eraforge.simulator.exchange.calls import DOWNLOADS, GRAPHQL, Call, Kind
from eraforge.simulator.exchange.replies import Reply, errors, silence, text
from eraforge.simulator.faults.fault import Fault

EVERY = frozenset(Kind)
APPLIED = GRAPHQL | {Kind.UPLOAD}


@dataclass(frozen=True)
class RequestLost(Fault):
    """The request never reaches the server: nothing is done, and the connection is cut."""

    name: ClassVar[str] = "request-lost"
    kinds: ClassVar[frozenset[Kind]] = EVERY

    def before(self, call: Call, draw: float) -> Call | Reply:
        return silence()


@dataclass(frozen=True)
class AppliedUnanswered(Fault):
    """What was asked is done, and then the connection is cut without an answer."""

    name: ClassVar[str] = "applied-unanswered"
    kinds: ClassVar[frozenset[Kind]] = APPLIED

    def after(self, call: Call, reply: Reply) -> Reply:
        return silence()


@dataclass(frozen=True)
class ErrorBefore(Fault):
    """The server answers 5xx and has done nothing.

    Args:
        status: of the answer.
    """

    status: int = 503
    name: ClassVar[str] = "error-before"
    kinds: ClassVar[frozenset[Kind]] = EVERY

    def before(self, call: Call, draw: float) -> Call | Reply:
        return text(self.status, "Service Unavailable")


@dataclass(frozen=True)
class ErrorAfter(Fault):
    """The server does what was asked and then answers 5xx all the same.

    Args:
        status: of the answer.
    """

    status: int = 504
    name: ClassVar[str] = "error-after"
    kinds: ClassVar[frozenset[Kind]] = APPLIED

    def after(self, call: Call, reply: Reply) -> Reply:
        return text(self.status, "Gateway Timeout")


@dataclass(frozen=True)
class Hanging(Fault):
    """Nothing is done and nothing is answered for a long time; then the connection is cut.

    Args:
        seconds: of real time until it is cut.
    """

    seconds: float = 60.0
    name: ClassVar[str] = "hanging"
    kinds: ClassVar[frozenset[Kind]] = EVERY

    def before(self, call: Call, draw: float) -> Call | Reply:
        return silence(self.seconds)


@dataclass(frozen=True)
class RateLimited(Fault):
    """The server answers 429 and has done nothing.

    Args:
        retry_after: seconds that the header of that name asks to wait.
    """

    retry_after: int = 1
    name: ClassVar[str] = "rate-limited"
    kinds: ClassVar[frozenset[Kind]] = EVERY

    def before(self, call: Call, draw: float) -> Call | Reply:
        return text(429, "Too Many Requests", {"Retry-After": str(self.retry_after)})


@dataclass(frozen=True)
class TokenExpired(Fault):
    """The key is answered as expired, or the link of a file or an upload is: nothing is done."""

    name: ClassVar[str] = "token-expired"
    kinds: ClassVar[frozenset[Kind]] = EVERY

    def meets(self, call: Call) -> bool:
        return call.kind not in GRAPHQL or call.authorization is not None

    def before(self, call: Call, draw: float) -> Call | Reply:
        if call.kind in DOWNLOADS | {Kind.UPLOAD}:
            return text(403, "Request has expired")
        return errors(["Your session is invalid or has expired."], "session_invalid")


@dataclass(frozen=True)
class FieldRemoved(Fault):
    """A field is gone from the schema: a request that selects it is refused with an error, and nothing is done.

    Args:
        field: its name; any of those selected where it is empty.
    """

    field: str = ""
    name: ClassVar[str] = "field-removed"
    kinds: ClassVar[frozenset[Kind]] = GRAPHQL

    def meets(self, call: Call) -> bool:
        return call.kind in self.kinds and bool(self._selected(call))

    def before(self, call: Call, draw: float) -> Call | Reply:
        selected = self._selected(call)
        kind, name = selected[int(draw * len(selected))]
        return errors([f"Cannot query field '{name}' on type '{kind}'."])

    def _selected(self, call: Call) -> list[tuple[str, str]]:
        return [pair for pair in call.fields if self.field in ("", pair[1])]


@dataclass(frozen=True)
class PageInstead(Fault):
    """The server answers 200 with a page in HTML, as a broken gateway does, and has done nothing."""

    name: ClassVar[str] = "page-instead"
    kinds: ClassVar[frozenset[Kind]] = GRAPHQL

    def before(self, call: Call, draw: float) -> Call | Reply:
        return Reply(
            200,
            b"<!doctype html><title>Just a moment</title>",
            "text/html; charset=utf-8",
            messages=("a page instead of an answer",),
        )


REQUESTS = (
    RequestLost,
    AppliedUnanswered,
    ErrorBefore,
    ErrorAfter,
    Hanging,
    RateLimited,
    TokenExpired,
    FieldRemoved,
    PageInstead,
)
