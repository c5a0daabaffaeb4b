"""Nothing is sent at or after the deadline less its margin, to the microsecond, unless a person asked for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eraforge.arenas.classic import CLASSIC
from eraforge.core.clock import StandingClock
from eraforge.core.configuration import SubmitTable
from eraforge.core.errors import Ambiguous, EraforgeError, Refused
from eraforge.core.ports import Submission, Ticket
from eraforge.core.words import Phase, Predictions, Round, Slot
from eraforge.pipeline.effects import Effects, Timing
from eraforge.pipeline.effects.settling import Settling
from eraforge.store.ledger import Ledger

OPENS = datetime(2026, 9, 1, 12, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=1)
ROUND = Round("classic", 1345, OPENS, CLOSES)
MARGIN = 60.0


class Server:
    """Takes time for everything, shows what it created after a lag, and notes when each creation was asked for."""

    def __init__(self, clock: StandingClock, upload: float = 0.0, lag: float = 0.0, filed: int = 1345) -> None:
        self.clock, self.upload, self.lag, self.filed = clock, upload, lag, filed
        self.asked: list[datetime] = []
        self.created: list[tuple[str, datetime]] = []
        self.objects: dict[str, bytes] = {}
        self.unanswered = False

    def authorise(self, arena: object, model_id: str, filename: str) -> Ticket:
        return Ticket(filename, "http://put?signature=secret")

    def put(self, ticket: Ticket, data: bytes) -> None:
        self.clock.sleep(self.upload)
        self.objects[ticket.filename] = data

    def create(self, arena: object, model_id: str, ticket: Ticket) -> str:
        self.asked.append(self.clock.now())
        self.created.append((ticket.filename, self.clock.now()))
        if self.unanswered:
            raise Ambiguous("planted", "applied, not answered", "read back")
        return f"id-{ticket.filename}"

    def submissions(self, model_id: str) -> list[Submission]:
        shown = [name for name, at in self.created if self.clock.now() >= at + timedelta(seconds=self.lag)]
        return [Submission(f"id-{name}", name, self.filed, 8, True) for name in shown]

    def submission_bytes(self, submission_id: str) -> bytes:
        return self.objects[submission_id.removeprefix("id-")]


def answer(model: str, number: int = 1345) -> Predictions:
    frame = pl.DataFrame({"id": [f"n{place}" for place in range(5)], "prediction": np.linspace(0.1, 0.8, 5)})
    return Predictions(Slot("main", model, "classic", number), frame)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('l') / 'ledger.sqlite'}") as opened:
        yield opened


def door(ledger: Ledger, server: Server, **changes: Any) -> Effects:
    table = SubmitTable(**{"settle_seconds": 1.0, "read_backs": 5, "margin_seconds": MARGIN, **changes})
    return Effects("http://127.0.0.1:1", ledger, server, server, server.clock, table)  # type: ignore[arg-type]


MOMENTS = st.one_of(
    st.integers(-2_000_000, 2_000_000).map(lambda offset: CLOSES - timedelta(seconds=MARGIN, microseconds=offset)),
    st.integers(-2_000_000, 2_000_000).map(lambda offset: OPENS + timedelta(microseconds=offset)),
    st.floats(-3600, 7200).map(lambda offset: OPENS + timedelta(seconds=offset)),
)


@given(at=MOMENTS, upload=st.sampled_from([0.0, 0.5, 30.0, 300.0]), number=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_creation_is_asked_for_outside_the_window(ledger: Ledger, at: datetime, upload: float, number: int) -> None:
    server = Server(StandingClock(at), upload)
    try:
        door(ledger, server).submit(answer(f"m{number}"), CLASSIC, ROUND, "m1")
    except Refused as error:
        assert error.code in ("window-closed", "window-not-open", "effect-refused")
    except EraforgeError:
        pass
    assert all(OPENS <= moment < CLOSES - timedelta(seconds=MARGIN) for moment in server.asked)


@pytest.mark.parametrize(("microseconds", "sent"), [(1, 1), (0, 0), (-1, 0)])
def test_the_edge_itself(ledger: Ledger, microseconds: int, sent: int) -> None:
    at = CLOSES - timedelta(seconds=MARGIN) - timedelta(microseconds=microseconds)
    server = Server(StandingClock(at))
    try:
        door(ledger, server).submit(answer(f"edge{microseconds + 2}"), CLASSIC, ROUND, "m1")
    except Refused as error:
        assert error.code == "window-closed"
    assert len(server.asked) == sent


def test_late_and_queued_answers_are_sent_on_purpose_only(ledger: Ledger) -> None:
    late = Server(StandingClock(CLOSES + timedelta(hours=1)))
    door(ledger, late).submit(answer("late"), CLASSIC, ROUND, "m1", timing=Timing.LATE)
    assert len(late.asked) == 1
    following = Round("classic", 1346, OPENS + timedelta(days=1), CLOSES + timedelta(days=1))
    queued = Server(StandingClock(CLOSES + timedelta(hours=1)), filed=1345)
    receipt = door(ledger, queued).submit(answer("queued", 1346), CLASSIC, following, "m1", timing=Timing.QUEUE)
    record = ledger.effect(receipt.effect)
    assert record is not None and record.facts["timing"] == "queue" and len(queued.asked) == 1


def test_an_answer_filed_under_another_round_is_held(ledger: Ledger) -> None:
    server = Server(StandingClock(OPENS + timedelta(minutes=5)), filed=1346)
    with pytest.raises(EraforgeError) as caught:
        door(ledger, server).submit(answer("slipped"), CLASSIC, ROUND, "m1")
    assert caught.value.code == "server-holds-another-answer" and "round 1346" in caught.value.sentence


def test_the_settle_time_is_measured_and_three_times_the_slowest_is_waited(tmp_path: Path) -> None:
    """A server that shows things after six seconds: unanswered changes are waited for longer than the floor says."""
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        clock = StandingClock(OPENS + timedelta(minutes=5))
        server = Server(clock, lag=3.5)
        effects = door(ledger, server)
        assert effects.settling.seconds() == 4.0  # the floor: four pauses of a second
        effects.submit(answer("first"), CLASSIC, ROUND, "m1")
        measured = Settling(ledger, "http://127.0.0.1:1", SubmitTable()).measured()
        assert measured.count == 1 and 3.5 <= measured.quantile <= 5.0
        assert effects.settling.seconds() == 3 * measured.quantile
        server.lag, server.unanswered = 9.0, True  # beyond the floor, within what was learnt
        effects.submit(answer("second"), CLASSIC, ROUND, "m1")
        assert len(server.asked) == 2


def test_phases_stand_in_the_ledger_and_no_signed_address_does(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        server = Server(StandingClock(OPENS + timedelta(minutes=5)))
        door(ledger, server).submit(answer("phases"), CLASSIC, ROUND, "m1")
        kinds = [
            event.facts["step"] if event.kind == "step" else event.kind
            for event in ledger.events(subject="classic/main/phases/1345")
        ]
        wanted = ["effect.intended", "authorised", "put", "effect.sent", "answered", "submission", "effect.confirmed"]
        assert kinds == wanted
        assert "signature" not in "".join(str(dict(event.facts)) for event in ledger.events())
        assert ledger.effect(next(ledger.events(kind="effect.sent")).facts["key"]).phase is Phase.CONFIRMED  # type: ignore[union-attr, arg-type]
