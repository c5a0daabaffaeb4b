"""One configuration: a frozen typed tree that refuses unknown keys, each value with its origin.

Defaults give way to the file, the file to the environment, the environment to flags. Secrets never stand in it: it only
names the variables or the file that hold them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from eraforge.core.errors import UserError
from eraforge.core.words import Entry

PREFIX = "ERAFORGE_"
Place = tuple[str, ...]
_AMOUNT = r"^\d+(\.\d+)?$"
_SERIES = r"^[a-z][a-z0-9_]*$"
_BARE = re.compile(r"[A-Za-z0-9_-]+")
REAL_SERVER = "https://api-tournament.numer.ai"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Server(_Table):
    """Where the tournament answers."""

    url: str = REAL_SERVER
    connect_seconds: float = Field(default=10.0, gt=0)
    read_seconds: float = Field(default=30.0, gt=0)

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        wrong = "must be an address like https://host or http://host:port"
        try:
            parts = urlsplit(value)
            whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            whole = False
        if not whole or any(sign in value for sign in '"\\ \t\n'):
            raise ValueError(wrong)
        return value.rstrip("/")


class StoreTable(_Table):
    """Where the ledger lives. Empty: a SQLite file in the workspace."""

    ledger: str = ""


class AccountTable(_Table):
    """Where the keys of an account are found; never the keys themselves.

    `variable_prefix` names two variables, `<prefix>PUBLIC_ID` and `<prefix>SECRET_KEY`; a secret file holds the same.
    """

    variable_prefix: str = "NUMERAI_"
    secret_file: str = ""


class SecretsTable(_Table):
    """Where secrets are looked for after the environment and the secret file; never the secrets themselves."""

    encrypted_file: str = Field(default="", description="file that `eraforge secrets store` writes, in the workspace")
    passphrase_variable: str = Field(default="ERAFORGE_PASSPHRASE", description="names the variable that opens it")
    keyring: str = Field(default="", description="name of the service under which the system's keyring holds them")


class SubmitTable(_Table):
    """How careful a submission is."""

    margin_seconds: float = Field(default=60.0, ge=0, description="nothing is sent this close to the deadline")
    settle_seconds: float = Field(default=2.0, ge=0, description="wait before reading back an unknown outcome")
    read_backs: int = Field(default=5, ge=1, description="how often an unknown outcome is read back before it counts")
    call_seconds: float = Field(default=60.0, gt=0, description="the longest a sent call may still be running")


class EntryTable(_Table):
    """One entry: what plays for which model, with which learner and data."""

    model: str
    learner: str
    arena: str = "classic"
    account: str = "main"
    settings: dict[str, Any] = Field(default_factory=dict)
    features: str = ""
    target: str = ""
    extra_targets: tuple[str, ...] = ()
    prices: str = ""
    price_features: tuple[str, ...] = ()
    version: str = ""
    train_on: Literal["train", "known"] = "train"
    use: str = ""
    folds: int = Field(default=2, ge=0, le=50)
    damp: bool = False
    leaks: Literal["quick", "thorough", "off"] = "quick"
    retrain: Annotated[int, Field(ge=1)] | Literal["version", "never"] = 1


class SeriesTable(_Table):
    """One series of values for the whole market, and when each of its values was published: `lag` or `published`."""

    file: str
    column: str
    lag: str = Field(default="", description="how long after its time a value is published, like 1d or 6h")
    published: str = Field(default="", description="column with the moment at which each value was published")
    oldest: str = Field(default="", description="age after its publication at which a value is not used any more")
    symbol: str = Field(default="", description="of a table of several, whose rows to take")
    zone: str = Field(default="", description="time zone of times that do not tell theirs")


class IdentityTable(_Table):
    """A file that tells which symbol of the vendor stood for which of the tournament's ids, and when."""

    file: str = ""
    vendor: str = Field(default="symbol", description="column with the symbols as the prices tell them")
    id: str = Field(default="id", description="column with the tournament's ids")


