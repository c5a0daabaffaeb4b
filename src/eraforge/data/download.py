"""Resumable download: what arrives is placed only when its size and its own structure prove it whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from eraforge.core.clock import Clock, monotonic
from eraforge.core.errors import DataError, EraforgeError, Transient
from eraforge.core.ports import Progress
from eraforge.data.arrival import Part, RemoteFile, content_range, remote_of
from eraforge.data.trust import trusted
from eraforge.data.wholeness import require_whole

ADDRESS_REFUSED = (401, 403, 410)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that arrived whole and was placed.

    Args:
        digest: what `place` named it.
        size: bytes.
        etag: the server's name of this content, or "".
        received: bytes that came over the wire in this call; less than `size` after a resume.
        requests: requests it took.
        validator: the server's name of this content that can be relied on (ETag or Last-Modified), or "".
    """

    digest: str
    size: int
    etag: str
    received: int
    requests: int
    validator: str = ""


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a download goes on, in seconds.

    Args:
        connect, read: longest wait for a connection, and for the next bytes.
        fruitless: requests in a row without a new byte before it gives up.
        first_pause, longest_pause: bounds of the pause before the next request; it doubles from one to the other.
        whole: longest time of the whole call, or None.
    """

    connect: float = 10.0
    read: float = 30.0
    fruitless: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0
    whole: float | None = None


class _Again(Exception):
    """This request is over; the next one may go on. Carries the error to end with when patience runs out."""

    def __init__(self, error: EraforgeError, retry_after: float = 0.0) -> None:
        super().__init__(error.sentence)
        self.error = error
        self.retry_after = retry_after


class _Download:
    """One call of `download`: its state between requests."""

    def __init__(
        self, name: str, address: Callable[[], str], part: Part, client: httpx.Client, progress: Progress | None
    ) -> None:
        self.name = name
        self.address = address
        self.part = part
        self.client = client
        self.progress = progress
        self.received = 0
        self.requests = 0

    def request(self) -> RemoteFile:
        """One request: go on where the part stands, or start over; returns when the body has ended."""
        remote = self.part.remembered()
        have = self.part.size() if remote is not None and remote.validator else 0
        headers = {"Accept-Encoding": "identity"}
        if remote is not None and have:
            headers |= {"Range": f"bytes={have}-", "If-Range": remote.validator}
        self.requests += 1
        try:
            with self.client.stream("GET", self.address(), headers=headers) as answer:
                return self._take(answer, remote, have)
        except httpx.HTTPError as error:
            raise _Again(_cut(self.name, type(error).__name__)) from None

    def _take(self, answer: httpx.Response, remote: RemoteFile | None, have: int) -> RemoteFile:
        status = answer.status_code
        if status == 206 and remote is not None and have:
            start, total = content_range(answer)
            told = remote_of(answer, total)
            if start == have and total == remote.total and told.validator in ("", remote.validator):
                return self._append(answer, remote, have)
            self.part.forget()
            raise _Again(_changed(self.name))
        if status == 200:
            fresh = remote_of(answer, None)
            self.part.begin(fresh)
            return self._append(answer, fresh, 0)
        if status in (206, 416):
            # A range nobody asked for, or one beyond the end: the part does not belong to this content.
            self.part.forget()
            raise _Again(_changed(self.name))
        raise self._refusal(answer)

    def _refusal(self, answer: httpx.Response) -> Exception:
        status = answer.status_code
        if status in (408, 425, 429) or status >= 500:
            wait = answer.headers.get("retry-after", "")
            error = Transient("file-server-down", f"{self.name}: the file server answered {status}.", "Try again.")
            return _Again(error, float(wait) if wait.isdigit() else 0.0)
        if status in ADDRESS_REFUSED:
            # Addresses are short-lived: the next request asks for a fresh one.
            return _Again(
                Transient(
                    "file-address-refused",
                    f"{self.name}: its address is no longer accepted ({status}).",
                    "Ask for a fresh address.",
                )
            )
        return DataError(
            "file-not-served", f"{self.name}: the file server answered {status}.", "Check the name and data version."
        )

    def _append(self, answer: httpx.Response, remote: RemoteFile, have: int) -> RemoteFile:
        self._report(have, remote)
        if remote.total is not None:
            self.part.require_room(remote.total - have, self.name)
        with self.part.appending(self.name, remote) as write:
            for chunk in answer.iter_raw():
                write(chunk)
                have += len(chunk)
                self.received += len(chunk)
                self._report(have, remote)
        return remote

    def _report(self, have: int, remote: RemoteFile) -> None:
        if self.progress is not None:
            self.progress(self.name, float(have), float(remote.total if remote.total is not None else have))


def download(
    name: str,
    address: Callable[[], str] | str,
    part: Path,
    place: Callable[[Path], str],
    clock: Clock,
    progress: Progress | None = None,
    persistence: Persistence | None = None,
    seed: int = 0,
) -> Arrival:
    """Bring a file to `part`, prove it whole, and hand it to `place`.

    An interrupted download goes on where it stands when the server names its content (ETag or Last-Modified) and the
    content is still the same; otherwise it starts over. Nothing that already lies anywhere is taken as fresh.

    Args:
        name: the dataset file's name; its ending tells how wholeness is proven.
        address: where it lies, or a function asked for a fresh address before every request.
        part: where the bytes gather; `<part>.origin` remembers whose they are.
        place: takes the whole file over (moves it) and returns its digest.
        clock: pauses pass through it.
        progress: told real bytes.
        seed: of the jitter in the pauses.

    Raises:
        Transient: the server or the connection failed for too long, or `disk-full`; what has arrived is kept.
        DataError: `file-damaged`, `file-not-served`; a damaged file is removed.
        UserError: `part-not-writable`.
    """
    limits = persistence or Persistence()
    asked = address if callable(address) else lambda: str(address)
    timeout = httpx.Timeout(limits.read, connect=limits.connect)
    with httpx.Client(timeout=timeout, follow_redirects=True, verify=trusted()) as client:
        run = _Download(name, asked, Part(part), client, progress)
        remote = _persist(run, limits, clock, np.random.default_rng(seed))
    size = run.part.size()
    digest = place(part)
    run.part.forget()
    return Arrival(digest, size, remote.etag, run.received, run.requests, remote.validator)


def _persist(run: _Download, limits: Persistence, clock: Clock, jitter: np.random.Generator) -> RemoteFile:
    started, slept, fruitless, damaged = monotonic(), 0.0, 0, 0
    while True:
        before = run.received
        try:
            remote = run.request()
            resumed = run.received < run.part.size()
            try:
                require_whole(run.part.path, run.name, remote.total)
                return remote
            except DataError:
                run.part.forget()
                damaged += 1
                # A file glued together from two requests earns one clean try; a damaged original does not.
                if not resumed or damaged > 1:
                    raise
                continue
        except _Again as again:
            fruitless = 0 if run.received > before else fruitless + 1
            top = min(limits.first_pause * 2.0 ** max(fruitless - 1, 0), limits.longest_pause)
            pause = max(top * float(jitter.uniform(0.5, 1.0)), again.retry_after)
            spent = max(monotonic() - started, slept)
            if fruitless >= limits.fruitless or (limits.whole is not None and spent + pause > limits.whole):
                raise again.error from None
            clock.sleep(pause)
            slept += pause


def _cut(name: str, reason: str) -> Transient:
    return Transient(
        "download-cut", f"{name}: the connection broke off ({reason}).", "Run it again; it goes on where it stands."
    )


def _changed(name: str) -> Transient:
    return Transient(
        "file-changed-underway", f"{name}: the file changed on the server while it was read.", "Run it again."
    )
