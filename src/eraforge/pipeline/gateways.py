"""The gateways of a workspace, one pair per account, opened when first used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from types import TracebackType

from eraforge.arenas.credentials import Credentials, credentials
from eraforge.arenas.gateway_read import NumeraiReader
from eraforge.arenas.wire.transport import Patience
from eraforge.core.clock import Clock
from eraforge.core.configuration import AccountTable, Configuration
from eraforge.core.errors import UserError
from eraforge.core.ports import Account
from eraforge.pipeline.effects import Effects, open_effects
from eraforge.pipeline.secrets.places import SecretPlaces
from eraforge.pipeline.verb import Visit
from eraforge.store.ledger import Ledger

Places = Iterable[tuple[str, Mapping[str, str]]]


class PublicReader(NumeraiReader):
    """Reads what is public, and says which keys are missing when asked for the account behind them."""

    def __init__(self, url: str, missing: UserError, clock: Clock) -> None:
        super().__init__(url, None, clock)
        self._missing = missing

    def account(self) -> Account:
        """No keys, no account.

        Raises:
            UserError: `no-keys`, naming the variables that are not set.
        """
        raise UserError(self._missing.code, self._missing.sentence, self._missing.next_step)


class Gateways:
    """Opens and closes the connections of every account a visit needs."""

    def __init__(self, visit: Visit, configuration: Configuration, ledger: Ledger, clock: Clock) -> None:
        self._visit = visit
        self._configuration = configuration
        self._ledger = ledger
        self._clock = clock
        self._places = SecretPlaces(visit, configuration.secrets)
        self._readers: dict[str, NumeraiReader] = {}
        self._effects: dict[str, Effects] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Gateways:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _patience(self) -> Patience:
        server = self._configuration.server
        return Patience(connect=server.connect_seconds, read=server.read_seconds)

    def reader(self, account: str) -> NumeraiReader:
        """The reading gateway of an account; without keys it can still ask what is public.

        Raises:
            UserError: `half-a-key`, or what is wrong with the secret file.
        """
        if account not in self._readers:
            url = self._configuration.server.url
            try:
                keys = account_keys(self._visit, self._configuration, account, self._places)
                reader = NumeraiReader(url, keys, self._clock, self._patience())
            except UserError as error:
                if error.code != "no-keys":
                    raise
                reader = PublicReader(url, error, self._clock)
            self._readers[account] = self._stack.enter_context(closing(reader))
        return self._readers[account]

    def effects(self, account: str) -> Effects:
        """The door outward of an account.

        Raises:
            UserError: `no-keys` and its kin.
        """
        if account not in self._effects:
            keys = account_keys(self._visit, self._configuration, account, self._places)
            url, settings = self._configuration.server.url, self._configuration.submit
            reader = self.reader(account)
            money = partial(stake_keys, self._visit, self._configuration, account, self._places)
            opened = open_effects(
                url,
                keys,
                self._ledger,
                reader,
                self._clock,
                settings,
                self._patience(),
                money if self._configuration.stake.enabled else None,
                self._configuration.stake.wallet,
            )
            self._effects[account] = self._stack.enter_context(opened)
        return self._effects[account]


def account_keys(visit: Visit, configuration: Configuration, account: str, places: Places = ()) -> Credentials:
    """Keys of a configured account: from the variables or the secret file it names, else from the other places.

    Raises:
        UserError: `unknown-account`, `no-keys`, `half-a-key`, `secret-file-unreadable`, `secret-file-open-to-others`,
            and what is wrong with the encrypted file or the keyring.
    """
    table = _account(configuration, account)
    if visit.keyless:
        raise UserError("no-keys", "The process in which a model computes holds no keys.", "Act outside of it.")
    file: Path | None = visit.folder / table.secret_file if table.secret_file else None
    return credentials(visit.environment, file, table.variable_prefix, places)


def stake_keys(visit: Visit, configuration: Configuration, account: str, places: Places = ()) -> Credentials:
    """The key that may stake: variables of its own, so that the one that submits never can.

    Raises:
        UserError: as `account_keys`.
    """
    table = _account(configuration, account)
    file: Path | None = visit.folder / table.secret_file if table.secret_file else None
    return credentials(visit.environment, file, configuration.stake.variable_prefix, places)


def _account(configuration: Configuration, account: str) -> AccountTable:
    if account not in configuration.accounts:
        known = ", ".join(configuration.accounts)
        raise UserError("unknown-account", f"There is no account {account!r}.", f"Configured accounts: {known}.")
    return configuration.accounts[account]
