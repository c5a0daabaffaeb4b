"""What an answer, or the lack of one, means: nothing happened, something may have, or the server said no."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from eraforge.core.clock import Clock
from eraforge.core.errors import Ambiguous, DataError, EraforgeError, Refused, Transient, UserError

LONGEST_MESSAGE = 300
SESSION = re.compile(r"session|invalid or has expired|unauthor|not authenticated|invalid token|log ?in", re.IGNORECASE)
PERMISSION = re.compile(r"permission|forbidden|scope", re.IGNORECASE)
RATE = re.compile(r"rate.?limit|too many requests", re.IGNORECASE)
NOT_OPEN = re.compile(r"round (is )?not (currently )?open", re.IGNORECASE)
# Told before anything is carried out: the query names what the server does not know, or a file it does not see (yet).
SCHEMA = re.compile(r"cannot query field|unknown (argument|type|field)|is not defined by type", re.IGNORECASE)
UNSEEN = re.compile(r"file (was )?not found|no such (file|key)", re.IGNORECASE)
INTERNAL = re.compile(r"internal|something went wrong|time.?out|temporarily|unavailable", re.IGNORECASE)

# The request never left this machine, so not even a write can have happened.
BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that brought no data, and how long the server asked to wait (seconds)."""

    error: EraforgeError
    retry_after: float | None = None
    repeatable: bool = True


def judge_exception(error: httpx.HTTPError, operation: str, writes: bool) -> Failure:
    """The meaning of an exchange that broke off."""
    reason = type(error).__name__
    if isinstance(error, BEFORE_SENDING):
        return Failure(
            Transient(
                "no-connection",
                f"{operation}: the server cannot be reached ({reason}); nothing was sent.",
                "Check the network and the address, then try again.",
            )
        )
    if isinstance(error, httpx.TimeoutException):
        return _unanswered(operation, writes, "no-answer-in-time", f"no answer came in time ({reason})")
    return _unanswered(operation, writes, "connection-cut", f"the connection broke off ({reason})")


def judge_answer(
    answer: httpx.Response, operation: str, writes: bool, redact: Callable[[str], str], clock: Clock
) -> dict[str, Any] | Failure:
    """The `data` of an answer, or what its absence means."""
    status = answer.status_code
    try:
        body = answer.json()
    except (ValueError, UnicodeDecodeError):
        body = None
    errors = body.get("errors") if isinstance(body, dict) else None
    if status == 429:
        return Failure(_rate_limited(operation), retry_after(answer, clock))
    if status >= 500 or status == 408:
        return _unanswered(operation, writes, "server-trouble", f"the server answered {status}", answer, clock)
    if errors:
        return _graphql_failure(errors, operation, writes, redact, answer, clock)
    if status == 401:
        return Failure(_keys_refused(operation))
    if status == 403:
        return Failure(_permission_missing(operation, "the server answered 403"))
    if status != 200:
        sentence = f"{operation}: the server refused the request with status {status}."
        return Failure(Refused("request-refused", sentence, "Check the address of the API."))
    if not isinstance(body, dict):
        return _unanswered(operation, writes, "answer-not-json", "the answer is no JSON object", answer, clock)
    data = body.get("data")
    if not isinstance(data, dict):
        return _unanswered(operation, writes, "answer-without-data", "the answer carries no data", answer, clock)
    return data


def retry_after(answer: httpx.Response, clock: Clock) -> float | None:
    """Seconds the server asks to wait: its `Retry-After` as a number or as a moment."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            return None
        own = answer.headers.get("date")
        now = parsedate_to_datetime(own) if own else clock.now()
    except ValueError:
        return None
    return max((moment - now).total_seconds(), 0.0)


def _graphql_failure(
    errors: Any, operation: str, writes: bool, redact: Callable[[str], str], answer: httpx.Response, clock: Clock
) -> Failure:
    text = redact(_messages(errors))[:LONGEST_MESSAGE]
    if RATE.search(text):
        return Failure(_rate_limited(operation), retry_after(answer, clock))
    if NOT_OPEN.search(text):
        sentence = f"{operation}: the server says: {text}."
        return Failure(Refused("round-not-open", sentence, "Wait for the next round to open."))
    if PERMISSION.search(text):
        return Failure(_permission_missing(operation, f"the server says: {text}"))
    if SESSION.search(text):
        return Failure(_keys_refused(operation))
    sentence = f"{operation}: the server says: {text}; nothing changed."
    if SCHEMA.search(text):
        return Failure(Transient("api-changed", sentence, "Update eraforge if it goes on: the API has changed."))
    if writes and UNSEEN.search(text):
        return Failure(Transient("upload-not-seen", sentence, "It is uploaded again with the next try."))
    if INTERNAL.search(text):
        return _unanswered(operation, writes, "server-trouble", f"the server says: {text}", answer, clock)
    return Failure(
        Refused("server-said-no", f"{operation}: the server says: {text}.", "Correct what its message names.")
    )


def _messages(errors: Any) -> str:
    items = errors if isinstance(errors, list) else [errors]
    texts = []
    for item in items:
        if isinstance(item, dict):
            texts.append(str(item.get("message") or item.get("detail") or item.get("code") or "no message"))
        else:
            texts.append(str(item))
    return " ".join("; ".join(texts).split()).rstrip(".")


def _rate_limited(operation: str) -> Transient:
    return Transient("rate-limited", f"{operation}: the server asks for fewer requests.", "Wait, then try again.")


def _keys_refused(operation: str) -> UserError:
    return UserError("keys-refused", f"{operation}: the server does not accept the API keys.", "Create a new key.")


def _permission_missing(operation: str, reason: str) -> UserError:
    return UserError(
        "permission-missing",
        f"{operation}: the API key lacks a permission ({reason}).",
        "Create a key with the scopes the operation needs; they cannot be added to an existing one.",
    )


def _unanswered(
    operation: str,
    writes: bool,
    code: str,
    reason: str,
    answer: httpx.Response | None = None,
    clock: Clock | None = None,
) -> Failure:
    if writes:
        return Failure(
            Ambiguous(code, f"{operation}: {reason}; it may have happened.", "Read back before anything is sent again.")
        )
    wait = retry_after(answer, clock) if answer is not None and clock is not None else None
    return Failure(Transient(code, f"{operation}: {reason}; nothing changed.", "Try again."), wait)


def missing_field(operation: str, path: str) -> DataError:
    """The error for an answer that lacks a part it must have."""
    return DataError(
        "answer-incomplete",
        f"{operation}: the answer lacks {path}, or it has another form than it used to.",
        "Update eraforge: the API has changed.",
    )
