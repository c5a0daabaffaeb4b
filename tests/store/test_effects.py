"""Effects go the way the protocol draws, on both databases, and no other way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count, product
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.core.errors import Broken
from eraforge.core.words import Effect, EffectKind, Phase, Slot
from eraforge.store.effects import allowed
from eraforge.store.ledger import Ledger

AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
DEADLINE = AT + timedelta(seconds=30)
SLOT = Slot("main", "model", "classic", 1345)

# The drawing, arrow by arrow, written down a second time.
ARROWS = {
    ("submit", "intended", "sent"),
    ("submit", "intended", "refused"),
    ("submit", "sent", "confirmed"),
    ("submit", "sent", "refused"),
    ("submit", "sent", "unknown"),
    ("submit", "unknown", "confirmed"),
    ("submit", "unknown", "held"),
    ("submit", "unknown", "intended"),
    ("submit", "unknown", "refused"),
    ("submit", "held", "confirmed"),
    ("submit", "held", "refused"),
    ("stake", "intended", "sent"),
    ("stake", "intended", "refused"),
    ("stake", "sent", "confirmed"),
    ("stake", "sent", "refused"),
    ("stake", "sent", "unknown"),
    ("stake", "unknown", "confirmed"),
    ("stake", "unknown", "held"),
    ("stake", "held", "confirmed"),
    ("stake", "held", "refused"),
}
ARROWS |= {(kind, *arrow) for kind in ("claim", "order") for like, *arrow in ARROWS if like == "stake"}
ARROWS |= {("webhook", *arrow) for like, *arrow in ARROWS if like == "submit"}


def effect(payload: str = "a" * 64, kind: EffectKind = EffectKind.SUBMIT, supersedes: str = "") -> Effect:
    return Effect(kind, SLOT, payload, supersedes)


def test_the_table_is_the_drawing() -> None:
    found = {
        (str(kind), str(phase), str(following))
        for kind, phase, following in product(EffectKind, Phase, Phase)
        if allowed(kind, phase, following)
    }
    assert found == ARROWS


def test_money_that_may_have_moved_is_never_sent_again() -> None:
    reached, news = {"sent"}, {"sent"}
    while news:
        news = {after for kind, phase, after in ARROWS if kind == "stake" and phase in news} - reached
        reached |= news
    assert "intended" not in reached


def test_an_effect_is_remembered_with_all_its_facts(ledger: Ledger) -> None:
    submit = effect()
    intended = ledger.intend(submit, {"filename": "model-1345.csv", "try": 0}, AT)
    assert (intended.phase, intended.attempts, intended.deadline) == (Phase.INTENDED, 0, None)
    sent = ledger.advance(submit.key, Phase.SENT, {"try": 1}, AT, deadline=DEADLINE)
    assert (sent.phase, sent.attempts, sent.deadline) == (Phase.SENT, 1, DEADLINE)
    later = AT + timedelta(minutes=1)
    done = ledger.advance(submit.key, Phase.CONFIRMED, {"id": "s-1"}, later)
    assert done == ledger.effect(submit.key) and done.effect == submit and done.key == submit.key
    assert done.facts == {"filename": "model-1345.csv", "try": 1, "id": "s-1"}
    assert (done.intended_at, done.changed_at, done.deadline) == (AT, later, DEADLINE)
    story = [(event.kind, event.subject, event.facts["facts"]) for event in ledger.events()]
    assert story == [
        ("effect.intended", SLOT.key, {"filename": "model-1345.csv", "try": 0}),
        ("effect.sent", SLOT.key, {"try": 1}),
        ("effect.confirmed", SLOT.key, {"id": "s-1"}),
    ]
    assert ledger.effect("nothing") is None


def test_intending_again_changes_nothing_and_another_payload_is_refused(ledger: Ledger) -> None:
    submit = effect()
    ledger.intend(submit, {}, AT)
    ledger.advance(submit.key, Phase.SENT, {}, AT, deadline=DEADLINE)
    assert ledger.intend(submit, {"other": "facts"}, AT).phase is Phase.SENT
    with pytest.raises(Broken) as caught:
        ledger.intend(effect("b" * 64), {}, AT)
    assert caught.value.code == "effect-payload-changed" and SLOT.key in caught.value.sentence
    assert ledger.head()[0] == 2
    assert ledger.effect(submit.key).effect.payload == "a" * 64  # type: ignore[union-attr]


def test_sending_needs_a_deadline_and_an_intention(ledger: Ledger) -> None:
    with pytest.raises(Broken) as unknown:
        ledger.advance(effect().key, Phase.SENT, {}, AT, deadline=DEADLINE)
    assert unknown.value.code == "effect-unknown"
    ledger.intend(effect(), {}, AT)
    with pytest.raises(Broken) as missing:
        ledger.advance(effect().key, Phase.SENT, {}, AT)
    assert missing.value.code == "sent-without-deadline"
    assert ledger.effect(effect().key).phase is Phase.INTENDED  # type: ignore[union-attr]


def test_a_person_replaces_with_a_new_key(ledger: Ledger) -> None:
    former = effect()
    replacement = effect("b" * 64, supersedes=former.key)
    with pytest.raises(Broken) as unknown:
        ledger.intend(replacement, {}, AT)
    assert unknown.value.code == "superseded-unknown"
    ledger.intend(former, {}, AT)
    ledger.advance(former.key, Phase.SENT, {}, AT, deadline=DEADLINE)
    with pytest.raises(Broken) as running:
        ledger.intend(replacement, {}, AT)
    assert running.value.code == "superseded-open"
    ledger.advance(former.key, Phase.UNKNOWN, {}, AT)
    ledger.advance(former.key, Phase.HELD, {}, AT)
    assert [record.key for record in ledger.open_effects()] == [former.key]
    ledger.intend(replacement, {}, AT)
    assert [record.key for record in ledger.open_effects()] == [replacement.key]
    with pytest.raises(Broken) as stake:
        ledger.intend(effect("c" * 64, EffectKind.STAKE, former.key), {}, AT)
    assert stake.value.code == "superseded-unknown"
    with pytest.raises(Broken) as second:
        ledger.intend(effect("c" * 64, supersedes=former.key), {}, AT)
    assert second.value.code == "effect-payload-changed"


def test_a_start_finds_every_open_effect_oldest_first(ledger: Ledger) -> None:
    wanted = []
    for number, last in enumerate(
        [Phase.INTENDED, Phase.SENT, Phase.UNKNOWN, Phase.HELD, Phase.CONFIRMED, Phase.REFUSED]
    ):
        one = Effect(EffectKind.SUBMIT, Slot("main", "model", "classic", number), "a" * 64)
        ledger.intend(one, {}, AT - timedelta(minutes=number))
        way = {
            Phase.INTENDED: [],
            Phase.SENT: [Phase.SENT],
            Phase.UNKNOWN: [Phase.SENT, Phase.UNKNOWN],
            Phase.HELD: [Phase.SENT, Phase.UNKNOWN, Phase.HELD],
            Phase.CONFIRMED: [Phase.SENT, Phase.CONFIRMED],
            Phase.REFUSED: [Phase.REFUSED],
        }[last]
        for phase in way:
            ledger.advance(one.key, phase, {}, AT, deadline=DEADLINE)
        if last not in (Phase.CONFIRMED, Phase.REFUSED):
            wanted.insert(0, one.key)
    assert [record.key for record in ledger.open_effects()] == wanted


def test_of_two_senders_one_wins(ledger: Ledger) -> None:
    submit = effect()
    ledger.intend(submit, {}, AT)
    ends: list[str] = []

    def send() -> None:
        try:
            ledger.advance(submit.key, Phase.SENT, {}, AT, deadline=DEADLINE)
            ends.append("sent")
        except Broken as error:
            ends.append(error.code)

    senders = [Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(ends) == ["effect-phase"] * 5 + ["sent"]
    assert ledger.effect(submit.key).attempts == 1 and ledger.verify_chain() == 2  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger.open(Path(tmp_path_factory.mktemp("effects")) / "ledger.sqlite")


_rounds = count(1)


@settings(max_examples=25, deadline=None)
@given(kind=st.sampled_from(EffectKind), wishes=st.lists(st.sampled_from(Phase), max_size=8))
def test_any_sequence_of_wishes_keeps_to_the_arrows(lasting: Ledger, kind: EffectKind, wishes: list[Phase]) -> None:
    one = Effect(kind, Slot("main", "model", "classic", next(_rounds)), "a" * 64)
    lasting.intend(one, {}, AT)
    phase, story, attempts = "intended", ["effect.intended"], 0
    for wish in wishes:
        try:
            record = lasting.advance(one.key, wish, {}, AT, deadline=DEADLINE)
        except Broken as error:
            assert error.code == "effect-phase" and (str(kind), phase, str(wish)) not in ARROWS
            continue
        assert (str(kind), phase, str(wish)) in ARROWS
        phase, attempts = str(wish), attempts + (wish is Phase.SENT)
        story.append(f"effect.{wish}")
        assert (record.phase, record.attempts) == (wish, attempts)
    assert [event.kind for event in lasting.events(subject=one.slot.key)] == story
    # no second sending without a read-back in between
    sendings = "".join(kind[7] for kind in story).split("s")
    assert all("u" in between for between in sendings[1:-1])
