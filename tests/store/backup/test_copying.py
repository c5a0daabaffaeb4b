"""A copied ledger is the same ledger, from and to either database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from eraforge.core.errors import UserError
from eraforge.core.words import Effect, EffectKind, Phase, Slot
from eraforge.store.backup.copying import copy_ledger
from eraforge.store.ledger import Ledger
from eraforge.store.records import Payout

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
SLOT = Slot("main", "steady", "classic", 1345)


def fill(ledger: Ledger, events: int = 2500) -> None:
    for number in range(events):
        ledger.record("note", f"subject {number}", {"number": number}, NOW)
    effect = Effect(EffectKind.SUBMIT, SLOT, "a" * 64)
    ledger.intend(effect, {"model_id": "m"}, NOW)
    ledger.advance(effect.key, Phase.SENT, {"filename": "f.csv"}, NOW, deadline=NOW)
    ledger.remember_stage("key", "fetch", "b" * 64, NOW)
    ledger.remember_payout(Payout("m", 1345, Decimal("1.5"), None, Decimal("0.000000000000000001")), NOW)


def test_every_row_arrives_and_the_chain_goes_on(address: str, tmp_path: Path) -> None:
    """From either database into a file and back into either database: all there, and still writable."""
    with Ledger.open(address) as first, Ledger.open(tmp_path / "copy.sqlite") as copy:
        fill(first, 600)
        assert copy_ledger(first, copy) == first.verify_chain()
        assert copy.head() == first.head()
        assert list(copy.events()) == list(first.events())
        effect = Effect(EffectKind.SUBMIT, SLOT, "a" * 64)
        assert copy.effect(effect.key) == first.effect(effect.key)
        assert copy.payouts() == first.payouts() and copy.stage_outputs("fetch") == ["b" * 64]
        copy.record("note", "later", {}, NOW)
        assert copy.verify_chain() == first.verify_chain() + 1


def test_a_ledger_in_use_is_never_copied_into(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "one.sqlite") as first, Ledger.open(tmp_path / "two.sqlite") as second:
        fill(first, 3)
        second.record("note", "mine", {}, NOW)
        with pytest.raises(UserError) as caught:
            copy_ledger(first, second)
        assert caught.value.code == "ledger-not-empty"
        assert second.verify_chain() == 1
