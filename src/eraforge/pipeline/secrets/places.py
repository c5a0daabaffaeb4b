"""Where a secret is looked for: the environment, the secret file of an account, the encrypted file, the keyring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from eraforge.core.configuration import SecretsTable
from eraforge.core.errors import UserError
from eraforge.core.secret import Secret, guard
from eraforge.pipeline.secrets import encrypted_file
from eraforge.pipeline.secrets.system_keyring import SystemKeyring
from eraforge.pipeline.verb import Visit


class SecretPlaces:
    """The configured places beside the environment and an account's secret file, in the order they are asked.

    Each is opened when it is first asked, and the encrypted file only once. Iterating gives (its name, its values).
    """

    def __init__(self, visit: Visit, settings: SecretsTable) -> None:
        self._visit = visit
        self._settings = settings
        self._opened: dict[str, str] | None = None

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        if self.file is not None:
            yield f"the encrypted file {self.file.name}", self.encrypted()
        if self._settings.keyring:
            yield "the keyring", SystemKeyring(self._settings.keyring)

    @property
    def file(self) -> Path | None:
        """Path of the encrypted file, where one is configured."""
        name = self._settings.encrypted_file
        return self._visit.folder / name if name else None

    def encrypted(self) -> dict[str, str]:
        """What the encrypted file holds.

        Raises:
            UserError: `no-passphrase`, `wrong-passphrase`, `encrypted-file-unreadable`, `encryption-missing`.
        """
        if self._opened is None:
            path = self.file
            if path is None:
                return {}
            self._opened = encrypted_file.read(path, self.passphrase(f"Passphrase of {path.name}"))
        return self._opened

    def passphrase(self, question: str) -> Secret:
        """What opens the encrypted file: from its variable, else from the person.

        Raises:
            UserError: `no-passphrase`.
        """
        variable = self._settings.passphrase_variable
        told = self._visit.environment.get(variable, "")
        if told:
            return guard(Secret(told))
        if self._visit.ask is None:
            raise UserError(
                "no-passphrase",
                f"The encrypted file needs a passphrase, but {variable} is not set and nobody can be asked.",
                f"Set {variable}.",
            )
        return guard(self._visit.ask(question))


class SecretVariables(Mapping[str, str]):
    """Variables by name: those of the environment, then what the other places hold.

    Args:
        visit: whose environment.
        places: asked for what the environment does not have.
    """

    def __init__(self, visit: Visit, places: SecretPlaces) -> None:
        self._environment = visit.environment
        self._places = places

    def __getitem__(self, name: str) -> str:
        if self._environment.get(name):
            return self._environment[name]
        for _, place in self._places:
            if name in place:
                return place[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)
