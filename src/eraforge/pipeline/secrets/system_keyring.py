"""Secrets in the keyring of the operating system, by the package `keyring`, imported when it is first asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eraforge.core.errors import UserError


class SystemKeyring(Mapping[str, str]):
    """The secrets under one service name. A keyring cannot be listed: iterating gives nothing.

    Args:
        service: the name under which they are kept.

    Raises:
        UserError: `keyring-missing` where the package or a keyring is missing, `keyring-closed` where it does not open.
    """

    def __init__(self, service: str) -> None:
        self._service = service

    def __getitem__(self, name: str) -> str:
        found: str | None = self._ask("get_password", name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def put(self, name: str, value: str) -> None:
        """Keep a secret."""
        self._ask("set_password", name, value)

    def forget(self, name: str) -> bool:
        """Remove a secret; whether it was there."""
        if name not in self:
            return False
        self._ask("delete_password", name)
        return True

    def _ask(self, call: str, *given: str) -> Any:
        try:
            import keyring
            from keyring.errors import KeyringError, NoKeyringError
        except ImportError as error:
            raise UserError(
                "keyring-missing",
                "The system's keyring needs the package keyring, which is not installed.",
                "Install it with eraforge's extra: pip install 'eraforge[keyring]'.",
            ) from error
        try:
            return getattr(keyring, call)(self._service, *given)
        except NoKeyringError:
            raise UserError(
                "keyring-missing",
                "This machine has no keyring that a program may ask.",
                "Use a secret file or an encrypted file instead, and clear secrets.keyring.",
            ) from None
        except KeyringError as error:  # its text is the backend's own: it is not repeated
            raise UserError(
                "keyring-closed",
                f"The keyring did not answer ({type(error).__name__}).",
                "Unlock it, or use a secret file or an encrypted file.",
            ) from None
