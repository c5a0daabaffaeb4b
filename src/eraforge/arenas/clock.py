"""The server's clock: what the tournament takes for now, whatever this machine's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from eraforge.arenas.addresses import host_of
from eraforge.arenas.wire.connection import deadline, open_client
from eraforge.core.clock import Clock, SystemClock, monotonic
from eraforge.core.errors import Transient

FRESH_SECONDS = 1.0
RESOLUTION = timedelta(seconds=2)


class ServerClock:
    """`core.clock.Clock` whose `now` is the `Date` header of the server.

    The header is asked for anew once it is older than one real second, and advanced by monotonic time until then. It
    counts whole seconds, so `now` lags the truth by up to one; a step back within that resolution is held back.

    Args:
        url: any address of the server; it is only asked for its headers.
        own: the machine's clock, for pauses and for `skew`.
        limit: longest time of one question, in seconds.
    """

    def __init__(self, url: str, own: Clock | None = None, limit: float = 5.0) -> None:
        self._host = host_of(url)
        self._url = url
        self._own = own or SystemClock()
        self._limit = limit
        self._client = open_client(httpx.Timeout(limit))
        self._asked: tuple[datetime, float] | None = None
        self._told: datetime | None = None

    def __repr__(self) -> str:
        return f"ServerClock({self._host})"

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def now(self) -> datetime:
        """The present moment on the server, in UTC.

        Raises:
            Transient: `server-time-unknown` when it cannot be asked; this machine's time never stands in for it.
        """
        if self._asked is None or monotonic() - self._asked[1] > FRESH_SECONDS:
            self._asked = (self._ask(), monotonic())
        moment = self._asked[0] + timedelta(seconds=monotonic() - self._asked[1])
        if self._told is not None and self._told - RESOLUTION <= moment < self._told:
            return self._told
        self._told = moment
        return moment

    def sleep(self, seconds: float) -> None:
        """Let that many real seconds pass."""
        self._own.sleep(seconds)

    def skew(self) -> timedelta:
        """How far the server is ahead of this machine (negative: behind), to within a second.

        Raises:
            Transient: `server-time-unknown`.
        """
        return self.now() - self._own.now()

    def _ask(self) -> datetime:
        reason = "it sends no Date"
        try:
            with deadline(self._limit):
                text = self._client.head(self._url).headers.get("date", "")
            moment = parsedate_to_datetime(text)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except ValueError:
            pass
        except httpx.HTTPError as error:
            reason = type(error).__name__
        raise Transient(
            "server-time-unknown",
            f"The time of {self._host} cannot be asked ({reason}).",
            "Check the network; nothing is sent while the server's time is unknown.",
        )
