"""The tournament: every change goes through here, is checked, written to the journal, then applied."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from eraforge.core.clock import Clock
from eraforge.core.errors import EraforgeError, Refused, UserError
from eraforge.core.secret import Secret
from eraforge.simulator.disturbances.universe import ChangingUniverse
from eraforge.simulator.port import World
from eraforge.simulator.tournament.clock import VirtualClock
from eraforge.simulator.tournament.identities import WORD, derived_text, derived_uuid
from eraforge.simulator.tournament.journal import Journal
from eraforge.simulator.tournament.records import SCOPES, ModelRecord, Records, SubmissionRecord, Token
from eraforge.simulator.tournament.rounds import Rounds
from eraforge.simulator.tournament.scoring import ScoreBook
from eraforge.simulator.tournament.standings import Standings
from eraforge.simulator.tournament.submissions import Standing, SubmissionBook
from eraforge.simulator.tournament.validation import read_submission, validate
from eraforge.store.objects import Objects

START = datetime(2026, 9, 1, 11, 30, tzinfo=UTC)
NAME = re.compile(r"[a-z0-9_]{1,20}")


@dataclass(frozen=True, slots=True)
class Session:
    """Who is asking, and with which scopes."""

    token: Token

    def require(self, scope: str) -> None:
        """Let pass only a key with that scope.

        Raises:
            Refused: `scope-missing`, with the sentence of the live API.
        """
        if scope not in self.token.scopes:
            raise Refused("scope-missing", f"Insufficient permission for {scope}", "Use a key with that scope.")


class Tournament:
    """A local tournament whose state lives in one folder.

    Args:
        world: what it is played in.
        seed: of keys and identifiers.
        state: the state folder; the same folder continues where it stopped.
        real: the real clock.
        speed: virtual seconds a real second; None stands still.
        start: the virtual moment a fresh folder starts at.

    Raises:
        UserError: `state-in-use`; `state-of-another-world` when the folder was started with another seed or scale.
    """

    def __init__(
        self,
        world: World,
        seed: int,
        state: Path,
        real: Clock,
        *,
        speed: float | None = None,
        start: datetime = START,
    ) -> None:
        self.seed, self.real = seed, real
        self.lock = threading.RLock()
        self.journal = Journal(state)
        self.objects = Objects(state / "objects")
        self.records = Records(seed, world.competitors)
        self.world: World = ChangingUniverse(world, self.records.disturbances)
        self.rounds = Rounds(world.arena, self.records.disturbances)
        try:
            self._replay(state)
        except EraforgeError:
            self.journal.close()
            raise
        self.clock = VirtualClock(real, self.records.latest or start, speed, self._clock_moved)
        if not self.journal.lines:
            self._change(start, "started", {"seed": seed, "synthetic": world.synthetic})
        self.live_ids = lru_cache(maxsize=8)(self._live_ids)
        self._loaded = lru_cache(maxsize=1024)(self._load)
        self.submissions = SubmissionBook(self.records, self.rounds, self.clock.now)
        self.scores = ScoreBook(
            self.world, self.records, self.rounds, self.submissions, self.predictions, self.clock.now
        )
        self.standings = Standings(self.records, self.rounds, self.scores, self.clock.now)

    def close(self) -> None:
        """Let the state folder go."""
        self.journal.close()

    # The clock

    def now(self) -> datetime:
        """The virtual moment."""
        return self.clock.now()

    def advance(self, to: datetime) -> list[dict[str, Any]]:
        """Move the clock to that moment and tell what happened on the way.

        Raises:
            UserError: `clock-goes-back`.
        """
        with self.lock:
            before = self.now()
            self.clock.move_to(to)
            return list(self.rounds.events(before, to))

    def events(self, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """What happens in (after, until], in time order."""
        return self.rounds.events(after, until)

    def next_event(self) -> datetime:
        """The first moment from now on at which something happens."""
        return self.rounds.next_event(self.now())

    @property
    def number(self) -> int:
        """The number of the tournament."""
        return self.world.arena.tournament

    @property
    def contests(self) -> dict[int, Tournament]:
        """The tournaments that are played here, by number."""
        return {self.number: self}

    def model_ids(self) -> list[str]:
        """The models that play in the tournament."""
        return list(self.records.models)

    def stake(self, model_id: str) -> Decimal:
        """NMR that a model has staked now."""
        return self.records.models[model_id].stake_at(self.now())

    def submission(self, identifier: str) -> SubmissionRecord | None:
        """The submission of that identifier, queued twins included."""
        return self.submissions.find(identifier)

    def record(self, change: str, facts: Mapping[str, Any]) -> None:
        """Write down a change that nobody of the tournament asked for, and let it hold: a fault's doing."""
        with self.lock:
            self._change(self.now(), change, facts)

    # Who is asking

    def session(self, header: str | None) -> Session:
        """The session behind an `Authorization: Token PUBLIC$SECRET` header.

        Raises:
            Refused: `session-invalid`.
        """
        public, _, secret = (header or "").removeprefix("Token ").partition("$")
        token = self.records.tokens.get(public)
        if token is None or token.secret != Secret(secret) or not (header or "").startswith("Token "):
            raise Refused("session-invalid", "Your session is invalid or has expired.", "Check both halves of the key.")
        return Session(token)

    def own_model(self, session: Session, model_id: str | None) -> ModelRecord:
        """The model of that identifier, if it is the caller's; without one, the account's only model.

        Raises:
            Refused: `model-not-found`.
        """
        own = self.records.accounts[session.token.username].models
        if model_id is None and len(own) == 1:
            return self.records.models[own[0]]
        if model_id not in own:
            raise Refused("model-not-found", "Model not found", "Name one of the account's models by its identifier.")
        return self.records.models[model_id]

    # Uploads and submissions

    def authorise_upload(self, session: Session, filename: str, model_id: str | None, tournament: int) -> str:
        """Give leave to upload one file. Returns the name the server gave it: `{stem}-{12 characters}.{extension}`.

        Raises:
            Refused: `scope-missing`, `tournament-not-served`, `model-not-found`.
        """
        session.require("upload_submission")
        self.check_tournament(tournament)
        with self.lock:
            model = self.own_model(session, model_id)
            name = PurePosixPath(filename.replace("\\", "/")).name
            stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
            mark = derived_text(WORD, 12, "upload", self.seed, len(self.journal.lines), name)
            given = f"{re.sub(r'[^A-Za-z0-9._-]', '_', stem)}-{mark}{suffix}"
            facts = {"filename": given, "model": model.id, "username": session.token.username}
            self._change(self.now(), "upload-authorised", facts)
            return given

    def store_object(self, filename: str, data: bytes) -> str:
        """Keep the bytes of an authorised upload. Returns their digest.

        Raises:
            Refused: `upload-not-authorised`.
        """
        if filename not in self.records.uploads:
            raise Refused("upload-not-authorised", f"No upload of {filename} was authorised.", "Ask for leave first.")
        digest = self.objects.put(data)
        with self.lock:
            facts = {"filename": filename, "digest": digest, "size": len(data)}
            self._change(self.now(), "object-stored", facts)
        return digest

    def create_submission(
        self,
        session: Session,
        filename: str,
        model_id: str | None,
        tournament: int,
        source: str | None = None,
        trigger_id: str | None = None,
        datestamp: int | None = None,
    ) -> str:
        """Make a submission of an uploaded file and validate it at once. Returns its identifier, also when rejected.

        Raises:
            Refused: `scope-missing`, `tournament-not-served`, `model-not-found`, `upload-missing`,
                `round-not-open`, `datestamp-unknown`.
        """
        session.require("upload_submission")
        self.check_tournament(tournament)
        with self.lock:
            model = self.own_model(session, model_id)
            upload = self.records.uploads.get(filename)
            if upload is None or upload.digest is None or upload.model_id != model.id:
                raise Refused("upload-missing", f"Uploaded file not found: {filename}", "Upload the file first.")
            at = self.now()
            current = self.rounds.current(at)
            if current is None:
                raise Refused("round-not-open", "Current round not open for submissions", "Wait for a round to open.")
            late = not current.is_open(at)
            record = SubmissionRecord(
                id=derived_uuid("submission", self.seed, len(self.journal.lines)),
                model_id=model.id,
                filename=filename,
                digest=upload.digest,
                round=current.number,
                based_on=self._based_on(current.number, datestamp),
                inserted=at,
                late=late,
                queued=late,
                source=source,
                trigger_id=trigger_id,
            )
            facts = {**asdict(record), "error": self._verdict(record)}
            del facts["inserted"]
            self._change(at, "submission-created", facts)
            return record.id

    def predictions(self, standing: Standing) -> np.ndarray:
        """(n,) predictions of an accepted submission in the order of its round's live ids."""
        one = standing.submission
        return self._loaded(one.digest, one.filename, one.based_on, one.round)

    def check_tournament(self, number: int | None) -> None:
        """Let pass only the tournament that is served.

        Raises:
            Refused: `tournament-not-served`.
        """
        served = self.world.arena.tournament
        if number not in (None, served):
            raise Refused(
                "tournament-not-served",
                f"Tournament {number} is not served by this simulator yet.",
                f"Ask for tournament {served}.",
            )

    # Models, stakes, accounts, keys

    def change_profile(self, session: Session, model_id: str | None, facts: Mapping[str, str | None]) -> None:
        """Set `bio`, `link_text`, `link_url` or `webhook` of one of the caller's models."""
        with self.lock:
            model = self.own_model(session, model_id)
            self._change(self.now(), "profile-changed", {"model": model.id, **facts})

    def change_stake(self, session: Session, model_id: str | None, kind: str, value: str) -> Decimal:
        """Increase or decrease the stake of a model; rounds that close from now on hold the new stake.

        Returns:
            The new stake.

        Raises:
            Refused: `scope-missing`, `model-not-found`, `stake-change-impossible`.
        """
        session.require("stake")
        with self.lock:
            model = self.own_model(session, model_id)
            try:
                amount = Decimal(value)
            except InvalidOperation as error:
                raise _impossible(f"{value!r} is not an amount of NMR.") from error
            if kind not in ("increase", "decrease") or not amount.is_finite() or amount <= 0:
                raise _impossible(f"A stake cannot be changed by {kind} of {value}.")
            stake = model.stake_at(self.now()) + (amount if kind == "increase" else -amount)
            if stake < 0:
                raise _impossible("The stake is smaller than the amount to release.")
            if kind == "increase" and amount > self.available(session.token.username):
                raise _impossible("Insufficient NMR balance.")
            identifier = derived_uuid("stake", self.seed, len(self.journal.lines))
            facts = {"id": identifier, "model": model.id, "kind": kind, "value": str(amount), "stake": str(stake)}
            self._change(self.now(), "stake-changed", facts)
            return stake

    def available(self, username: str) -> Decimal:
        """NMR in the wallet: what it started with, less stakes made since, plus settled payouts, less burns."""
        account = self.records.accounts[username]
        settled = (payout.total for model in account.models for payout in self.standings.settled_of(model))
        return account.balance + sum(settled, Decimal(0))

    def add_model(self, username: str, name: str, stake: Decimal = Decimal(0)) -> str:
        """Give an account one more model. Returns its identifier.

        Raises:
            Refused: `name-not-available`.
        """
        with self.lock:
            if not NAME.fullmatch(name) or self.records.model_named(name) is not None:
                raise Refused("name-not-available", f"The name {name!r} is not available.", "Choose another name.")
            identifier = derived_uuid("model", self.seed, name)
            facts = {"id": identifier, "name": name, "username": username, "stake": str(stake)}
            self._change(self.now(), "model-created", facts)
            return identifier

    def add_account(self, username: str, balance: Decimal = Decimal(0)) -> Token:
        """Open an account with one key of every scope.

        Raises:
            UserError: `account-exists`.
        """
        with self.lock:
            if username in self.records.accounts:
                raise UserError("account-exists", f"There is an account {username!r} already.", "Choose another name.")
            self._change(self.now(), "account-created", {"username": username, "balance": str(balance)})
            return self.add_key(username, SCOPES)

    def add_key(self, username: str, scopes: Sequence[str]) -> Token:
        """Give an account one more key.

        Raises:
            UserError: `no-such-account`, `unknown-scope`.
        """
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown:
            raise UserError("unknown-scope", f"There is no scope {unknown[0]!r}.", f"Use some of {', '.join(SCOPES)}.")
        with self.lock:
            if username not in self.records.accounts:
                raise UserError("no-such-account", f"There is no account {username!r}.", "Open it first.")
            self._change(self.now(), "key-created", {"username": username, "scopes": list(scopes)})
            return self.records.accounts[username].tokens[-1]

    # Inside

    def _change(self, at: datetime, change: str, facts: Mapping[str, Any]) -> None:
        self.records.apply(self.journal.append(change, at, self.real.now(), facts))

    def _clock_moved(self, now: datetime, to: datetime, reason: str) -> None:
        self._change(now, "clock-moved", {"to": to.isoformat(), "reason": reason})

    def _replay(self, state: Path) -> None:
        for line in self.journal.lines:
            facts = line["facts"]
            if line["change"] == "started" and (facts["seed"], facts["synthetic"]) != (self.seed, self.world.synthetic):
                raise UserError(
                    "state-of-another-world",
                    f"{state} belongs to {facts['synthetic']}, not to {self.world.synthetic}.",
                    "Start it with the same seed and scale, or name another folder.",
                )
            self.records.apply(line)

    def _verdict(self, record: SubmissionRecord) -> str | None:
        try:
            self._loaded(record.digest, record.filename, record.based_on, record.round)
        except Refused as error:
            return error.sentence
        return None

    def _load(self, digest: str, filename: str, based_on: int, number: int) -> np.ndarray:
        table = read_submission(self.objects.get(digest), filename, self.world.arena)
        values = validate(table, self.live_ids(based_on), self.world.arena)
        return values if based_on == number else _mapped(values, len(self.live_ids(number)))

    def _live_ids(self, number: int) -> np.ndarray:
        return self.world.live_ids(self.rounds.day(number))

    def _based_on(self, number: int, datestamp: int | None) -> int:
        for candidate in (number, number - 1):
            if datestamp in (None, self.rounds.datestamp(candidate)):
                return candidate
        raise Refused(
            "datestamp-unknown",
            f"dataDatestamp {datestamp} is not that of a recent round.",
            f"Send {self.rounds.datestamp(number)}, or nothing.",
        )


def _mapped(values: np.ndarray, rows: int) -> np.ndarray:
    """Predictions on one round's ids carried to the next round's, by place; ids without a partner get the middle."""
    mapped = np.full(rows, 0.5)
    kept = min(rows, len(values))
    mapped[:kept] = values[:kept]
    return mapped


def _impossible(sentence: str) -> Refused:
    return Refused("stake-change-impossible", sentence, "Ask for another amount.")
