"""A finding of the checks, and the limits past which something counts as one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for the entry."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a panel.

    Args:
        severity: whether it forbids using the panel.
        code: stable kebab-case name.
        sentence: what was found, to stand after "In the train panel".
        next_step: what to do now.
    """

    severity: Severity
    code: str
    sentence: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a check begins to complain. Shares are between 0 and 1.

    Args:
        universe_drop, universe_growth: change of the live universe against the previous one.
        smallest_era: rows an era must have.
        era_share: share of the neighbouring eras' median below which an era is odd; `neighbours` eras count.
        feature_missing, all_missing: missing share of one feature, and of all together.
        constant_share: share of the features that may be constant over the whole panel.
        low, high: range of the features.
        target_missing: missing share of the main target in eras whose label is long known.
    """

    universe_drop: float = 0.2
    universe_growth: float = 0.5
    smallest_era: int = 10
    era_share: float = 0.5
    neighbours: int = 9
    feature_missing: float = 0.5
    all_missing: float = 0.2
    constant_share: float = 0.05
    low: float = 0.0
    high: float = 4.0
    target_missing: float = 0.02
