from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from scipy.stats import rankdata

from eraforge.simulator.tournament.scoring import Member, RoundScores


def test_percentiles_are_the_mean_ranks_of_scipy_from_0_to_1_and_late_members_get_a_place_among_them() -> None:
    source = np.random.default_rng(2)
    scores = source.integers(0, 9, (3, 30)).astype(float)  # many ties
    scores[0, 4] = scores[2, :29] = np.nan
    on_time = np.arange(30) % 7 != 3
    opened = datetime(2026, 9, 1, tzinfo=UTC)
    members = tuple(Member(f"m{place}", "", opened, bool(here), Decimal(1)) for place, here in enumerate(on_time))
    found = RoundScores(1, members, days={5: scores}).percentiles(5)
    for row in range(3):
        ranked = on_time & ~np.isnan(scores[row])
        if ranked.any():
            expected = (rankdata(scores[row][ranked]) - 1) / max(ranked.sum() - 1, 1)
            np.testing.assert_allclose(found[row][ranked], expected, rtol=0, atol=1e-15)
        late = ~on_time & ~np.isnan(scores[row])
        assert np.allclose(found[row][late], [np.mean(scores[row][ranked] < one) for one in scores[row][late]])
    assert np.isnan(found[0, 4])
