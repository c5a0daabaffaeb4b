"""Two models on the same eras."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.core.errors import DataError
from eraforge.core.panel import Sample
from eraforge.evaluation.comparison import compare
from eraforge.evaluation.uncertainty import WEEKLY_20, Overlap


def _models(gap: float, eras: int, seed: int = 0) -> tuple[dict[str, float], dict[str, float]]:
    generator = np.random.default_rng(seed)
    labels = [f"{number:04d}" for number in range(1, eras + 1)]
    shared = 0.03 * np.convolve(generator.standard_normal(eras + 3), np.ones(4) / 2, "valid")
    own = 0.01 * np.convolve(generator.standard_normal(eras + 3), np.ones(4) / 2, "valid")
    return (
        dict(zip(labels, (shared + own + gap).tolist(), strict=True)),
        dict(zip(labels, shared.tolist(), strict=True)),
    )


def test_a_clear_difference_is_told_apart_though_each_series_is_noisy() -> None:
    better, worse = _models(0.01, 200)
    found = compare(better, worse, WEEKLY_20, Sample.VALIDATION)
    assert found.distinguishable
    assert found.more == 0
    assert found.sentence.endswith("200 eras of the validation sample: distinguishable")
    assert compare(worse, better, WEEKLY_20, Sample.VALIDATION).difference.mean == -found.difference.mean


def test_a_small_difference_says_how_many_more_eras_would_tell() -> None:
    better, worse = _models(0.002, 60, seed=3)
    found = compare(better, worse, WEEKLY_20, Sample.LIVE, score="MMC", unit="rounds")
    assert not found.distinguishable
    assert found.more is not None
    assert f"about {found.more} more rounds would tell" in found.sentence
    assert "MMC, 90% interval" in found.sentence


def test_the_number_of_further_eras_is_about_right() -> None:
    """Were the difference to stay, that many more eras would make most such comparisons tell."""
    better, worse = _models(0.002, 60, seed=3)
    more = compare(better, worse, WEEKLY_20, Sample.TEST).more
    assert more is not None
    gap = compare(better, worse, WEEKLY_20, Sample.TEST).difference.mean
    told = [compare(*_models(gap, 60 + more, seed), WEEKLY_20, Sample.TEST).distinguishable for seed in range(200)]
    assert 0.35 < np.mean(told) < 0.85


def test_no_difference_at_all_needs_more_than_anyone_has() -> None:
    same, _ = _models(0, 50)
    wobble = {era: value + (0.01 if int(era) % 2 else -0.01) for era, value in same.items()}
    found = compare(wobble, same, Overlap(5, 5), Sample.TEST)
    assert found.more is None
    assert "no foreseeable number of eras" in found.sentence


def test_only_eras_with_both_scores_count() -> None:
    better, worse = _models(0.01, 40)
    worse.pop("0003")
    better["0004"] = float("nan")
    assert compare(better, worse, WEEKLY_20, Sample.TEST).difference.count == 38
    with pytest.raises(DataError, match="no scored era in common"):
        compare({"0001": 0.1}, {"0002": 0.1}, WEEKLY_20, Sample.TEST)
