"""Which payout policy a round falls under."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.policies import CLASSIC_POLICIES, CRYPTO_POLICIES, SIGNALS_POLICIES, policy_for, row_of
from eraforge.core.calendar import open_day
from eraforge.core.errors import Held, UserError
from eraforge.core.words import PayoutPolicy, Round, ScoreConfig

ALL = (CLASSIC_POLICIES, SIGNALS_POLICIES, CRYPTO_POLICIES)


def _round(number: int, opens: str = "", configs: tuple[ScoreConfig, ...] = ()) -> Round:
    day = datetime.fromisoformat(opens).date() if opens else open_day(CLASSIC.calendar, number)
    moment = datetime.combine(day, time(12), UTC)
    return Round("any", number, moment, moment.replace(hour=13), score_configs=configs)


def _config(name: str, weight: str, clip: str | None = "1", factor: str | None = "1") -> ScoreConfig:
    return ScoreConfig(
        name,
        "1",
        name,
        True,
        Decimal(weight),
        None if clip is None else Decimal(clip),
        None if factor is None else Decimal(factor),
        60,
    )


@pytest.mark.parametrize(
    ("number", "weights", "cap"),
    [
        (1085, {"v2_corr20": "0.5", "mmc": "2"}, "0.05"),
        (1171, {"v2_corr20": "0.5", "mmc": "2"}, "0.05"),
        (1172, {"v2_corr20": "0.75", "mmc": "2.25"}, "0.05"),
        (1342, {"v2_corr20": "0.75", "mmc": "2.25"}, "0.05"),
        (1343, {"corr60": "3", "mmc60": "15"}, "1"),
        (1403, {"corr60": "3", "mmc60": "15"}, "1"),
    ],
)
def test_classic_by_round_number(number: int, weights: dict[str, str], cap: str) -> None:
    policy = policy_for(CLASSIC.policies, _round(number))
    assert policy.weights == {name: Decimal(weight) for name, weight in weights.items()}
    assert policy.cap == Decimal(cap)


def test_dates_and_numbers_of_the_rows_agree_with_the_calendar() -> None:
    for rows in (CLASSIC_POLICIES, SIGNALS_POLICIES):
        for row in rows:
            if row.first_date and row.first_round is not None and row.first_round >= 650:
                assert open_day(CLASSIC.calendar, row.first_round).isoformat() == row.first_date


def test_rows_stand_in_time_order_and_name_what_they_do_not_hold() -> None:
    for rows in ALL:
        dates = [row.first_date for row in rows if row.first_date]
        assert dates == sorted(dates)
        for row in rows:
            _names_its_gaps(row)


def _names_its_gaps(row: PayoutPolicy) -> None:
    for name in ("cap", "staking"):
        assert (getattr(row, name) is None) == (name in row.unknown)
    for score, weight in row.weights.items():
        assert (weight is None) == (f"weight of {score}" in row.unknown or score in row.per_model)
    assert bool(row.weights) != ("weights" in row.unknown)


def test_signals_before_and_after_its_change() -> None:
    assert policy_for(SIGNALS_POLICIES, _round(1362)).cap == Decimal("0.017")
    after = policy_for(SIGNALS_POLICIES, _round(1363))
    assert after.cap is None
    assert "weight of neutral_mmc" in after.unknown


def test_crypto_goes_by_the_day_because_its_numbering_is_not_known() -> None:
    assert policy_for(CRYPTO_POLICIES, _round(5, "2026-06-13")).staking == "continuous"
    assert policy_for(CRYPTO_POLICIES, _round(5, "2026-06-16")).staking is None
    assert policy_for(CRYPTO_POLICIES, _round(5, "2026-06-18")).weights == {"corr": Decimal("0.1"), "mmc": Decimal(1)}
    with pytest.raises(UserError, match="round number is not known"):
        row_of(CRYPTO_POLICIES, 1300, None)


def test_a_round_before_all_policies_is_refused() -> None:
    with pytest.raises(UserError, match="before the first payout policy"):
        row_of(CLASSIC_POLICIES, 200, None)


def test_what_the_round_tells_wins_over_the_table() -> None:
    told = policy_for(CLASSIC.policies, _round(1343, configs=(_config("corr60", "3"), _config("mmc60", "9"))))
    assert told.weights == {"corr60": Decimal(3), "mmc60": Decimal(9)}
    assert "1343" in told.name
    assert told.staking == "per_round"


def test_the_table_fills_what_the_round_leaves_out() -> None:
    silent = tuple(_config(name, weight, None, None) for name, weight in (("corr60", "3"), ("mmc60", "15")))
    told = policy_for(CLASSIC.policies, _round(1350, configs=silent))
    assert (told.cap, told.factor) == (Decimal(1), Decimal(1))


def test_a_round_that_tells_its_weights_settles_what_the_table_does_not_know() -> None:
    pair = (_config("neutral_corr", "2", "0.05"), _config("neutral_mmc", "4", "0.05"))
    told = policy_for(SIGNALS_POLICIES, _round(1370, configs=pair))
    assert told.unknown == ("staking",)
    assert told.churn_penalty is not None


def test_scores_that_do_not_pay_are_left_out_and_disagreement_is_held() -> None:
    extra = replace(_config("bmc", "0"), is_payout=False)
    told = policy_for(CLASSIC.policies, _round(1343, configs=(_config("corr60", "3"), extra)))
    assert list(told.weights) == ["corr60"]
    with pytest.raises(Held, match="do not agree"):
        policy_for(CLASSIC.policies, _round(1343, configs=(_config("corr60", "3"), _config("mmc60", "15", "0.05"))))
