"""What a server holds under an address, learned without downloading it."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from eraforge.core.clock import Clock, SystemClock
from eraforge.core.errors import DataError, Transient
from eraforge.data.arrival import RemoteFile, content_range, remote_of
from eraforge.data.trust import trusted

SECONDS = 30.0
TRIES = 5
"""A server that makes a file on demand, on a busy machine, needs longer than one wait; it goes on with it meanwhile."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


def probe(name: str, address: Callable[[], str] | str, clock: Clock | None = None) -> RemoteFile:
    """Size and validator (ETag or Last-Modified) of a remote file; asked for again while that fails in passing.

    One byte is asked for rather than the headers alone: addresses signed for reading refuse HEAD.

    Args:
        name: the dataset file's name, for messages.
        address: where it lies, or a function asked for a fresh address before every request.
        clock: pauses pass through it.

    Raises:
        Transient: `file-server-down` when it cannot be asked, and what the function raises.
        DataError: `file-not-served`.
    """
    asked = address if callable(address) else lambda: str(address)
    waiting = clock or SystemClock()
    with httpx.Client(timeout=SECONDS, follow_redirects=True, verify=trusted()) as client:
        attempt = 1
        while True:
            url = asked()
            try:
                return _ask(client, name, url)
            except _Again as again:
                if attempt == TRIES:
                    raise again.error from None
                pause = max(FIRST_PAUSE * 2.0 ** (attempt - 1), again.retry_after)
            waiting.sleep(min(pause, LONGEST_PAUSE))
            attempt += 1


class _Again(Exception):
    """A failure that the next request may not meet, and how long the server asks to wait, in seconds."""

    def __init__(self, name: str, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.error = Transient("file-server-down", f"{name}: the file server {reason}.", "Try again.")
        self.retry_after = retry_after


def _ask(client: httpx.Client, name: str, url: str) -> RemoteFile:
    headers = {"Accept-Encoding": "identity", "Range": "bytes=0-0"}
    try:
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 206:
                return remote_of(answer, content_range(answer)[1])
            if answer.status_code == 200:
                return remote_of(answer, None)
            status, wait = answer.status_code, answer.headers.get("retry-after", "")
    except httpx.HTTPError as error:
        raise _Again(name, f"failed ({type(error).__name__})") from None
    if status >= 500 or status in (401, 403, 408, 410, 425, 429):
        raise _Again(name, f"answered {status}", float(wait) if wait.isdigit() else 0.0)
    raise DataError("file-not-served", f"{name}: the file server answered {status}.", "Check the name and version.")
