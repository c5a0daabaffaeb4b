"""GraphQL over HTTP with typed outcomes: every call ends in time, and its error says what may have happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import numpy as np

from eraforge.arenas.addresses import host_of, require_safe_for_keys
from eraforge.arenas.credentials import Credentials
from eraforge.arenas.wire.connection import deadline, open_client
from eraforge.arenas.wire.outcomes import Failure, judge_answer, judge_exception
from eraforge.core.clock import Clock, SystemClock, monotonic
from eraforge.core.errors import DataError, Transient, UserError

Outcome = TypeVar("Outcome")
LARGEST_ANSWER = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, in seconds.

    Args:
        connect, read, write, pool: longest wait of one socket operation of that kind.
        exchange: longest time of one request with its whole answer.
        budget: longest time of a read with all its repetitions and pauses.
        first_pause, longest_pause: bounds of the pause before a repetition; it doubles from one to the other.
        attempts: most requests of one read.
    """

    connect: float = 10.0
    read: float = 30.0
    write: float = 30.0
    pool: float = 10.0
    exchange: float = 60.0
    budget: float = 180.0
    first_pause: float = 0.5
    longest_pause: float = 30.0
    attempts: int = 6

    def timeout(self) -> httpx.Timeout:
        """The same limits in the client's own terms."""
        return httpx.Timeout(connect=self.connect, read=self.read, write=self.write, pool=self.pool)


class Transport:
    """One API address with its keys. Reads are repeated within their budget, writes are sent once.

    Args:
        url: where operations are posted to.
        keys: API keys, or None for public operations only.
        clock: pauses between repetitions pass through it.
        patience: the time limits.
        seed: of the jitter in the pauses.
    """

    def __init__(
        self,
        url: str,
        keys: Credentials | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        seed: int = 0,
    ) -> None:
        self.host = host_of(url)
        self.url = url
        self.keys = keys
        self.patience = patience or Patience()
        self._clock = clock or SystemClock()
        self._jitter = np.random.default_rng(seed)
        self._reading = open_client(self.patience.timeout())
        # A kept connection may be half closed; a write must not meet that doubt, so each one opens its own.
        self._writing = open_client(self.patience.timeout(), keep_alive=False)

    def __repr__(self) -> str:
        return f"Transport({self.host})"

    def close(self) -> None:
        """Close all connections."""
        self._reading.close()
        self._writing.close()

    def read(
        self,
        operation: str,
        query: str,
        variables: Mapping[str, Any] | None = None,
        authorised: bool = False,
        budget: float | None = None,
    ) -> dict[str, Any]:
        """The `data` of a query; repeated while the failure is transient and the budget (seconds) lasts.

        Raises:
            Transient, Refused, DataError, UserError: as `arenas.wire.outcomes` tells them apart.
        """
        return self._repeat(
            lambda: self._ask(self._reading, operation, query, variables, authorised, writes=False), budget
        )

    def read_once(
        self, operation: str, query: str, variables: Mapping[str, Any], authorised: bool = False
    ) -> dict[str, Any]:
        """The `data` of a query, asked a single time."""
        return _value(self._ask(self._writing, operation, query, variables, authorised, writes=False))

    def write(self, operation: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of a mutation, sent a single time with the keys.

        Raises:
            Ambiguous: it may have happened; Transient: it did not; Refused, UserError: the server said no.
        """
        return _value(self._ask(self._writing, operation, query, variables, True, writes=True))

    def fetch(self, what: str, url: str, budget: float | None = None) -> bytes:
        """The bytes at an address the API gave out; no key is sent there.

        Raises:
            Transient, DataError, UserError.
        """
        host_of(url)
        return self._repeat(lambda: self._get(what, url), budget)

    def put(self, what: str, url: str, data: bytes) -> httpx.Response:
        """Send bytes to an address the API gave out, once: Content-Length set, no Content-Type, no key.

        Raises:
            Transient: the exchange did not end with an answer.
        """
        host_of(url)
        try:
            with deadline(self._put_limit(len(data))):
                request = self._writing.build_request("PUT", url, content=data)
                return self._writing.send(request)
        except httpx.HTTPError as error:
            raise judge_exception(error, what, writes=False).error from None

    def _put_limit(self, size: int) -> float:
        return self.patience.exchange + size / 50_000

    def _headers(self, authorised: bool) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if authorised:
            if self.keys is None:
                raise UserError("no-keys", "This operation needs API keys and there are none.", "Configure an account.")
            require_safe_for_keys(self.url)
            headers["Authorization"] = self.keys.header()
        return headers

    def _ask(
        self,
        client: httpx.Client,
        operation: str,
        query: str,
        variables: Mapping[str, Any] | None,
        authorised: bool,
        writes: bool,
    ) -> dict[str, Any] | Failure:
        body = {"query": query, "variables": dict(variables or {})}
        try:
            with deadline(self.patience.exchange):
                answer = client.post(self.url, json=body, headers=self._headers(authorised))
        except httpx.HTTPError as error:
            return judge_exception(error, operation, writes)
        redact = self.keys.redact if self.keys else str
        return judge_answer(answer, operation, writes, redact, self._clock)

    def _get(self, what: str, url: str) -> bytes | Failure:
        try:
            with deadline(self.patience.exchange), self._reading.stream("GET", url) as answer:
                if answer.status_code != 200:
                    return _file_failure(what, answer.status_code)
                parts, size = [], 0
                for part in answer.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > LARGEST_ANSWER:
                        return Failure(DataError("answer-too-large", f"{what} is too large.", "Report this file."))
                return b"".join(parts)
        except httpx.HTTPError as error:
            return judge_exception(error, what, writes=False)

    def _repeat(self, attempt: Callable[[], Outcome | Failure], budget: float | None) -> Outcome:
        limit = self.patience.budget if budget is None else budget
        started, slept = monotonic(), 0.0
        for number in range(self.patience.attempts):
            outcome = attempt()
            if not isinstance(outcome, Failure):
                return outcome
            pause = self._pause(number, outcome.retry_after)
            spent = max(monotonic() - started, slept)
            last = number + 1 == self.patience.attempts
            if not isinstance(outcome.error, Transient) or not outcome.repeatable or last or spent + pause > limit:
                raise outcome.error
            self._clock.sleep(pause)
            slept += pause
        raise UserError("no-attempts", "The number of attempts of a read is below one.", "Allow at least one.")

    def _pause(self, number: int, retry_after: float | None) -> float:
        top = min(self.patience.first_pause * math.pow(2, number), self.patience.longest_pause)
        return max(top * float(self._jitter.uniform(0.5, 1.0)), retry_after or 0.0)


def _value(outcome: dict[str, Any] | Failure) -> dict[str, Any]:
    if isinstance(outcome, Failure):
        raise outcome.error
    return outcome


def _file_failure(what: str, status: int) -> Failure:
    """No answer of a file server changes anything; only a trouble of its own is worth asking the same address again."""
    if status in (408, 425, 429) or status >= 500:
        return Failure(Transient("file-server-down", f"The file server answered {status} for {what}.", "Try again."))
    refused = Transient(
        "file-address-refused",
        f"The file server answered {status} for {what}; its address may have expired.",
        "Ask for a fresh address and try again.",
    )
    return Failure(refused, repeatable=False)