class PricesTable(_Table):
    """One set of prices: where it comes from, how its times read, and what may be repaired.

    `folder`, `files`, `universe`, `groups` and every `file` are paths seen from the workspace.
    """

    source: str = "folder"
    folder: str = ""
    files: str = Field(default="", description="pattern of the files in the folder")
    url: str = Field(default="", description="address of a feed; a path stands for one of the tournament's server")
    exchange: str = ""
    symbols: tuple[str, ...] = ()
    interval: str = "1d"
    zone: str = Field(default="", description="time zone of times that do not tell theirs")
    start: date | None = None
    calendar: Literal["", "always", "weekdays", "observed"] = ""
    universe: str = ""
    groups: str = Field(default="", description="file with the country, sector or industry of each symbol")
    identity: IdentityTable = IdentityTable()
    series: dict[Annotated[str, Field(pattern=_SERIES)], SeriesTable] = Field(default_factory=dict)
    against: tuple[str, ...] = Field(default=(), description="other prices to compare with")
    repairs: tuple[str, ...] = ()
    cents: tuple[str, ...] = Field(default=(), description="symbols told in hundredths")


class StakeTable(_Table):
    """Whether and how far stakes may be moved. Off by default; amounts are decimal texts of NMR."""

    enabled: bool = False
    variable_prefix: str = Field(default="NUMERAI_STAKE_", description="names the variables of the key that may stake")
    approval_hours: float = Field(default=24.0, gt=0, description="how long an approval holds")
    most_stake: str = Field(default="0", pattern=_AMOUNT, description="largest stake of one model")
    most_move: str = Field(default="0", pattern=_AMOUNT, description="largest single move")
    wallet: str = Field(default="", description="registered gateway that sends stakes of single rounds to the contract")


class RunTable(_Table):
    """How `eraforge run` watches and plays."""

    poll_seconds: float = Field(default=30.0, gt=0, description="pause between two looks at the rounds")
    parallel: int = Field(default=2, ge=1, le=64, description="turns computed at once by this process")
    stage_seconds: float = Field(default=7200.0, gt=0, description="longest time of one stage of one entry")
    memory_gigabytes: float = Field(default=16.0, gt=0, description="most memory of one entry's computation")
    failures: int = Field(default=3, ge=1, description="failed attempts in a row before an entry is quarantined")
    rescue_seconds: float = Field(default=720.0, ge=0, description="the fallback answers this long before the deadline")
    lease_seconds: float = Field(default=60.0, gt=0, description="after this silence another host takes the work over")
    report_weekday: int = Field(default=0, ge=0, le=6, description="day of the weekly report, Monday = 0")
    log_megabytes: float = Field(default=10.0, gt=0, description="size at which the file of --log is put aside")
    log_kept: int = Field(default=5, ge=1, le=1000, description="how many of those put aside are kept")
    ping_url: str = Field(default="", description="asked once for each window that was filled; its silence is an alarm")


class NotifyTable(_Table):
    """One channel that tells a person something.

    A setting whose name ends in `_variable` names the variable that holds a secret (an address, a password).
    """

    kind: str
    severity: Literal["info", "warning", "error", "critical"] = "warning"
    quiet: str = Field(default="", pattern=r"^$|^\d\d:\d\d-\d\d:\d\d$")
    settings: dict[str, Any] = Field(default_factory=dict)


class Configuration(_Table):
    """The whole tree of `eraforge.toml`."""

    server: Server = Server()
    store: StoreTable = StoreTable()
    accounts: dict[str, AccountTable] = Field(default_factory=lambda: {"main": AccountTable()})
    secrets: SecretsTable = SecretsTable()
    submit: SubmitTable = SubmitTable()
    run: RunTable = RunTable()
    stake: StakeTable = StakeTable()
    notify: dict[str, NotifyTable] = Field(default_factory=dict)
    entries: dict[str, EntryTable] = Field(default_factory=dict)
    prices: dict[str, PricesTable] = Field(default_factory=dict)

    def entry(self, name: str) -> Entry:
        """The configured entry of that name.

        Raises:
            UserError: `unknown-entry`, naming the configured ones.
        """
        if name not in self.entries:
            known = ", ".join(self.entries) or "none yet: add an [entries.NAME] table to eraforge.toml"
            raise UserError("unknown-entry", f"There is no entry {name!r}.", f"Configured entries: {known}.")
        table = self.entries[name]
        if table.account not in self.accounts:
            raise UserError(
                "unknown-account",
                f"Entry {name!r} plays for account {table.account!r}, which is not configured.",
                f"Add [accounts.{table.account}] to eraforge.toml.",
            )
        return Entry(name=name, **table.model_dump())


@dataclass(frozen=True)
class Loaded:
    """A configuration and where each value came from (dotted key -> "default", "file …", "environment …", "flag …")."""

    tree: Configuration
    origins: Mapping[str, str]

    def rows(self) -> list[tuple[str, Any, str]]:
        """(dotted key, value, origin) of every value, in the tree's order."""
        leaves = [(_key(place), value) for place, value in _leaves(self.tree.model_dump())]
        return [(key, value, self.origins.get(key, "default")) for key, value in leaves]


