"""The text that Prometheus reads, checked by its own grammar."""

from __future__ import annotations

import pytest
from daemon_desk import prometheus_samples
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.pipeline.daemon.service.exposition import Family, exposition


@settings(max_examples=50, deadline=None)
@given(
    st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=20),
    st.floats(allow_nan=False),
    st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20),
)
def test_any_label_and_any_number_come_back(label: str, value: float, text: str) -> None:
    page = exposition([Family("eraforge_a", "gauge", text).add(value, entry=label)])
    assert prometheus_samples(page) == {("eraforge_a", (("entry", label),)): value}


def test_a_summary_and_a_counter_read_as_documented() -> None:
    page = exposition(
        [
            Family("eraforge_stage_seconds", "summary", "t")
            .add(1.5, "_sum", stage="fit")
            .add(2, "_count", stage="fit"),
            Family("eraforge_b_total", "counter", "with \\ and\nnewline").add_each({"x": 1, "a": 2}, "by"),
            Family("eraforge_empty", "gauge", "nothing yet"),
        ]
    )
    assert page.splitlines() == [
        "# HELP eraforge_stage_seconds t",
        "# TYPE eraforge_stage_seconds summary",
        'eraforge_stage_seconds_sum{stage="fit"} 1.5',
        'eraforge_stage_seconds_count{stage="fit"} 2',
        "# HELP eraforge_b_total with \\\\ and\\nnewline",
        "# TYPE eraforge_b_total counter",
        'eraforge_b_total{by="a"} 2',
        'eraforge_b_total{by="x"} 1',
    ]
    assert len(prometheus_samples(page)) == 4


@pytest.mark.parametrize(
    "page",
    [
        "a 1",  # no newline at the end
        "eraforge_a 1\n",  # nothing says what it is
        "# TYPE eraforge_a gauge\neraforge_a 1\neraforge_a 2\n",  # the same series twice
        "# TYPE eraforge_a counter\neraforge_a 1\n",  # a counter not named _total
        '# TYPE eraforge_a gauge\neraforge_a{b="c} 1\n',
        "# TYPE eraforge_a gauge\neraforge_a one\n",
        "# TYPE eraforge_a gauge\n# TYPE eraforge_a gauge\n",
    ],
)
def test_the_check_itself_can_fail(page: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        prometheus_samples(page)
