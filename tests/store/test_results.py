"""Turns, stages, submissions, scores and payouts: what stands now, and an event for what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from eraforge.core.errors import Broken, DataError
from eraforge.core.ports import ScoreRow, Submission
from eraforge.core.words import Slot
from eraforge.store.ledger import Ledger
from eraforge.store.records import Payout, ScoreChanges

AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(days=1)
SLOT = Slot("main", "model", "classic", 1345)


def row(round_number: int = 1345, day: int = 1, value: float | None = 0.1, model_id: str = "m-1") -> ScoreRow:
    return ScoreRow(model_id, round_number, "canon_corr", day, value, 0.5, False, "2026-09-04", "0.01", None)


def test_stages_are_kept_and_a_changed_output_is_told(ledger: Ledger) -> None:
    assert ledger.stage_output("key") is None
    ledger.remember_stage("key", "train", "a" * 64, AT)
    ledger.remember_stage("key", "train", "a" * 64, LATER)
    assert ledger.stage_output("key") == "a" * 64 and list(ledger.events()) == []
    ledger.remember_stage("key", "train", "b" * 64, LATER)
    assert ledger.stage_output("key") == "b" * 64
    (event,) = ledger.events("stage.changed", "key")
    assert event.facts == {"name": "train", "earlier": "a" * 64, "output": "b" * 64}


def test_turns_are_kept_by_slot(ledger: Ledger) -> None:
    assert ledger.turn(SLOT) is None
    other = replace(SLOT, round=1344, model="second")
    ledger.remember_turn(SLOT, "entry", "predict", {"rows": 6000}, AT)
    ledger.remember_turn(other, "second entry", "done", {}, AT)
    ledger.remember_turn(SLOT, "entry", "submit", {"rows": 6000, "digest": "a"}, LATER)
    turn = ledger.turn(SLOT)
    assert turn is not None and (turn.slot, turn.state, turn.at) == (SLOT, "submit", LATER)
    assert turn.facts == {"rows": 6000, "digest": "a"}
    assert [each.slot for each in ledger.turns()] == [other, SLOT]
    assert [each.slot for each in ledger.turns(entry="entry")] == [SLOT]
    assert [each.slot for each in ledger.turns(state="done", arena="classic")] == [other]
    assert [each.slot for each in ledger.turns(round_number=1345)] == [SLOT] and ledger.turns(arena="other") == []
    assert [event.facts["state"] for event in ledger.events("turn", SLOT.key)] == ["predict", "submit"]


def test_submissions_are_kept_as_the_tournament_holds_them(ledger: Ledger) -> None:
    held = Submission("s-1", "model-1345-abc.csv", 1345, 8, False)
    assert ledger.remember_submission(SLOT, held, "a" * 64, AT, effect="key")
    assert not ledger.remember_submission(SLOT, held, "a" * 64, LATER, effect="key")
    selected = replace(held, selected=True, inserted=AT)
    assert ledger.remember_submission(SLOT, selected, "a" * 64, LATER, effect="key")
    (record,) = ledger.submissions(SLOT)
    assert (record.slot, record.submission, record.digest, record.effect) == (SLOT, selected, "a" * 64, "key")
    assert record.submission.selected is True and record.at == LATER
    assert ledger.submissions(arena="classic", round_number=1345) == [record] == ledger.submissions()
    assert ledger.submissions(round_number=1) == []
    assert [event.facts["selected"] for event in ledger.events("submission", SLOT.key)] == [False, True]


def test_scores_are_upserted_and_a_revised_value_is_told(ledger: Ledger) -> None:
    rows = [row(day=day, value=0.01 * day) for day in range(1, 6)]
    assert ledger.remember_scores(rows, AT) == ScoreChanges(5, 0, 0)
    assert ledger.remember_scores(iter(rows), LATER) == ScoreChanges(0, 0, 5)
    revised = [replace(rows[0], value=0.5), replace(rows[1], percentile=0.9, resolved=True), row(day=6, value=None)]
    assert ledger.remember_scores(revised, LATER) == ScoreChanges(1, 1, 0)
    assert ledger.scores("m-1") == [*revised[:2], *rows[2:], revised[2]]
    (event,) = ledger.events("score.revised", "m-1")
    told = {"model_id": "m-1", "round": 1345, "display_name": "canon_corr", "day": 1, "earlier": 0.01, "value": 0.5}
    assert event.facts == told
    assert [event.facts for event in ledger.events("scores")] == [{"added": 5}, {"added": 1}]
    assert ledger.remember_scores([row(day=6, value=0.2)], LATER) == ScoreChanges(0, 0, 0)  # published, not revised
    assert ledger.remember_scores([row(day=6, value=None)], LATER) == ScoreChanges(0, 1, 0)
    assert ledger.remember_scores([], LATER) == ScoreChanges(0, 0, 0)
    assert ledger.verify_chain() == ledger.head()[0]


def test_scores_keep_every_bit_and_are_filtered(ledger: Ledger) -> None:
    value = 0.1 + 0.2
    ledger.remember_scores([row(number, value=value, model_id=name) for number in (1, 2, 3) for name in ("a", "b")], AT)
    assert {each.value for each in ledger.scores()} == {value}
    assert [(each.model_id, each.round) for each in ledger.scores("b", rounds=(2, 9))] == [("b", 2), ("b", 3)]
    assert [each.model_id for each in ledger.scores(round_number=2, display_name="canon_corr")] == ["a", "b"]
    assert ledger.scores(display_name="mmc") == []


def test_the_last_of_equal_keys_wins_nan_is_none_and_infinity_is_refused(ledger: Ledger) -> None:
    assert ledger.remember_scores([row(value=0.1), row(value=float("nan"))], AT) == ScoreChanges(1, 0, 0)
    assert ledger.scores()[0].value is None
    with pytest.raises(DataError) as caught:
        ledger.remember_scores([row(day=2), row(day=3, value=float("inf"))], AT)
    assert caught.value.code == "score-not-finite" and len(ledger.scores()) == 1


def test_the_first_round_with_a_score_that_is_not_final_is_found(ledger: Ledger) -> None:
    def scored(number: int, name: str, *days: bool, model: str = "m1") -> None:
        rows = [ScoreRow(model, number, name, day, 0.1, None, final) for day, final in enumerate(days)]
        ledger.remember_scores(rows, AT)

    assert ledger.unresolved_since("m1", 80) is None
    scored(1, "corr", False, True)
    scored(1, "mmc", False)
    scored(2, "corr", False, True)
    scored(3, "corr", False, False)
    scored(3, "mmc", True, model="m2")
    assert ledger.unresolved_since("m1", 80) == 1
    scored(1, "mmc", False, True)
    assert ledger.unresolved_since("m1", 80) == 3
    scored(3, "corr", False, False, True)
    assert ledger.unresolved_since("m1", 80) == 3 == ledger.unresolved_since("m2", 80)
    scored(9, "corr", False)
    scored(5, "corr", False)
    assert ledger.unresolved_since("m1", 80) == 5 and ledger.unresolved_since("m1", 3) == 9


def test_many_scores_take_few_statements(ledger: Ledger) -> None:
    rows = [row(number, day) for number in range(1300, 1345) for day in range(1, 61)]
    assert ledger.remember_scores(rows, AT) == ScoreChanges(2700, 0, 0)
    changed = [replace(each, value=0.2) if each.round == 1344 else replace(each, percentile=0.1) for each in rows]
    assert ledger.remember_scores(changed, AT) == ScoreChanges(0, 60, 0)
    assert ledger.scores() == changed


def test_payouts_are_exact_and_a_settled_one_that_changes_is_told(ledger: Ledger) -> None:
    pending = Payout("m-1", 1345, Decimal("10"), Decimal("0.123456789012345678"), None, {"source": "performances"})
    assert ledger.remember_payout(pending, AT) and not ledger.remember_payout(pending, LATER)
    assert ledger.payouts("m-1") == [pending]
    settled = replace(pending, pending=None, settled=Decimal("-0.000000000000000001"))
    assert ledger.remember_payout(settled, LATER)
    assert ledger.payouts(round_number=1345) == [settled] and ledger.payouts("other") == []
    assert not ledger.remember_payout(replace(settled, at_risk=Decimal("10.000")), LATER)  # the same amount
    assert ledger.remember_payout(replace(settled, settled=Decimal("0E-18")), LATER)
    assert [event.kind for event in ledger.events(subject="m-1")] == ["payout", "payout", "payout.revised"]
    (event,) = ledger.events("payout.revised")
    assert event.facts["settled"] == "0.000000000000000000"
    assert event.facts["earlier"]["settled"] == "-0.000000000000000001"
    with pytest.raises(Broken, match="no amount"):
        ledger.remember_payout(replace(settled, settled=Decimal("NaN")), LATER)
