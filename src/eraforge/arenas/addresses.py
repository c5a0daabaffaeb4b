"""Addresses of the tournament's API, and which of them are the real one."""

from __future__ import annotations

from urllib.parse import urlsplit

from eraforge.core.errors import UserError

TOURNAMENT_URL = "https://api-tournament.numer.ai"
REAL_DOMAINS = ("numer.ai", "numerai.com")


def is_real_tournament(url: str) -> bool:
    """Whether that address belongs to the real tournament: its host is one of its domains or below one.

    Raises:
        UserError: `bad-address` for a text that is no http(s) address.
    """
    host = host_of(url)
    return any(host == domain or host.endswith(f".{domain}") for domain in REAL_DOMAINS)


def host_of(url: str) -> str:
    """The host of an http(s) address, lower case, without port, user or trailing dot.

    Raises:
        UserError: `bad-address`.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise UserError("bad-address", "The address of the API is no http or https address.", "Write https://host.")
    return host


def require_safe_for_keys(url: str) -> None:
    """Refuse to send keys over an unencrypted connection to the real tournament.

    Raises:
        UserError: `keys-over-plain-http`, `bad-address`.
    """
    if is_real_tournament(url) and urlsplit(url.strip()).scheme != "https":
        raise UserError(
            "keys-over-plain-http",
            "Keys are never sent to the tournament over an unencrypted connection.",
            f"Use {TOURNAMENT_URL}.",
        )
