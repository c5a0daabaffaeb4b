"""The ledger: one database in which every event, effect and result is written down before anybody relies on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection, Engine

from eraforge.core.errors import Ambiguous, Broken, Transient
from eraforge.core.ports import ScoreRow, Submission
from eraforge.core.words import Effect, Phase, Slot
from eraforge.store import chain, effects, leases, migrate, results
from eraforge.store.connect import PATIENCE, Place, ledger_errors, lock_for_writing, open_engine
from eraforge.store.leases import Lease
from eraforge.store.records import (
    EffectRecord,
    Event,
    Facts,
    Payout,
    ScoreChanges,
    SubmissionRecord,
    TurnRecord,
)
from eraforge.store.tables import HEAD


class Ledger:
    """An open ledger, for any number of threads of the process that opened it. What returns is durable.

    Every method may raise `Transient` (`ledger-locked`, `ledger-unreachable`, `ledger-busy`, `disk-full`) when nothing
    happened, `DataError` (`ledger-not-writable`, `ledger-rotten`, `disk-failed`) and, where a connection broke while a
    change was being committed, `Ambiguous` (`ledger-commit-unknown`): read back, then decide.
    """

    def __init__(self, engine: Engine, place: Place) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._place = place
        self._process = os.getpid()

    @classmethod
    def open(cls, address: str | Path, *, patience: float = PATIENCE) -> Ledger:
        """Open the ledger at a file or URL, create it when it is not there, and migrate it to today's schema.

        Args:
            address: a path, `sqlite:///file` or `postgresql://user:password@host:port/database`.
            patience: seconds to wait for another writer before `ledger-locked`.

        Raises:
            UserError: `ledger-address`, `ledger-in-memory`, `ledger-too-new`, `not-a-ledger`.
        """
        engine, place = open_engine(address, patience)
        ledger = cls(engine, place)
        opened = False
        try:
            with ledger._read() as connection:
                found = migrate.version(connection)
            if found != HEAD:
                with ledger._write() as connection:
                    migrate.upgrade(connection)
            opened = True
        finally:
            if not opened:
                ledger.close()
        return ledger

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Ledger: {self._place.name}>"

    # Events

    def record(self, kind: str, subject: str, facts: Facts, at: datetime) -> int:
        """Append an event and return its sequence.

        Args:
            kind: what happened ("turn", "effect.sent", "health").
            subject: to what: a slot key, an entry, a model id.
            facts: plain values; decimals, moments and enumerations are kept as texts.

        Raises:
            Broken: `facts-not-plain`, `naive-moment`.
        """
        with self._write() as connection:
            return chain.append(connection, kind, subject, facts, at)

    def events(self, kind: str | None = None, subject: str | None = None, after: int = 0) -> Iterator[Event]:
        """Events in order, later than sequence `after`, read page by page while they are consumed."""
        return chain.walk(self._read, kind, subject, after)

    def last_event(self, kind: str | None = None, subject: str | None = None) -> Event | None:
        """The last event of that kind and subject."""
        with self._read() as connection:
            return chain.last(connection, kind, subject)

    def head(self) -> tuple[int, str]:
        """Sequence and hash of the last event. Kept elsewhere, it tells a ledger whose end was cut off."""
        with self._read() as connection:
            return chain.head(connection)

    def verify_chain(self) -> int:
        """How many events there are, all of them following from one another.

        Raises:
            Broken: `ledger-chain-broken`, naming the first that does not follow.
        """
        return chain.verify(self._read)

    # Effects

    def intend(self, effect: Effect, facts: Facts, at: datetime) -> EffectRecord:
        """Write an effect down before anything is sent; the same effect again gives back its record as it stands.

        Raises:
            Broken: `effect-payload-changed`, `superseded-unknown`, `superseded-open`.
        """
        with self._write() as connection:
            return effects.intend(connection, effect, facts, at)

    def advance(
        self, key: str, phase: Phase, facts: Facts, at: datetime, *, deadline: datetime | None = None
    ) -> EffectRecord:
        """Take an effect one step further; `facts` are laid over the earlier ones.

        Args:
            deadline: the latest moment the call may still be running; needed to go to SENT.

        Raises:
            Broken: `effect-unknown`, `effect-phase` for a step the protocol does not know, `sent-without-deadline`.
        """
        with self._write() as connection:
            return effects.advance(connection, key, phase, facts, at, deadline)

    def effect(self, key: str) -> EffectRecord | None:
        """The effect of that key."""
        with self._read() as connection:
            return effects.find(connection, key)

    def open_effects(self) -> list[EffectRecord]:
        """Every effect neither confirmed nor refused nor superseded, oldest first. Held ones are among them."""
        with self._read() as connection:
            return effects.unsettled(connection)

    # Stages and turns

    def stage_output(self, key: str) -> str | None:
        """Digest of the object that the stage of that key gave, or None."""
        with self._read() as connection:
            return results.stage_output(connection, key)

    def stage_outputs(self, name: str) -> list[str]:
        """Digests of everything that stages of that name gave, each once, ascending."""
        with self._read() as connection:
            return results.stage_outputs(connection, name)

    def remember_stage(self, key: str, name: str, digest: str, at: datetime) -> None:
        """Keep the output of a stage; an output that differs from an earlier one is the event `stage.changed`."""
        with self._write() as connection:
            results.remember_stage(connection, key, name, digest, at)

    def turn(self, slot: Slot) -> TurnRecord | None:
        """Where the turn of that slot stands."""
        with self._read() as connection:
            return next(iter(results.select_turns(connection, {"slot": slot.key})), None)

    def turns(
        self,
        entry: str | None = None,
        state: str | None = None,
        arena: str | None = None,
        round_number: int | None = None,
    ) -> list[TurnRecord]:
        """Turns, in order of round and slot."""
        where = {"entry": entry, "state": state, "arena": arena, "round": round_number}
        with self._read() as connection:
            return results.select_turns(connection, where)

    def remember_turn(self, slot: Slot, entry: str, state: str, facts: Facts, at: datetime) -> None:
        """Keep where a turn stands, and append the event `turn`."""
        with self._write() as connection:
            results.remember_turn(connection, TurnRecord(slot, entry, state, facts, at))

    # Submissions, scores, payouts

    def remember_submission(
        self, slot: Slot, submission: Submission, digest: str, at: datetime, *, effect: str = ""
    ) -> bool:
        """Keep a submission as the tournament holds it; whether anything about it is new, the event `submission`.

        Args:
            digest: SHA-256 of the file sent.
            effect: key of the effect it came from.
        """
        with self._write() as connection:
            return results.remember_submission(connection, SubmissionRecord(slot, submission, digest, effect, at))

    def submissions(
        self, slot: Slot | None = None, arena: str | None = None, round_number: int | None = None
    ) -> list[SubmissionRecord]:
        """Submissions, in order of round and arrival."""
        where = {"slot": None if slot is None else slot.key, "arena": arena, "round": round_number}
        with self._read() as connection:
            return results.select_submissions(connection, where)

    def remember_scores(self, rows: Iterable[ScoreRow], at: datetime) -> ScoreChanges:
        """Keep scores by (model id, round, display name, day). A published value that became another is an event.

        Raises:
            DataError: `score-not-finite`. A NaN is kept as None.
        """
        with self._write() as connection:
            return results.remember_scores(connection, rows, at)

    def scores(
        self,
        model_id: str | None = None,
        round_number: int | None = None,
        display_name: str | None = None,
        rounds: tuple[int, int] | None = None,
        resolved: bool | None = None,
    ) -> list[ScoreRow]:
        """Scores in order of model, round, display name and day.

        Args:
            rounds: the first and the last wanted.
            resolved: whether the final ones are wanted, or the others; None for all.
        """
        where = {"model_id": model_id, "round": round_number, "display_name": display_name, "resolved": resolved}
        with self._read() as connection:
            return results.select_scores(connection, where, rounds)

    def unresolved_since(self, model_id: str, at_most: int) -> int | None:
        """The first of a model's last `at_most` rounds with a score that is not final, or the newest; None without any.

        Scores of one round become final on different days: it counts once the last of them is.
        """
        with self._read() as connection:
            return results.unresolved_since(connection, model_id, at_most)

    def remember_payout(self, payout: Payout, at: datetime) -> bool:
        """Keep a payout; whether it changed, which is the event `payout`, or `payout.revised` once settled.

        Raises:
            Broken: `amount-not-finite`.
        """
        with self._write() as connection:
            return results.remember_payout(connection, payout, at)

    def payouts(self, model_id: str | None = None, round_number: int | None = None) -> list[Payout]:
        """Payouts, in order of model and round."""
        with self._read() as connection:
            return results.select_payouts(connection, {"model_id": model_id, "round": round_number})

    # Leases

    def take_lease(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or renew a lease; False while another holder has it. Leases are no history: they leave no event."""
        with self._write() as connection:
            return leases.take(connection, name, holder, now, until)

    def release_lease(self, name: str, holder: str) -> bool:
        """Give a lease back; whether the holder had it."""
        with self._write() as connection:
            return leases.release(connection, name, holder)

    def leases(self) -> list[Lease]:
        """Every lease, by name, expired ones included."""
        with self._read() as connection:
            return leases.every(connection)

    # Transactions

    @contextmanager
    def locked(self) -> Iterator[Connection]:
        """The connection while no other process writes; for copying the ledger as a whole."""
        with self._write() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """One consistent view, for as short as possible."""
        self._refuse_fork()
        with ledger_errors(self._place), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """The only writing transaction of all processes; durable when the block is left without an error."""
        self._refuse_fork()
        with ledger_errors(self._place), self._writer.connect() as connection, connection.begin() as change:
            lock_for_writing(connection)
            yield connection
            self._commit(change.commit)

    def _commit(self, commit: Callable[[], None]) -> None:
        try:
            with ledger_errors(self._place):
                commit()
        except Transient as error:
            if error.code != "ledger-unreachable":
                raise
            raise Ambiguous(
                "ledger-commit-unknown",
                f"The connection to {self._place.name} broke while a change was being written.",
                "Read back what the ledger holds before doing it again.",
            ) from error

    def _refuse_fork(self) -> None:
        if os.getpid() != self._process:
            raise Broken(
                "ledger-crossed-fork",
                f"Another process has opened {self._place.name}.",
                "Open the ledger in the process that uses it.",
            )
