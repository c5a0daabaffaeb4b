"""Regimes part eras as told, and a score that lives in one regime only is told apart."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from eraforge.core.errors import DataError
from eraforge.core.panel import Sample
from eraforge.evaluation.study.regimes import TERCILES, by_difficulty, by_year, regime_scores
from eraforge.evaluation.uncertainty import Overlap

OVERLAP = Overlap(20, 5.0)


def test_a_score_of_one_year_only_is_told_apart() -> None:
    random = np.random.default_rng(7)
    eras = [f"{number:04d}" for number in range(120)]
    dates = {era: date(2024 + int(era) // 60, 1 + int(era) % 12, 1 + int(era) % 28) for era in eras}
    scores = {era: (0.05 if int(era) < 60 else 0.0) + 0.01 * random.standard_normal() for era in eras}
    first, second = regime_scores("year", scores, by_year(dates), OVERLAP, Sample.VALIDATION)
    assert (first.regime, first.eras, second.regime) == ("2024", 60, "2025")
    assert first.low is not None and first.low > 0.03 and second.low is not None and second.low < 0 < second.high  # type: ignore[operator]
    assert first.positive > 0.99 and first.sample is Sample.VALIDATION


def test_terciles_follow_what_others_scored() -> None:
    others = {f"{number:04d}": float(number) for number in range(9)}
    regimes = by_difficulty(dict(sorted(others.items(), reverse=True)))
    assert [regimes[f"{number:04d}"] for number in range(9)] == [name for name in TERCILES for _ in range(3)]
    with pytest.raises(DataError):
        by_difficulty({"1": 0.0, "2": 1.0})


def test_few_eras_have_a_mean_and_no_invented_interval() -> None:
    (row,) = regime_scores("year", {"1": 0.1, "2": 0.3}, {"1": "2024", "2": "2024"}, OVERLAP, Sample.VALIDATION)
    assert row.mean == pytest.approx(0.2) and row.low is None and row.high is None
