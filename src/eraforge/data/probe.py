"""What a server holds under an address, learned without downloading it."""

from __future__ import annotations

import httpx

from eraforge.core.errors import DataError, Transient
from eraforge.data.arrival import RemoteFile, content_range, remote_of
from eraforge.data.trust import trusted

SECONDS = 30.0
TRIES = 4
"""A server that makes a file on demand, on a busy machine, needs longer than one wait; it goes on with it meanwhile."""


def probe(name: str, url: str) -> RemoteFile:
    """Size and validator (ETag or Last-Modified) of a remote file.

    One byte is asked for rather than the headers alone: addresses signed for reading refuse HEAD.

    Args:
        name: the dataset file's name, for messages.
        url: its address.

    Raises:
        Transient: `file-server-down` when it cannot be asked.
        DataError: `file-not-served`.
    """
    headers = {"Accept-Encoding": "identity", "Range": "bytes=0-0"}
    status = 0
    for attempt in range(1, TRIES + 1):
        try:
            with (
                httpx.Client(timeout=SECONDS, follow_redirects=True, verify=trusted()) as client,
                client.stream("GET", url, headers=headers) as answer,
            ):
                if answer.status_code == 206:
                    return remote_of(answer, content_range(answer)[1])
                if answer.status_code == 200:
                    return remote_of(answer, None)
                status = answer.status_code
                break
        except httpx.HTTPError as error:
            if isinstance(error, httpx.ReadTimeout) and attempt < TRIES:
                continue
            reason = type(error).__name__
            raise Transient("file-server-down", f"{name}: the file server failed ({reason}).", "Try again.") from None
    if status >= 500 or status in (401, 403, 408, 410, 425, 429):
        raise Transient("file-server-down", f"{name}: the file server answered {status}.", "Try again.")
    raise DataError("file-not-served", f"{name}: the file server answered {status}.", "Check the name and version.")
