"""Payout policies as rows, and which row a round falls under. A new rule costs one row.

What the round's own `roundScoreConfigs` tell wins over the rows, field by field. A row whose `unknown` names a fact
holds None there: the arithmetic refuses to use it until a caller supplies the figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from eraforge.core.errors import Held, UserError
from eraforge.core.words import ChurnPenalty, PayoutPolicy, Round, ScoreConfig

OFFICIAL = "official documentation, April to June 2026"
RETOLD = "two independent copies of the documentation of August 2026"
SETTLED = "checked against 60,212 settled payouts of rounds 225 to 260"

CLASSIC_POLICIES = (
    PayoutPolicy(
        name="Classic CORR and MMC, multipliers chosen per model",
        first_round=225,
        weights={"corr": None, "mmc": None},
        cap=Decimal("0.25"),
        factor=None,
        staking="continuous",
        score_days=20,
        first_date="2020-08-15",
        stake_threshold=Decimal(300000),
        live_rounds=4,
        per_model=("corr", "mmc"),
        source=SETTLED,
    ),
    PayoutPolicy(
        name="Classic between mid 2021 and 2024",
        first_round=261,
        weights={},
        cap=None,
        factor=None,
        staking="continuous",
        score_days=20,
        unknown=("weights", "cap", "the rounds at which they changed"),
    ),
    PayoutPolicy(
        name="Classic in the first year of MMC",
        first_round=650,
        weights={"v2_corr20": None, "mmc": None},
        cap=Decimal("0.05"),
        factor=None,
        staking="continuous",
        score_days=20,
        unknown=("weight of v2_corr20", "weight of mmc"),
        first_date="2024-01-02",
        live_rounds=24,
        source="the change to 0.5 and 2 is dated no closer than 'later in 2024'",
    ),
    PayoutPolicy(
        name="Classic CORR20 and MMC on Cyrus",
        first_round=911,
        weights={"v2_corr20": Decimal("0.5"), "mmc": Decimal(2)},
        cap=Decimal("0.05"),
        factor=None,
        staking="continuous",
        score_days=20,
        first_date="2025-01-01",
        stake_threshold=Decimal(72000),
        live_rounds=24,
        source=OFFICIAL,
    ),
    PayoutPolicy(
        name="Classic CORR20 and MMC20, continuous stake",
        first_round=1172,
        weights={"v2_corr20": Decimal("0.75"), "mmc": Decimal("2.25")},
        cap=Decimal("0.05"),
        factor=None,
        staking="continuous",
        score_days=20,
        first_date="2026-01-01",
        stake_threshold=Decimal(72000),
        live_rounds=24,
        source=OFFICIAL,
    ),
    PayoutPolicy(
        name="Classic CORR60 and MMC60, per-round stake",
        first_round=1343,
        weights={"corr60": Decimal(3), "mmc60": Decimal(15)},
        cap=Decimal(1),
        factor=Decimal(1),
        staking="per_round",
        score_days=60,
        first_date="2026-08-28",
        live_rounds=64,
        source=RETOLD,
    ),
)

SIGNALS_POLICIES = (
    PayoutPolicy(
        name="Signals alpha and MPC, continuous stake",
        first_round=1085,
        weights={"alpha": Decimal("0.3"), "mpc": Decimal("0.8")},
        cap=Decimal("0.017"),
        factor=None,
        staking="continuous",
        score_days=60,
        first_date="2025-09-02",
        stake_threshold=Decimal(36000),
        live_rounds=64,
        source=OFFICIAL,
    ),
    PayoutPolicy(
        name="Signals neutral CORR and neutral MMC, with a churn penalty",
        first_round=1363,
        weights={"neutral_corr": None, "neutral_mmc": None},
        cap=None,
        factor=None,
        staking=None,
        score_days=0,
        unknown=("weight of neutral_corr", "weight of neutral_mmc", "cap", "factor", "staking", "score_days"),
        first_date="2026-09-25",
        churn_penalty=ChurnPenalty(Decimal("0.1"), Decimal(10)),
        source="the penalty is in the published scoring package; sources conflict on the weights (2 and 4, 0.5 and 2)",
    ),
)

CRYPTO_POLICIES = (
    PayoutPolicy(
        name="Crypto MMC, continuous stake",
        first_round=None,
        weights={"mmc": None},
        cap=Decimal("0.05"),
        factor=None,
        staking="continuous",
        score_days=20,
        unknown=("weight of mmc", "first_round"),
        first_date="2025-11-12",
        stake_threshold=Decimal(10000),
        live_rounds=24,
        source=OFFICIAL,
    ),
    PayoutPolicy(
        name="Crypto on the days of its change of staking",
        first_round=None,
        weights={},
        cap=None,
        factor=None,
        staking=None,
        score_days=20,
        unknown=("weights", "cap", "factor", "staking", "first_round"),
        first_date="2026-06-16",
        source="sources date the change to 16 or to 18 June 2026",
    ),
    PayoutPolicy(
        name="Crypto CORR and MMC, per-round stake",
        first_round=None,
        weights={"corr": Decimal("0.1"), "mmc": Decimal(1)},
        cap=Decimal(1),
        factor=Decimal(1),
        staking="per_round",
        score_days=20,
        unknown=("first_round",),
        first_date="2026-06-18",
        live_rounds=24,
        source=OFFICIAL,
    ),
)


def row_of(policies: Sequence[PayoutPolicy], number: int | None, opens: date | None) -> PayoutPolicy:
    """The row a round falls under: by its number where the rows are numbered, by its opening day otherwise.

    Raises:
        UserError: `payout-policy-needs-date`, `payout-policy-before-first`.
    """
    found: PayoutPolicy | None = None
    for row in policies:
        if row.first_round is not None and number is not None:
            begun = row.first_round <= number
        elif row.first_date and opens is not None:
            begun = date.fromisoformat(row.first_date) <= opens
        else:
            raise UserError(
                "payout-policy-needs-date",
                f"The policy {row.name!r} starts on a day whose round number is not known.",
                "Give the day on which the round opens.",
            )
        if begun:
            found = row
    if found is None:
        raise UserError(
            "payout-policy-before-first",
            f"Round {number} opened before the first payout policy that is known here.",
            "Ask for a later round, or supply a policy of your own.",
        )
    return found


def policy_for(policies: Sequence[PayoutPolicy], round_: Round) -> PayoutPolicy:
    """The payout policy of a round: what its `roundScoreConfigs` tell, and the table where they are silent.

    Raises:
        UserError: as `row_of`.
        Held: `payout-configs-disagree` when the paying scores of a round tell different caps, factors or lengths.
    """
    row = row_of(policies, round_.number, round_.opens.date())
    paying = [config for config in round_.score_configs if config.is_payout]
    return _told(row, round_.number, paying) if paying else row


def _told(row: PayoutPolicy, number: int, paying: Sequence[ScoreConfig]) -> PayoutPolicy:
    caps = {config.clip for config in paying if config.clip is not None}
    factors = {config.payout_factor for config in paying if config.payout_factor is not None}
    days = {config.total_score_days for config in paying}
    if max(len(caps), len(factors), len(days)) > 1:
        raise Held(
            "payout-configs-disagree",
            f"The paying scores of round {number} do not agree on cap, factor or days.",
            "Look at the round's score configurations and decide which rule to use.",
        )
    weights = {config.display_name: config.multiplier for config in paying}
    told = replace(
        row,
        name=f"as round {number} itself tells",
        weights=weights,
        cap=caps.pop() if caps else row.cap,
        factor=factors.pop() if factors else row.factor,
        score_days=days.pop(),
        per_model=(),
        source="the round's own score configurations",
    )
    still = _still_unknown(told)
    return replace(told, unknown=tuple(name for name in row.unknown if name in still))


def _still_unknown(policy: PayoutPolicy) -> set[str]:
    open_facts = {"first_round"} if policy.first_round is None else set()
    open_facts |= {name for name in ("cap", "factor", "staking") if getattr(policy, name) is None}
    return open_facts
