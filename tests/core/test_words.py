"""The frozen values between the rooms: keys that never change and tell everything apart."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from datetime import UTC, datetime, timedelta
from itertools import combinations

import polars as pl
import pytest

from eraforge.core.digest import digest_value
from eraforge.core.errors import DataError
from eraforge.core.words import Effect, EffectKind, Phase, Predictions, Round, Slot

SLOT = Slot("main", "alpha", "classic", 1345)
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def frame(values: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"id": [f"n{place}" for place in range(len(values))], "prediction": values})


def test_a_slots_key_names_its_place() -> None:
    assert SLOT.key == "classic/main/alpha/1345"


def test_a_round_is_open_from_its_opening_until_just_before_its_close() -> None:
    window = Round("classic", 1345, NOON, NOON + timedelta(hours=1))
    tick = timedelta(microseconds=1)
    asked = [NOON - tick, NOON, NOON + timedelta(hours=1) - tick, NOON + timedelta(hours=1)]
    assert [window.is_open(moment) for moment in asked] == [False, True, True, False]


def test_effects_of_different_places_kinds_or_replacements_have_different_keys() -> None:
    submit = Effect(EffectKind.SUBMIT, SLOT, "payload")
    others = [
        dataclasses.replace(submit, kind=EffectKind.STAKE),
        dataclasses.replace(submit, supersedes=submit.key),
        *[
            dataclasses.replace(submit, slot=dataclasses.replace(SLOT, **{name: value}))
            for name, value in {"account": "other", "model": "beta", "arena": "signals", "round": 1346}.items()
        ],
        dataclasses.replace(submit, slot=Slot("alpha", "main", "classic", 1345)),
    ]
    assert all(one.key != other.key for one, other in combinations([submit, *others], 2))


def test_the_payload_does_not_name_an_effect() -> None:
    """Two answers to one slot are one effect: the second must not go out beside the first."""
    assert Effect(EffectKind.SUBMIT, SLOT, "one").key == Effect(EffectKind.SUBMIT, SLOT, "two").key


def test_the_key_of_an_effect_outlives_releases() -> None:
    """A ledger of an earlier release holds it: a change of this text would send everything once more."""
    text = '["main","alpha","classic",1345,"submit",""]'
    assert Effect(EffectKind.SUBMIT, SLOT, "").key == hashlib.sha256(text.encode()).hexdigest()


def test_phases_and_kinds_are_the_words_that_ledgers_hold() -> None:
    assert [str(phase) for phase in Phase] == ["intended", "sent", "unknown", "confirmed", "refused", "held"]
    assert [str(kind) for kind in EffectKind] == ["submit", "stake", "claim", "webhook", "order"]


@pytest.mark.parametrize("value", [SLOT, Effect(EffectKind.SUBMIT, SLOT, ""), Round("classic", 1, NOON, NOON)])
def test_values_are_frozen(value: object) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "columns",
    [["prediction", "id"], ["id"], ["id", "prediction", "era"], ["id", "value"]],
    ids=["order", "missing", "more", "other name"],
)
def test_predictions_of_other_columns_are_refused(columns: list[str]) -> None:
    wrong = pl.DataFrame({name: ["n1"] if name != "prediction" else [0.5] for name in columns})
    with pytest.raises(DataError) as caught:
        Predictions(SLOT, wrong)
    assert caught.value.code == "predictions-columns"


def test_a_submission_file_has_the_asked_header_and_every_digit() -> None:
    values = [0.1 + 0.2, 1 / 3, 1e-17, 0.5]
    data = Predictions(SLOT, frame(values)).csv("id", "signal")
    assert data.startswith(b"id,signal\nn0,0.30000000000000004\n")
    assert pl.read_csv(io.BytesIO(data))["signal"].to_list() == values


def test_equal_predictions_have_equal_bytes_and_one_digest() -> None:
    one, other = (Predictions(SLOT, frame([0.25, 0.75])) for _ in range(2))
    assert one.csv("id", "prediction") == other.csv("id", "prediction")
    assert one.digest == other.digest == hashlib.sha256(b"id,prediction\nn0,0.25\nn1,0.75\n").hexdigest()
    assert Predictions(SLOT, frame([0.25, 0.75000001])).digest != one.digest
    assert Predictions(SLOT, frame([0.25, 0.75]), "made up").digest == one.digest


def test_a_calendar_and_policies_can_be_named_by_a_digest() -> None:
    from eraforge.arenas.classic import CLASSIC

    assert digest_value(CLASSIC) == digest_value(dataclasses.replace(CLASSIC))
    assert digest_value(CLASSIC) != digest_value(dataclasses.replace(CLASSIC, label_lag=3))
