"""Addresses that carry their own leave: signed for a method and a path, good until a moment of real time."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode

from eraforge.core.clock import Clock

LIFETIME = timedelta(hours=12)


class Links:
    """Signs and checks addresses. The key derives from the seed, so links outlive a restart.

    Args:
        seed: of the simulator.
        real: links expire in real time, whatever the virtual clock does.
        lifetime: how long a link is good.
    """

    def __init__(self, seed: int, real: Clock, lifetime: timedelta = LIFETIME) -> None:
        self._key = hashlib.sha256(f"eraforge simulator links {seed}".encode()).digest()
        self._real, self._lifetime = real, lifetime

    def sign(self, method: str, path: str) -> str:
        """Path and query of a link for that method (`GET` allows `HEAD`)."""
        until = (self._real.now() + self._lifetime).strftime("%Y%m%dT%H%M%SZ")
        query = {"X-Amz-Expires": until, "X-Amz-Signature": self._signature(method, path, until)}
        return f"{quote(path)}?{urlencode(query)}"

    def problem(self, method: str, path: str, query: str) -> str | None:
        """Why the link may not be used, or None when it may."""
        fields = parse_qs(query)
        until = fields.get("X-Amz-Expires", [""])[0]
        given = fields.get("X-Amz-Signature", [""])[0]
        if not hmac.compare_digest(given.encode(), self._signature(method, path, until).encode()):
            return "SignatureDoesNotMatch"
        expires = datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return "Request has expired" if self._real.now() > expires else None

    def _signature(self, method: str, path: str, until: str) -> str:
        allowed = "GET" if method == "HEAD" else method
        return hmac.new(self._key, f"{allowed}\n{path}\n{until}".encode(), hashlib.sha256).hexdigest()
