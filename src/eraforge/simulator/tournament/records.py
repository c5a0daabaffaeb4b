"""Everything that changes, rebuilt from the journal: accounts, keys, models, stakes, uploads, submissions.

`apply` is the only way anything here changes, and it sees nothing but journal lines: what a run did and what a replay
does are the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from eraforge.core.errors import Broken
from eraforge.core.secret import Secret
from eraforge.simulator.disturbances.changes import Disturbances
from eraforge.simulator.port import Player
from eraforge.simulator.tournament.history.diagnostics import DiagnosticsRecords
from eraforge.simulator.tournament.history.pickles import PickleRecords
from eraforge.simulator.tournament.identities import derived_uuid, public_id, secret_key

SCOPES = (
    "upload_submission",
    "download_submission",
    "read_submission_info",
    "read_user_info",
    "stake",
    "web3_staking",
)
READY_ACCOUNT = "practice"
READY_STAKES = {"a": Decimal(64), "b": Decimal(128), "c": Decimal(32)}
READY_BALANCE = Decimal(100)
MONEY = frozenset(
    {
        "stake-changed",
        "release-cancelled",
        "payout-selected",
        "position-staked",
        "position-claimed",
        "position-restaked",
    }
)


@dataclass(frozen=True, slots=True)
class Token:
    """An API key: its public half, its secret half, its scopes, whose it is and what it is called."""

    public: str
    secret: Secret
    scopes: tuple[str, ...]
    username: str
    name: str = ""


@dataclass(slots=True)
class ModelRecord:
    """A model (slot) of one tournament. `stake` is what it opened with; the ledger knows what became of it."""

    id: str
    name: str
    username: str
    created: datetime
    tournament: int
    stake: Decimal = Decimal(0)
    bio: str | None = None
    link_text: str | None = None
    link_url: str | None = None
    webhook: str | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A journal line that moves NMR, for the ledger to carry out."""

    at: datetime
    change: str
    facts: Mapping[str, Any]


@dataclass(slots=True)
class Trigger:
    """A call of a model's webhook: for which round (None when asked for by hand) and what came of it."""

    id: str
    model_id: str
    created: datetime
    url: str | None
    round: int | None
    outcome: str = "sending"


@dataclass(slots=True)
class AccountRecord:
    """An account; a competitor's has no keys."""

    id: str
    username: str
    created: datetime
    tokens: list[Token] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    competitor: bool = False
    keys_made: int = 0


@dataclass(slots=True)
class Upload:
    """Leave to upload one file, and the digest of what was stored under its name last."""

    filename: str
    model_id: str
    username: str
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """A submission as it was made.

    Args:
        round: the round it was made for; `based_on` is the round whose ids it holds.
        late: whether that round's window was already closed.
        queued: whether it also counts for the next round, because no window was open.
        error: why it was rejected, or None when it was accepted.
        digest: SHA-256 of the file.
    """

    id: str
    model_id: str
    filename: str
    digest: str
    round: int
    based_on: int
    inserted: datetime
    late: bool
    queued: bool
    error: str | None = None
    source: str | None = None
    trigger_id: str | None = None


def model_identifier(seed: int, name: str, tournament: int, first: int) -> str:
    """The identifier of a model that an account makes, where `first` is the simulator's first tournament."""
    return derived_uuid("model", seed, name, *([] if tournament == first else [tournament]))


