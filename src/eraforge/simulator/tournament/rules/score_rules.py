"""Which scores a round of each tournament has, and how each is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from eraforge.core.errors import UserError


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """One score of a round: what the API calls it, and how it is computed.

    Args:
        display_name, name, version: its identity on the API.
        kernel: `corr`, `mmc`, `bmc` (MMC against the benchmarks), `meta` (correlation with the meta model), or, where
            the world has neutralisers and weights, `alpha`, `mpc`, `neutral_corr`, `neutral_mmc`.
        target: the target it scores against.
        days: daily scores until it is final.
    """

    display_name: str
    name: str
    version: str
    kernel: str
    target: str
    days: int


@dataclass(frozen=True)
class Rulebook:
    """The scores of a tournament, by display name.

    Args:
        label: the tournament's name on the API; `identifier` is its UUID there.
        rules: one row a score.
        plain_meta_model: the meta model is the plain mean of those who stake 1 NMR or more, not stake-weighted.
        dated: submissions may carry a date column and `data_type`, which are left out.
        qualifying_stake: NMR that an account needs at risk in a round for it to count in a season.
    """

    label: str
    identifier: str
    rules: tuple[ScoreRule, ...]
    plain_meta_model: bool = False
    dated: bool = False
    qualifying_stake: Decimal = Decimal(1)

    @cached_property
    def days(self) -> int:
        """Daily scores until a round resolves."""
        return max(rule.days for rule in self.rules)

    def row(self, display_name: str) -> ScoreRule | None:
        """The rule of that display name."""
        return next((rule for rule in self.rules if rule.display_name == display_name), None)


# Names and versions of `neutral_corr`, `neutral_mmc` and `corr60` are not published; those here are made up.
RULEBOOKS: Mapping[int, Rulebook] = {
    8: Rulebook(
        "numerai",
        "1a868e3e-1df7-45ca-91e0-34e315f5bee2",
        (
            ScoreRule("bmc", "benchmark_model_contribution", "2", "bmc", "target_ender_60", 60),
            ScoreRule("corr60", "correlation", "2", "corr", "target_ender_60", 60),
            ScoreRule("corr_w_meta_model", "correlation_with_meta_model", "1", "meta", "target_ender_60", 60),
            ScoreRule("mmc", "meta_model_contribution", "1", "mmc", "target_ender_20", 20),
            ScoreRule("mmc60", "meta_model_contribution", "2", "mmc", "target_ender_60", 60),
            ScoreRule("v2_corr20", "correlation", "1", "corr", "target_ender_20", 20),
        ),
    ),
    11: Rulebook(
        "signals",
        "1adb7bf1-f61a-4718-a73b-fd516e32a475",
        (
            ScoreRule("alpha", "alpha", "1", "alpha", "target_chili_60", 60),
            ScoreRule("corr_w_meta_model", "correlation_with_meta_model", "1", "meta", "target_chili_60", 60),
            ScoreRule("mpc", "meta_portfolio_contribution", "1", "mpc", "target_chili_60", 60),
            ScoreRule("neutral_corr", "neutral_correlation", "1", "neutral_corr", "target_chili_60", 60),
            ScoreRule("neutral_mmc", "neutral_contribution", "1", "neutral_mmc", "target_chili_60", 60),
        ),
        dated=True,
    ),
    12: Rulebook(
        "crypto",
        "31fec939-52ec-4558-ab44-678dd2822b15",
        (
            ScoreRule("corr", "correlation", "1", "corr", "target_binned_return_20", 20),
            ScoreRule("corr_w_meta_model", "correlation_with_meta_model", "1", "meta", "target_binned_return_20", 20),
            ScoreRule("mmc", "meta_model_contribution", "1", "mmc", "target_binned_return_20", 20),
        ),
        plain_meta_model=True,
        qualifying_stake=Decimal("0.1"),
    ),
}


def rulebook(tournament: int) -> Rulebook:
    """The scores of that tournament.

    Raises:
        UserError: `no-score-rules`.
    """
    if tournament not in RULEBOOKS:
        raise UserError(
            "no-score-rules", f"There are no score rules for tournament {tournament}.", "Add a row to RULEBOOKS."
        )
    return RULEBOOKS[tournament]
