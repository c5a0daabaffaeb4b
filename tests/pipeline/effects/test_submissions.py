"""The effect protocol against a tournament that loses, answers late and forgets, with crashes at every durable step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.clock import StandingClock
from eraforge.core.configuration import SubmitTable
from eraforge.core.digest import digest_bytes
from eraforge.core.errors import Ambiguous, Held, Refused, Transient, UserError
from eraforge.core.ports import Submission, Ticket
from eraforge.core.words import Effect, EffectKind, Phase, Predictions, Round, Slot
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.effects.conduct import Conduct
from eraforge.pipeline.effects.driver import Driver
from eraforge.store.ledger import Ledger

OPENS = datetime(2026, 9, 1, 12, tzinfo=UTC)
ROUND = Round("classic", 1345, OPENS, OPENS + timedelta(hours=1))
SLOT = Slot("main", "alpha", "classic", 1345)


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Tournament:
    """A tournament's submissions, with faults that a history chooses."""

    objects: dict[str, bytes] = field(default_factory=dict)
    created: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    count: int = 0
    truncate: bool = False
    cut_readings: int = 0

    def _fault(self) -> str:
        return self.faults.pop(0) if self.faults else "none"

    def authorise(self, arena: object, model_id: str, filename: str) -> Ticket:
        fault = self._fault()
        if fault == "lost":
            raise Transient("lost", "lost", "retry")
        if fault == "crash":
            raise Crash
        self.count += 1
        return Ticket(f"{filename.removesuffix('.csv')}-{self.count:012d}.csv", "http://put")

    def put(self, ticket: Ticket, data: bytes) -> None:
        if self._fault() == "crash":
            raise Crash
        self.objects[ticket.filename] = data[: len(data) // 2] if self.truncate else data

    def create(self, arena: object, model_id: str, ticket: Ticket) -> str:
        fault = self._fault()
        if fault == "refused":
            raise Refused("server-said-no", "invalid submission", "correct it")
        if fault == "lost":
            raise Ambiguous("unanswered", "lost before the server", "read back")
        if fault == "crash":
            raise Crash
        self.created.append((ticket.filename, model_id))
        if fault == "unanswered":
            raise Ambiguous("unanswered", "applied but not answered", "read back")
        if fault == "crash after":
            raise Crash
        return f"id-{ticket.filename}"

    def submissions(self, model_id: str) -> list[Submission]:
        if self._fault() == "crash":
            raise Crash
        return [Submission(f"id-{name}", name, 1345, 8, True) for name, _ in self.created]

    def submission_bytes(self, submission_id: str) -> bytes:
        held = self.objects[submission_id.removeprefix("id-")]
        self.cut_readings -= 1
        return held if self.cut_readings < 0 else held[:-16]


def answer(shift: float = 0.0, synthetic: str | None = None, slot: Slot = SLOT) -> Predictions:
    values = np.linspace(0.1, 0.8, 5) + shift
    frame = pl.DataFrame({"id": [f"n{place}" for place in range(5)], "prediction": values})
    return Predictions(slot, frame, synthetic)


@pytest.fixture
def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def door(ledger: Ledger, tournament: Tournament, at: datetime = OPENS + timedelta(minutes=5), url: str = "") -> Effects:
    settings = SubmitTable(settle_seconds=0.0, read_backs=3)
    url = url or "http://127.0.0.1:1"
    return Effects(url, ledger, tournament, tournament, StandingClock(at), settings)  # type: ignore[arg-type]


def test_what_failed_before_anything_changed_is_tried_again_until_patience_ends(ledger: Ledger) -> None:
    tournament = Tournament(faults=["lost", "lost"])
    door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    assert len(tournament.created) == 1
    away, other = Tournament(faults=["lost"] * 3), Slot("main", "second", "classic", 1345)
    with pytest.raises(Transient, match="lost"):
        door(ledger, away).submit(answer(slot=other), CLASSIC, ROUND, "m2")
    assert not away.faults and not away.created


@pytest.mark.parametrize(("fault", "shift"), [("unanswered", 0.0), ("lost", 0.05)])
def test_what_became_of_an_earlier_answer_is_found_out_before_another_one(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, fault: str, shift: float
) -> None:
    """The earlier one stands where it had come through; else the other one takes its place, and there is only one."""
    tournament = Tournament(faults=["none", "none", fault])

    def silent(self: Tournament, model_id: str) -> list[Submission]:
        raise Transient("silent", "no answer", "ask again")

    with monkeypatch.context() as away:
        away.setattr(Tournament, "submissions", silent)
        with pytest.raises(Transient):
            door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    assert [one.phase for one in ledger.open_effects()] == [Phase.UNKNOWN]
    if fault == "unanswered":
        with pytest.raises(UserError, match="confirmed"):
            door(ledger, tournament).submit(answer(0.05), CLASSIC, ROUND, "m1")
    else:
        door(ledger, tournament).submit(answer(0.05), CLASSIC, ROUND, "m1")
    ((filename, _),) = tournament.created
    assert tournament.objects[filename] == answer(shift).csv("id", "prediction")
    assert len(ledger.submissions(SLOT)) == 1 and not ledger.open_effects()


def test_a_confirmed_submission_is_the_bytes_that_were_decided(ledger: Ledger) -> None:
    tournament = Tournament()
    receipt = door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    held = tournament.objects[receipt.filename]
    assert held == answer().csv("id", "prediction")
    assert receipt.digest == digest_bytes(held)
    assert receipt.filename.startswith(f"alpha-1345-{receipt.digest[:12]}")
    record = ledger.effect(receipt.effect)
    assert record is not None and record.phase is Phase.CONFIRMED
    (kept,) = ledger.submissions(SLOT)
    assert (kept.submission.id, kept.digest, kept.effect) == (receipt.submission_id, receipt.digest, receipt.effect)


def test_asking_again_sends_nothing(ledger: Ledger) -> None:
    tournament = Tournament()
    first = door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    assert door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1") == first
    assert len(tournament.created) == 1


def test_another_answer_needs_a_person_to_ask_for_the_replacement(ledger: Ledger) -> None:
    tournament = Tournament()
    first = door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    with pytest.raises(UserError) as caught:
        door(ledger, tournament).submit(answer(0.1), CLASSIC, ROUND, "m1")
    assert caught.value.code == "already-submitted"
    second = door(ledger, tournament).submit(answer(0.1), CLASSIC, ROUND, "m1", supersedes=first.effect)
    assert second.effect != first.effect and len(tournament.created) == 2


def test_applied_but_unanswered_is_found_by_reading_back_and_never_sent_again(ledger: Ledger) -> None:
    tournament = Tournament(faults=["none", "none", "unanswered"])
    door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    assert len(tournament.created) == 1


def test_lost_before_the_server_is_sent_again_after_reading_back(ledger: Ledger) -> None:
    tournament = Tournament(faults=["none", "none", "lost"])
    door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    assert len(tournament.created) == 1
    kinds = [event.kind for event in ledger.events(subject=SLOT.key) if event.kind.startswith("effect.")]
    phases = [kind.removeprefix("effect.") for kind in kinds]
    assert phases == ["intended", "sent", "unknown", "intended", "sent", "confirmed"]


def test_a_file_that_the_server_holds_wrongly_is_held_for_a_person(ledger: Ledger) -> None:
    tournament = Tournament(truncate=True)
    with pytest.raises(Held) as caught:
        door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    assert caught.value.code == "server-holds-another-answer"
    with pytest.raises(Held):
        door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    assert len(tournament.created) == 1


def test_readings_that_were_cut_alike_on_their_way_hold_nothing_up(ledger: Ledger) -> None:
    tournament = Tournament(cut_readings=2)
    door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    assert len(tournament.created) == 1


def test_a_refused_answer_may_be_corrected(ledger: Ledger) -> None:
    tournament = Tournament(faults=["none", "none", "refused"])
    with pytest.raises(Refused, match="invalid submission"):
        door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    with pytest.raises(Refused):
        door(ledger, tournament).submit(answer(), CLASSIC, ROUND, "m1")
    door(ledger, tournament).submit(answer(0.1), CLASSIC, ROUND, "m1")
    assert len(tournament.created) == 1


@pytest.mark.parametrize(
    ("minutes", "code"),
    [(-1, "window-not-open"), (59.5, "window-closed"), (60, "window-closed"), (600, "window-closed")],
)
def test_nothing_is_sent_outside_the_window(ledger: Ledger, minutes: float, code: str) -> None:
    tournament = Tournament()
    with pytest.raises(Refused) as caught:
        door(ledger, tournament, OPENS + timedelta(minutes=minutes)).submit(answer(), CLASSIC, ROUND, "m1")
    assert caught.value.code == code
    assert not tournament.objects and not tournament.created


def test_made_up_data_never_reaches_the_real_tournament(ledger: Ledger) -> None:
    tournament = Tournament()
    effects = door(ledger, tournament, url="https://api-tournament.numer.ai")
    with pytest.raises(Refused) as caught:
        effects.submit(answer(synthetic="eraforge simulator seed=7"), CLASSIC, ROUND, "m1")
    assert caught.value.code == "synthetic-to-real"
    assert not tournament.objects and not list(ledger.events())


def play_history(seed: int, ledger: Ledger) -> Tournament:
    """One seeded history: faults and crashes as they fall, the same command given again after each."""
    generator = np.random.default_rng(seed)
    kinds = ["none", "lost", "unanswered", "crash", "crash after"]
    tournament = Tournament(faults=list(generator.choice(kinds, size=20, p=[0.5, 0.15, 0.15, 0.12, 0.08])))
    slot = Slot("main", f"model{seed}", "classic", 1345)
    for _ in range(40):
        try:
            door(ledger, tournament).submit(answer(slot=slot), CLASSIC, ROUND, "m1")
            return tournament
        except (Crash, Transient):
            continue
    raise AssertionError(f"history {seed} never came to its end")


def test_histories_with_faults_and_crashes_end_with_one_submission(ledger: Ledger) -> None:
    doubles, lost = [], []
    for seed in range(150):
        created = len(play_history(seed, ledger).created)
        doubles += [seed] if created > 1 else []
        lost += [seed] if created < 1 else []
    assert (doubles, lost) == ([], [])


def test_the_histories_do_double_without_the_read_back(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The property above can fail: a protocol that trusts "no answer" as "nothing happened" doubles."""

    def blind(self: Driver, conduct: Conduct) -> None:
        self._doubt(conduct)
        self.advance(conduct, Phase.INTENDED, reason="assumed lost")

    monkeypatch.setattr(Driver, "resolve", blind)
    assert any(len(play_history(seed, ledger).created) > 1 for seed in range(40))


def test_the_key_outlives_the_payload() -> None:
    one = Effect(EffectKind.SUBMIT, SLOT, "a")
    assert one.key == Effect(EffectKind.SUBMIT, SLOT, "b").key
    assert one.key != Effect(EffectKind.STAKE, SLOT, "a").key
    assert one.key != Effect(EffectKind.SUBMIT, SLOT, "a", supersedes=one.key).key