def load(
    text: str | None,
    file_name: str = "eraforge.toml",
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """Build the tree from its layers.

    Args:
        text: content of the configuration file, or None when there is none.
        file_name: what origins call the file.
        environment: variables; `ERAFORGE_SERVER__URL` sets `server.url` (values are read as TOML where they parse).
        flags: dotted keys to values, from the command line.

    Raises:
        UserError: `configuration-not-toml`, `unknown-setting` (naming the nearest known key), `wrong-setting`.
    """
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in _layers(text, file_name, environment or {}, flags or {}):
        for place, value in layer:
            _set(tree, place, value)
            origins[_key(place)] = origin if origin != "environment" else f"environment {_variable(place)}"
    try:
        return Loaded(Configuration.model_validate(tree), origins)
    except ValidationError as error:
        raise _explain(error, file_name, origins) from None


def _layers(
    text: str | None, file_name: str, environment: Mapping[str, str], flags: Mapping[str, Any]
) -> Iterator[tuple[str, list[tuple[Place, Any]]]]:
    if text is not None:
        try:
            yield f"file {file_name}", list(_leaves(tomllib.loads(text)))
        except tomllib.TOMLDecodeError as error:
            raise UserError(
                "configuration-not-toml", f"{file_name} is not valid TOML: {error}.", "Correct that line and try again."
            ) from error
    variables = [(name, value) for name, value in sorted(environment.items()) if name.startswith(PREFIX)]
    pairs = [(tuple(name.removeprefix(PREFIX).lower().split("__")), _parse(value)) for name, value in variables]
    yield "environment", [(place, value) for place, value in pairs if len(place) > 1]
    yield "flag", [(tuple(key.split(".")), value) for key, value in flags.items()]


def _variable(place: Place) -> str:
    return PREFIX + "__".join(place).upper()


def _key(place: Place) -> str:
    """The dotted key as TOML writes it: a name that is not bare stands in quotes."""
    return ".".join(name if _BARE.fullmatch(name) else f'"{name}"' for name in place)


def _parse(value: str) -> Any:
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def _leaves(tree: Mapping[str, Any], above: Place = ()) -> Iterator[tuple[Place, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _set(tree: dict[str, Any], place: Place, value: Any) -> None:
    *folders, name = place
    for depth, folder in enumerate(folders, start=1):
        tree = tree.setdefault(folder, {})
        if not isinstance(tree, dict):
            where = _key(place[:depth])
            raise UserError(
                "wrong-setting", f"{where} is a value, not a table.", f"Set {_key(place)} in one place only."
            )
    tree[name] = value


def _explain(error: ValidationError, file_name: str, origins: Mapping[str, str]) -> UserError:
    details = error.errors(include_url=False, include_input=False)
    first = min(
        details, key=lambda detail: detail["type"] != "extra_forbidden"
    )  # a misspelt key also misses the right one
    path = [str(part) for part in first["loc"]]
    key = _key(tuple(path))
    origin = next((origins[known] for known in origins if known == key or known.startswith(f"{key}.")), file_name)
    if first["type"] == "extra_forbidden":
        known = _known_keys(path)
        near = get_close_matches(path[-1], known, n=1)
        step = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(known)}."
        return UserError("unknown-setting", f"There is no setting {key!r} ({origin}).", step)
    return UserError("wrong-setting", f"Setting {key!r} {_reason(first)} ({origin}).", f"Correct it in {origin}.")


def _reason(detail: Mapping[str, Any]) -> str:
    """What is wrong with a value, to stand after its name."""
    message = str(detail["msg"]).split(", unable")[0]
    if detail["type"] in ("model_type", "dict_type"):
        return "must be a table"
    if detail["type"] == "missing":
        return "is missing"
    return message.removeprefix("Value error, ").replace("Input should be", "must be")


def _known_keys(path: list[str]) -> list[str]:
    tables: dict[str, type[_Table]] = {
        "accounts": AccountTable,
        "entries": EntryTable,
        "prices": PricesTable,
        "notify": NotifyTable,
    }
    if len(path) == 1:
        return list(Configuration.model_fields)
    if path[0] in tables:
        deeper: dict[str, type[_Table]] = {"series": SeriesTable, "identity": IdentityTable}
        table = deeper.get(path[2], tables[path[0]]) if len(path) > 3 else tables[path[0]]
        return list(table.model_fields)
    kind = Configuration.model_fields[path[0]].annotation
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []
