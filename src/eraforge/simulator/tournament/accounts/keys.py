"""API keys: made with some scopes, revoked, told about. Scopes cannot be added later."""

from __future__ import annotations

from collections.abc import Sequence

from eraforge.core.errors import Refused, UserError
from eraforge.simulator.tournament.accounts.host import Host, Session
from eraforge.simulator.tournament.records import SCOPES, Token


class Keys:
    """The keys of the accounts.

    Args:
        host: the tournament.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def add(self, username: str, scopes: Sequence[str], name: str = "") -> Token:
        """Give an account one more key.

        Raises:
            UserError: `no-such-account`, `unknown-scope`.
        """
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown:
            raise UserError("unknown-scope", f"There is no scope {unknown[0]!r}.", f"Use some of {', '.join(SCOPES)}.")
        with self._host.lock:
            if username not in self._host.records.accounts:
                raise UserError("no-such-account", f"There is no account {username!r}.", "Open it first.")
            self._host.change("key-created", {"username": username, "scopes": list(scopes), "name": name})
            return self._host.records.accounts[username].tokens[-1]

    def revoke(self, session: Session, public_id: str) -> Token:
        """Take a key of the caller's account away; it may be the one that asks.

        Raises:
            Refused: `key-not-found`.
        """
        with self._host.lock:
            token = self._host.records.tokens.get(public_id)
            if token is None or token.username != session.token.username:
                raise Refused("key-not-found", "API token not found", "Name one of the account's keys.")
            self._host.change("key-revoked", {"public_id": public_id})
            return token
