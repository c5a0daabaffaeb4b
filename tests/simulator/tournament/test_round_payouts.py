"""Payouts follow the published formula to the last digit, and their parts add up."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.policies import CLASSIC_POLICIES
from eraforge.portfolio.payouts import settle
from eraforge.simulator.tournament.rounds import Rounds
from eraforge.simulator.tournament.rules.payouts import WEI, at_risk, split_payout

POLICY = Rounds(CLASSIC).policy(1343)
scores = st.floats(min_value=-1, max_value=1, allow_nan=False)
stakes = st.decimals(min_value=0, max_value=100_000, places=18)


@settings(deadline=None)
@given(stakes, scores, scores)
def test_the_parts_sum_to_the_clipped_payout(risk: Decimal, corr: float, mmc: float) -> None:
    parts = split_payout(risk, {"corr60": corr, "mmc60": mmc, "bmc": 0.5}, POLICY)
    assert parts.keys() == {"corr60", "mmc60"}
    payout = sum(parts.values())
    weighted = 3 * Decimal(repr(corr)) + 15 * Decimal(repr(mmc))
    expected = risk * max(min(weighted, Decimal(1)), Decimal(-1))
    assert abs(payout - expected) <= WEI / 2 + abs(expected) * Decimal("1e-26")
    assert abs(payout) <= risk
    assert payout == payout.quantize(WEI)


def test_what_is_paid_is_the_nearest_wei_as_in_the_real_tournament() -> None:
    """Real settled payouts of stakes of a few thousand wei are rounded to the nearest, not down."""

    def paid(wei: int, corr: float) -> Decimal:
        return sum(split_payout(wei * WEI, {"corr60": corr, "mmc60": 0.0}, POLICY).values(), Decimal(0)) / WEI

    assert [paid(1000, value) for value in (0.0002, 0.0005, 0.0007)] == [1, 2, 2]
    assert [paid(1000, value) for value in (-0.0002, -0.0005, -0.0007)] == [-1, -2, -2]
    assert [paid(1000, value) for value in (0.0001, 0.5)] == [0, 1000]


@settings(deadline=None)
@given(stakes, scores, scores)
def test_the_platforms_own_arithmetic_agrees_to_the_wei(risk: Decimal, corr: float, mmc: float) -> None:
    paid = sum(split_payout(risk, {"corr60": corr, "mmc60": mmc}, POLICY).values(), Decimal(0))
    own = settle(CLASSIC_POLICIES[-1], risk, {"corr60": Decimal(repr(corr)), "mmc60": Decimal(repr(mmc))})
    assert own.change == paid


def test_worked_examples() -> None:
    assert sum(split_payout(Decimal(2), {"corr60": 0.02, "mmc60": 0.01}, POLICY).values()) == Decimal("0.42")
    assert split_payout(Decimal(2), {"corr60": 0.02, "mmc60": 0.01}, POLICY)["mmc60"] == Decimal("0.30")
    assert sum(split_payout(Decimal(2), {"corr60": 0.02, "mmc60": -0.2}, POLICY).values()) == -2
    assert sum(split_payout(Decimal(2), {}, POLICY).values()) == 0
    assert at_risk(Decimal(128), POLICY) == 2
    assert at_risk(Decimal(1), POLICY) * 64 == 1
