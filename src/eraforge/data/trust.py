"""The certificates this machine trusts, read once: reading them takes longer than most requests."""

from __future__ import annotations

import ssl
from functools import lru_cache

import httpx


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """One context for all connections of the process; certificates and host names are always checked."""
    return httpx.create_ssl_context()