class Records:
    """The state of the tournament after the journal lines applied so far.

    Args:
        seed: the simulator's seed; keys and identifiers derive from it.
        fields: the competitors of each tournament, who have accounts and models from its opening. The tournament of
            the lowest number opens with the simulator, the others by a journal line each.
    """

    def __init__(self, seed: int, fields: Mapping[int, Sequence[Player]]) -> None:
        self.seed = seed
        self.accounts: dict[str, AccountRecord] = {}
        self.models: dict[str, ModelRecord] = {}
        self.tokens: dict[str, Token] = {}
        self.uploads: dict[str, Upload] = {}
        self.submissions: dict[str, SubmissionRecord] = {}
        self.by_model: dict[str, list[str]] = {}
        self.orders: list[Order] = []
        self.brought_in = Decimal(0)
        self.diagnostics = DiagnosticsRecords()
        self.pickles = PickleRecords()
        self.triggers: dict[str, Trigger] = {}
        self.disturbances = Disturbances()
        self.faults: tuple[datetime, Mapping[str, Any]] | None = None
        self.start: datetime | None = None
        self.latest: datetime | None = None
        self.first, self.opened = min(fields), set[int]()
        self._fields = fields
        self._apply: dict[str, Callable[[datetime, Mapping[str, Any]], None]] = {
            "started": self._started,
            "tournament-opened": self._tournament_opened,
            "assumptions-set": lambda _at, _facts: None,
            "clock-moved": self._clock_moved,
            "account-created": self._account_created,
            "key-created": self._key_created,
            "model-created": self._model_created,
            "profile-changed": self._profile_changed,
            "model-renamed": self._model_renamed,
            "model-archived": self._model_archived,
            "key-revoked": self._key_revoked,
            "trigger-created": self._trigger_created,
            "webhook-called": self._webhook_called,
            "upload-authorised": self._upload_authorised,
            "object-stored": self._object_stored,
            "submission-created": self._submission_created,
            "faults-set": self._faults_set,
            **self.disturbances.appliers(),
            **self.diagnostics.changes,
            **self.pickles.changes,
        }

    def apply(self, line: Mapping[str, Any]) -> None:
        """Take one journal line into account.

        Raises:
            Broken: `unknown-change` for a line this version cannot have written.
        """
        change = self._apply.get(line["change"])
        if change is None and line["change"] not in MONEY:
            raise Broken(
                "unknown-change",
                f"The journal holds a change {line['change']!r} that this version does not know.",
                "Open the folder with the version that wrote it.",
            )
        virtual = datetime.fromisoformat(line["virtual"])
        self.latest = virtual if self.latest is None else max(self.latest, virtual)
        if change is None:
            self.orders.append(Order(virtual, line["change"], line["facts"]))
        else:
            change(virtual, line["facts"])

    def models_of(self, tournament: int) -> list[str]:
        """Every model of a tournament, in order of creation."""
        return [model.id for model in self.models.values() if model.tournament == tournament]

    def model_named(self, name: str, tournament: int) -> ModelRecord | None:
        """The model of that name in a tournament."""
        return next((one for one in self.models.values() if (one.name, one.tournament) == (name, tournament)), None)

    def model_identifier(self, name: str, tournament: int) -> str:
        """The identifier of a model that an account makes."""
        return model_identifier(self.seed, name, tournament, self.first)

    def _started(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.start = at
        self._enrol(at, self.first)
        self._account(at, READY_ACCOUNT, READY_BALANCE)
        self._key(READY_ACCOUNT, SCOPES)
        self._ready_models(at, self.first, READY_ACCOUNT)

    def _tournament_opened(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self._enrol(at, facts["tournament"])
        self._ready_models(at, facts["tournament"], f"{READY_ACCOUNT}_{facts['name']}")

    def _enrol(self, at: datetime, tournament: int) -> None:
        self.opened.add(tournament)
        for player in self._fields[tournament]:
            if player.name not in self.accounts:
                self._account(at, player.name, Decimal(0), competitor=True)
            self._model(at, player.model_id, player.name, player.name, player.stake, tournament)

    def _ready_models(self, at: datetime, tournament: int, stem: str) -> None:
        for letter, stake in READY_STAKES.items():
            name = f"{stem}_{letter}"
            self._model(at, self.model_identifier(name, tournament), name, READY_ACCOUNT, stake, tournament)

    def _clock_moved(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.latest = max(at, datetime.fromisoformat(facts["to"]))

    def _account_created(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self._account(at, facts["username"], Decimal(facts["balance"]))

    def _key_created(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self._key(facts["username"], facts["scopes"], facts.get("name", ""))

    def _key_revoked(self, at: datetime, facts: Mapping[str, Any]) -> None:
        token = self.tokens.pop(facts["public_id"])
        self.accounts[token.username].tokens.remove(token)

    def _trigger_created(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.triggers[facts["id"]] = Trigger(facts["id"], facts["model"], at, facts["url"], facts["round"])

    def _webhook_called(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.triggers[facts["id"]].outcome = facts["outcome"]

    def _model_created(self, at: datetime, facts: Mapping[str, Any]) -> None:
        tournament = facts.get("tournament", self.first)
        self._model(at, facts["id"], facts["name"], facts["username"], Decimal(facts["stake"]), tournament)

    def _profile_changed(self, at: datetime, facts: Mapping[str, Any]) -> None:
        model = self.models[facts["model"]]
        for name in ("bio", "link_text", "link_url", "webhook"):
            if name in facts:
                setattr(model, name, facts[name])

    def _model_renamed(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.models[facts["model"]].name = facts["name"]

    def _model_archived(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.models[facts["model"]].archived = facts["archived"]

    def _upload_authorised(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.uploads[facts["filename"]] = Upload(facts["filename"], facts["model"], facts["username"])

    def _object_stored(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.uploads[facts["filename"]].digest = facts["digest"]

    def _submission_created(self, at: datetime, facts: Mapping[str, Any]) -> None:
        known = {name: value for name, value in facts.items() if name != "tournament"}
        record = SubmissionRecord(**{**known, "inserted": at})
        self.submissions[record.id] = record
        self.by_model.setdefault(record.model_id, []).append(record.id)

    def _faults_set(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.faults = at, facts

    def _account(self, at: datetime, username: str, balance: Decimal, *, competitor: bool = False) -> None:
        identifier = derived_uuid("account", self.seed, username)
        self.accounts[username] = AccountRecord(identifier, username, at, competitor=competitor)
        self.brought_in += balance
        self.orders.append(Order(at, "account-created", {"username": username, "balance": balance}))

    def _key(self, username: str, scopes: Sequence[str], name: str = "") -> None:
        account = self.accounts[username]
        index = account.keys_made
        account.keys_made += 1
        secret = Secret(secret_key(self.seed, username, index))
        public = public_id(self.seed, username, index)
        token = Token(public, secret, tuple(scopes), username, name or f"key {index + 1}")
        account.tokens.append(token)
        self.tokens[token.public] = token

    def _model(self, at: datetime, identifier: str, name: str, username: str, stake: Decimal, tournament: int) -> None:
        if identifier in self.models:
            raise Broken(
                "model-identifiers-collide",
                f"Two models of tournament {tournament} have the identifier {identifier}.",
                "Derive the identifiers of competitors from their tournament too.",
            )
        self.models[identifier] = ModelRecord(identifier, name, username, at, tournament, stake)
        self.accounts[username].models.append(identifier)
        self.brought_in += stake
        if not self.accounts[username].competitor:
            self.orders.append(Order(at, "model-created", {"id": identifier, "stake": stake}))
