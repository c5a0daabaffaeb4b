"""The tournament: every change goes through here, is checked, written to the journal, then applied."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from heapq import merge
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from eraforge.core.clock import Clock
from eraforge.core.errors import Broken, EraforgeError, Refused, UserError
from eraforge.core.secret import Secret
from eraforge.simulator.port import World
from eraforge.simulator.tournament.accounts.chain import Chain
from eraforge.simulator.tournament.accounts.host import Automation, NoAutomation, Session
from eraforge.simulator.tournament.accounts.keys import Keys
from eraforge.simulator.tournament.accounts.models import Models
from eraforge.simulator.tournament.accounts.stakes import Stakes
from eraforge.simulator.tournament.clock import VirtualClock
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.diagnostics.uploads import Diagnostics
from eraforge.simulator.tournament.identities import WORD, derived_text, derived_uuid
from eraforge.simulator.tournament.journal import Journal
from eraforge.simulator.tournament.money.ledger import Ledger, Totals
from eraforge.simulator.tournament.pickles.uploads import Pickles
from eraforge.simulator.tournament.records import SCOPES, ModelRecord, Records, SubmissionRecord, Token
from eraforge.simulator.tournament.rounds import Rounds
from eraforge.simulator.tournament.rules.assumptions import Assumptions, restored
from eraforge.simulator.tournament.scoring import ScoreBook
from eraforge.simulator.tournament.standings import Standings
from eraforge.simulator.tournament.submissions import Standing, SubmissionBook
from eraforge.store.objects import Objects

START = datetime(2026, 9, 1, 11, 30, tzinfo=UTC)


class Tournament:
    """A local tournament whose state lives in one folder.

    Args:
        worlds: what it is played in: one world, or the world of each tournament by its number.
        seed: of keys and identifiers.
        state: the state folder; the same folder continues where it stopped.
        real: the real clock.
        speed: virtual seconds a real second; None stands still.
        start: the virtual moment a fresh folder starts at.
        assumptions: figures for what no source settles; a folder keeps those it was started with.

    Raises:
        UserError: `state-in-use`; `state-of-another-world` when the folder was started with another seed or scale, or
            plays a tournament that has no world here; `state-of-other-assumptions`.
    """

    def __init__(
        self,
        worlds: World | Mapping[int, World],
        seed: int,
        state: Path,
        real: Clock,
        *,
        speed: float | None = None,
        start: datetime = START,
        assumptions: Assumptions | None = None,
    ) -> None:
        self.worlds = dict(worlds) if isinstance(worlds, Mapping) else {worlds.arena.tournament: worlds}
        self.seed, self.real = seed, real
        self.lock = threading.RLock()
        self.journal = Journal(state)
        self.objects = Objects(state / "objects")
        self.records = Records(seed, {number: world.competitors for number, world in self.worlds.items()})
        try:
            self._replay(state)
            self.assumptions = self._agreed(assumptions)
            at = self.records.latest or start
            self.clock = VirtualClock(real, at, speed, self._clock_moved)
            self._open(at, assumptions)
        except EraforgeError:
            self.journal.close()
            raise
        self.contests: dict[int, Contest] = {}
        self.ledger = Ledger(self.records, self.contests, self.clock.now)
        self.contests.update((number, self._contest(world)) for number, world in sorted(self.worlds.items()))
        self._first = self.contests[self.records.first]
        self.models, self.keys, self.stakes, self.chain = Models(self), Keys(self), Stakes(self), Chain(self)
        self.diagnostics, self.pickles = Diagnostics(self), Pickles(self, self._submit_run)
        self.automation: Automation = NoAutomation()
        self._seen = self.now()

    def close(self) -> None:
        """Let the state folder go."""
        self.automation.stop()
        self.diagnostics.close()
        self.journal.close()

    # The clock

    def now(self) -> datetime:
        """The virtual moment."""
        return self.clock.now()

    def advance(self, to: datetime) -> list[dict[str, Any]]:
        """Move the clock to that moment and tell what happened on the way.

        It stops at every opening of a round for which something is to be done, so that what is done there is on time.

        Raises:
            UserError: `clock-goes-back`.
        """
        before = self.now()
        for event in self._openings(before, to):
            with self.lock:
                self.clock.move_to(event["at"])
                self._seen = event["at"]
            self._opened(event)
        with self.lock:
            self.clock.move_to(to)
            self._seen = to
            return list(self.events(before, to))

    def catch_up(self) -> None:
        """Do what is to be done for the rounds that have opened since the last time; for a clock that runs."""
        with self.lock:
            before, self._seen = self._seen, max(self._seen, self.now())
            due = list(self._openings(before, self._seen))
        for event in due:
            self._opened(event)

    def _openings(self, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        if not any(self.automation.wanted(one) for one in self.contests.values()):
            return
        for event in self.events(after, until):
            number = event.get("tournament", self._first.number)
            if event["event"] == "round-opened" and self.automation.wanted(self.contests[number]):
                yield {**event, "tournament": number}

    def _opened(self, event: Mapping[str, Any]) -> None:
        self.automation.opened(self.contests[event["tournament"]], event["round"])

    def events(self, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """What happens in (after, until] in any tournament, in time order."""
        streams = (self._events_of(contest, after, until) for contest in self.contests.values())
        yield from merge(*streams, key=lambda event: event["at"])

    def _events_of(self, contest: Contest, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        for event in contest.rounds.events(after, until):
            yield event if contest is self._first else {**event, "tournament": contest.number}

    def next_event(self) -> datetime:
        """The first moment from now on at which something happens."""
        return min(contest.rounds.next_event(self.now()) for contest in self.contests.values())

    # The tournaments

    def contest(self, number: int | None = None) -> Contest:
        """The tournament of that number; without one, the first.

        Raises:
            Refused: `tournament-not-served`.
        """
        found = self._first if number is None else self.contests.get(number)
        if found is None:
            served = ", ".join(map(str, self.contests))
            raise Refused(
                "tournament-not-served", f"Tournament {number} is not served here.", f"Ask for one of {served}."
            )
        return found

    def contest_of(self, model_id: str) -> Contest:
        """The tournament a model plays in.

        Raises:
            Refused: `model-not-found`, `tournament-not-served`.
        """
        model = self.records.models.get(model_id)
        if model is None:
            raise Refused("model-not-found", "Model not found", "Name a model by its identifier.")
        return self.contest(model.tournament)

    @property
    def world(self) -> World:
        """The world of the first tournament; `contest` has the others, and so for the properties below."""
        return self._first.world

    @property
    def rounds(self) -> Rounds:
        """The rounds of the first tournament."""
        return self._first.rounds

    @property
    def submissions(self) -> SubmissionBook:
        """The submissions to the first tournament."""
        return self._first.submissions

    @property
    def scores(self) -> ScoreBook:
        """The scores of the first tournament."""
        return self._first.scores

    @property
    def standings(self) -> Standings:
        """The standings of the first tournament."""
        return self._first.standings

    def live_ids(self, number: int) -> np.ndarray:
        """(n,) live ids of a round of the first tournament."""
        return self._first.live_ids(number)

    def predictions(self, standing: Standing) -> np.ndarray:
        """(n,) predictions of a submission to the first tournament."""
        return self._first.predictions(standing)

    def submission(self, identifier: str) -> SubmissionRecord | None:
        """The submission of that identifier in any tournament, queued twins included."""
        found = (contest.submissions.find(identifier) for contest in self.contests.values())
        return next((one for one in found if one is not None), None)

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

    def own_model(self, session: Session, model_id: str | None, tournament: int | None = None) -> ModelRecord:
        """The model of that identifier, if it is the caller's; without one, the account's only model there.

        Raises:
            Refused: `model-not-found`.
        """
        everything = self.records.accounts[session.token.username].models
        own = [one for one in everything if tournament in (None, self.records.models[one].tournament)]
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
        self.contest(tournament)
        with self.lock:
            model = self.own_model(session, model_id, tournament)
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
                `round-not-open`, `datestamp-unknown`, `pickle-assigned`.
        """
        session.require("upload_submission")
        with self.lock:
            model = self.own_model(session, model_id, self.contest(tournament).number)
            if self.records.pickles.assigned_to(model.id) is not None:
                raise Refused(
                    "pickle-assigned",
                    "Submissions are disabled while a model upload is assigned",
                    "Disable the model upload first.",
                )
            return self._submit(model, filename, source, trigger_id, datestamp)

    def _submit(
        self, model: ModelRecord, filename: str, source: str | None, trigger_id: str | None, datestamp: int | None
    ) -> str:
        contest, at = self.contest(model.tournament), self.now()
        digest, current = self.uploaded(filename, model.id), contest.rounds.current(at)
        if current is None:
            raise Refused("round-not-open", "Current round not open for submissions", "Wait for a round to open.")
        late = not current.is_open(at)
        record = SubmissionRecord(
            id=self.identifier("submission"),
            model_id=model.id,
            filename=filename,
            digest=digest,
            round=current.number,
            based_on=contest.based_on(current.number, datestamp),
            inserted=at,
            late=late,
            queued=late,
            source=source,
            trigger_id=trigger_id,
        )
        facts = {**asdict(record), "error": contest.verdict(record), "tournament": contest.number}
        del facts["inserted"]
        self._change(at, "submission-created", facts)
        return record.id

    def _submit_run(self, model_id: str, username: str, data: bytes, run_id: str) -> str | None:
        """Submit the answer of a model upload's run. Returns why it was rejected, or None."""
        model = self.records.models[model_id]
        given = f"live_predictions-{run_id[:12].replace('-', '')}.csv"
        self.change("upload-authorised", {"filename": given, "model": model.id, "username": username})
        self.store_object(given, data)
        return self.records.submissions[self._submit(model, given, "model_upload", run_id, None)].error

    def uploaded(self, filename: str, model_id: str) -> str:
        """Digest of an uploaded file of that model.

        Raises:
            Refused: `upload-missing`.
        """
        upload = self.records.uploads.get(filename)
        if upload is None or upload.digest is None or upload.model_id != model_id:
            raise Refused("upload-missing", f"Uploaded file not found: {filename}", "Upload the file first.")
        return upload.digest

    # Accounts

    def change_profile(self, session: Session, model_id: str | None, facts: Mapping[str, str | None]) -> None:
        """Set `bio`, `link_text`, `link_url` or `webhook` of one of the caller's models."""
        self.models.describe(session, model_id, facts)

    def stake(self, model_id: str) -> Decimal:
        """NMR that a model has staked now."""
        return self.ledger.stake(model_id)

    def available(self, username: str) -> Decimal:
        """NMR in an account's wallet now."""
        return self.ledger.available(username)

    def books(self) -> Totals:
        """Where all NMR is: wallets, stakes, burned, less what was minted, is what was ever brought in.

        Raises:
            Broken: `books-do-not-balance`.
        """
        with self.lock:
            totals = self.ledger.totals()
        if totals.difference:
            raise Broken(
                "books-do-not-balance",
                f"{totals.difference} NMR are not accounted for.",
                "Keep the state folder as it is, and report this.",
            )
        return totals

    def add_model(self, username: str, name: str, stake: Decimal = Decimal(0), tournament: int | None = None) -> str:
        """Give an account one more model in a tournament. Returns its identifier."""
        return self.models.add(username, name, stake, tournament)

    def add_account(self, username: str, balance: Decimal = Decimal(0)) -> Token:
        """Open an account with one key of every scope.

        Raises:
            UserError: `account-exists`.
        """
        with self.lock:
            if username in self.records.accounts:
                raise UserError("account-exists", f"There is an account {username!r} already.", "Choose another name.")
            self.change("account-created", {"username": username, "balance": str(balance)})
            return self.add_key(username, SCOPES)

    def add_key(self, username: str, scopes: Sequence[str]) -> Token:
        """Give an account one more key."""
        return self.keys.add(username, scopes)

    # For its parts

    def change(self, change: str, facts: Mapping[str, Any]) -> None:
        """Write a change of this moment to the journal, then apply it."""
        with self.lock:
            self._change(self.now(), change, facts)

    def identifier(self, kind: str) -> str:
        """A UUID for what is about to be made; the journal's length makes it unique."""
        return derived_uuid(kind, self.seed, len(self.journal.lines))

    # Inside

    def _change(self, at: datetime, change: str, facts: Mapping[str, Any]) -> None:
        self.records.apply(self.journal.append(change, at, self.real.now(), facts))

    def _clock_moved(self, now: datetime, to: datetime, reason: str) -> None:
        self._change(now, "clock-moved", {"to": to.isoformat(), "reason": reason})

    def _replay(self, state: Path) -> None:
        for line in self.journal.lines:
            facts = line["facts"]
            if line["change"] in ("started", "tournament-opened"):
                world = self.worlds.get(facts.get("tournament", self.records.first))
                seed, synthetic = facts.get("seed", self.seed), facts["synthetic"]
                if world is None or (seed, synthetic) != (self.seed, world.synthetic):
                    served = world.synthetic if world else "a world that is served here"
                    raise UserError(
                        "state-of-another-world",
                        f"{state} belongs to {synthetic}, not to {served}.",
                        "Start it with the same seed and scale, or name another folder.",
                    )
            self.records.apply(line)

    def _agreed(self, wanted: Assumptions | None) -> Assumptions:
        """The assumptions of the folder, or the wanted ones for a fresh one."""
        kept = [line["facts"] for line in self.journal.lines if line["change"] == "assumptions-set"]
        held = restored(kept[-1]) if kept else Assumptions()
        if self.journal.lines and wanted is not None and wanted.described() != held.described():
            raise UserError(
                "state-of-other-assumptions",
                "The folder was started with other assumptions.",
                "Leave them out, or name another folder.",
            )
        return held if self.journal.lines or wanted is None else wanted

    def _open(self, at: datetime, assumptions: Assumptions | None) -> None:
        """Write down the start of a fresh folder, and every tournament that the folder does not play yet."""
        if not self.journal.lines:
            number = self.records.first
            facts = {"seed": self.seed, "tournament": number, "synthetic": self.worlds[number].synthetic}
            self._change(at, "started", facts)
            if assumptions is not None:
                self._change(at, "assumptions-set", assumptions.described())
        for number in sorted(self.worlds.keys() - self.records.opened):
            world = self.worlds[number]
            facts = {"tournament": number, "name": world.arena.name, "synthetic": world.synthetic}
            self._change(at, "tournament-opened", facts)

    def _contest(self, world: World) -> Contest:
        ledger = self.ledger
        return Contest(world, self.records, self.objects, self.clock.now, ledger.stake, ledger.risk, self.assumptions)
