"""One round's payout: worked examples, the package's own penalty, and properties."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.arenas.policies import CLASSIC_POLICIES, CRYPTO_POLICIES, SIGNALS_POLICIES
from eraforge.core.errors import Held, UserError
from eraforge.portfolio.amounts import amount, nmr, stake_amount, text
from eraforge.portfolio.payouts import churn_factor, per_round_stake, settle, supplied

NOW = CLASSIC_POLICIES[-1]
LEGACY = CLASSIC_POLICIES[-2]
SIGNALS = SIGNALS_POLICIES[-1]
SCORES = st.decimals(min_value=-1, max_value=1, places=6)
STAKES = st.decimals(min_value=0, max_value=100000, places=18)


def test_amounts_are_read_as_the_tournament_writes_them() -> None:
    assert amount("0E-18") == 0
    assert nmr("5.746875150000000000") == Decimal("5.74687515")
    assert text(Decimal("0E-18")) == "0.000000000000000000"
    assert text(Decimal("-0.0000000000000000001")) == "0.000000000000000000"
    assert text(Decimal("1E+3")) == "1000.000000000000000000"


@pytest.mark.parametrize("wrong", [1.5, True, "NaN", "inf", "twelve", ""])
def test_inexact_or_unreadable_amounts_are_refused(wrong: object) -> None:
    with pytest.raises(UserError):
        amount(wrong)  # type: ignore[arg-type]


def test_a_negative_stake_is_refused() -> None:
    with pytest.raises(UserError, match="less than nothing"):
        stake_amount("-1")


def test_the_rule_of_now_by_hand() -> None:
    done = settle(NOW, "100", {"corr60": "0.02", "mmc60": "0.004"})
    assert done.score == Decimal("0.12")
    assert (done.payout, done.burn, done.claimable) == (Decimal(12), Decimal(0), Decimal(112))
    lost = settle(NOW, "100", {"corr60": "-0.2", "mmc60": "-0.1"})
    assert (lost.rate, lost.burn, lost.claimable) == (Decimal(-1), Decimal(100), Decimal(0))


def test_the_factor_of_a_legacy_round_comes_from_the_round_or_from_what_is_at_risk() -> None:
    scores = {"v2_corr20": "0.02", "mmc": "0.01"}
    with pytest.raises(Held, match="factor"):
        settle(LEGACY, 10, scores)
    told = settle(supplied(LEGACY, factor="0.5"), 10, scores)
    reckoned = settle(supplied(LEGACY, at_risk="144000"), 10, scores)
    assert told.payout == reckoned.payout == Decimal("0.1875")
    assert settle(supplied(LEGACY, at_risk="10"), 10, scores).payout == Decimal("0.375")


def test_what_no_source_settles_is_refused_by_name_until_supplied() -> None:
    scores = {"neutral_corr": "0.02", "neutral_mmc": "0.01"}
    with pytest.raises(Held) as caught:
        settle(SIGNALS, 10, scores, churn="0.05")
    for name in ("weight of neutral_corr", "weight of neutral_mmc", "factor", "cap"):
        assert name in caught.value.sentence
    whole = supplied(SIGNALS, weights={"neutral_corr": 2, "neutral_mmc": 4}, factor=1, cap="0.05")
    assert settle(whole, 10, scores, churn="0.05").payout == Decimal("0.5")
    with pytest.raises(Held, match="churn"):
        settle(whole, 10, scores)
    with pytest.raises(Held, match="overlapping"):
        per_round_stake(SIGNALS, 10)


def test_a_known_figure_cannot_be_overruled_in_passing() -> None:
    with pytest.raises(UserError, match="is 1, not 2"):
        supplied(NOW, factor=2)


def test_a_missing_score_is_named() -> None:
    with pytest.raises(UserError, match="mmc60"):
        settle(NOW, 1, {"corr60": "0.1"})


def test_stake_per_round() -> None:
    assert per_round_stake(NOW, "64") == 1
    assert per_round_stake(CRYPTO_POLICIES[-1], "12") == Decimal("0.5")


@pytest.mark.parametrize("churn", ["0", "0.1", "0.11", "0.125", "0.15", "0.2", "0.3", "0.5", "1"])
def test_the_churn_penalty_is_the_published_one(churn: str) -> None:
    tools = pytest.importorskip("numerai_tools.signals")
    expected = tools.neutral_churn_penalty(float(churn))
    assert float(churn_factor(SIGNALS.churn_penalty, churn)) == pytest.approx(expected, rel=1e-12)


def test_the_penalty_spares_burns() -> None:
    whole = supplied(SIGNALS, weights={"neutral_corr": 1, "neutral_mmc": 1}, factor=1, cap="0.5")
    lost = settle(whole, 10, {"neutral_corr": "-0.1", "neutral_mmc": 0}, churn="0.9")
    assert lost.burn == Decimal(1)


@given(stake=STAKES, corr=SCORES, mmc=SCORES, factor=st.decimals(min_value=0, max_value=1, places=6))
@settings(max_examples=150, deadline=None)
def test_a_payout_stays_within_the_cap_and_nothing_is_lost(
    stake: Decimal, corr: Decimal, mmc: Decimal, factor: Decimal
) -> None:
    done = settle(supplied(LEGACY, factor=factor), stake, {"v2_corr20": corr, "mmc": mmc})
    assert abs(done.change) <= nmr(done.stake * Decimal("0.05"))
    assert done.payout * done.burn == 0
    assert done.claimable == done.stake + done.change >= 0


@given(stake=STAKES, low=SCORES, high=SCORES, mmc=SCORES)
@settings(max_examples=150, deadline=None)
def test_a_better_score_never_pays_less(stake: Decimal, low: Decimal, high: Decimal, mmc: Decimal) -> None:
    low, high = sorted((low, high))
    worse = settle(NOW, stake, {"corr60": low, "mmc60": mmc})
    better = settle(NOW, stake, {"corr60": high, "mmc60": mmc})
    assert better.change >= worse.change


@given(stake=STAKES, more=STAKES, corr=SCORES)
@settings(max_examples=100, deadline=None)
def test_a_larger_stake_moves_at_least_as_much(stake: Decimal, more: Decimal, corr: Decimal) -> None:
    scores = {"corr60": corr, "mmc60": Decimal(0)}
    assert abs(settle(NOW, stake + more, scores).change) >= abs(settle(NOW, stake, scores).change)
