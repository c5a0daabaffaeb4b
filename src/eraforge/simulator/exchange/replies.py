"""What is answered, and in which manner it goes out: a fault changes the value, the server only sends it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Args:
        status: of HTTP.
        body: the bytes, unless they stand in a file.
        kind: Content-Type.
        headers: further headers.
        file: where the bytes stand, from `first` on, `length` of them.
        announced: Content-Length where it is not that of the body.
        sent: how many bytes of the body go out; None all of them. Where fewer than announced, the connection is cut.
        wait: real seconds before anything goes out.
        pieces: the body goes out in that many pieces with `pause` real seconds between them.
        answered: False cuts the connection without a byte.
        skew: how far the server's clock, as the answer tells it, is off.
        messages: of the errors in it, for the log.
    """

    status: int
    body: bytes = b""
    kind: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None
    first: int = 0
    length: int = 0
    announced: int | None = None
    sent: int | None = None
    wait: float = 0.0
    pieces: int = 1
    pause: float = 0.0
    answered: bool = True
    skew: timedelta = timedelta(0)
    messages: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the whole body."""
        return len(self.body) if self.file is None else self.length

    @property
    def outcome(self) -> str:
        """One of `answered`, `errors` (in a good answer), `refused` (4xx), `failed` (5xx), `cut`, `unanswered`."""
        if not self.answered:
            return "unanswered"
        if self.sent is not None or self.announced is not None:
            return "cut"
        if self.status >= 400:
            return "failed" if self.status >= 500 else "refused"
        return "errors" if self.messages else "answered"


def text(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer of one sentence."""
    return Reply(status, sentence.encode(), TEXT, headers or {}, messages=(sentence,) if status >= 400 else ())


def document(facts: Any, status: int = 200) -> Reply:
    """An answer in JSON."""
    return Reply(status, json.dumps(facts, sort_keys=True, ensure_ascii=False).encode(), JSON)


def errors(messages: Sequence[str], code: str = "") -> Reply:
    """A GraphQL answer that holds only errors."""
    described = [{"message": one, **({"code": code} if code else {})} for one in messages]
    return replace(document({"errors": described}), messages=tuple(messages))


def silence(wait: float = 0.0) -> Reply:
    """No answer at all: the connection is cut, after that many real seconds."""
    return Reply(0, answered=False, wait=wait)
