"""The laboratory as a whole: every registered feature by one call, labels by type, models, splitters, wrong objects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from eraforge.core import plugins
from eraforge.core.errors import DataError, UserError
from eraforge.evaluation.checks.practice_bars import practice_bars
from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.laboratory import DEPTHS, examine_all, examine_object, examine_registered
from eraforge.evaluation.leaks.panel_history import PanelHistory
from eraforge.evaluation.leaks.probes import SCRAMBLES
from eraforge.evaluation.splitters.combinatorial import CombinatorialPurged
from eraforge.evaluation.splitters.purged_k_fold import PurgedKFold
from eraforge.evaluation.splitters.walk_forward import WalkForward


def shifted(values: np.ndarray, steps: int) -> np.ndarray:
    out = np.full(values.shape, np.nan)
    if steps > 0:
        out[:, steps:] = values[:, :-steps]
    else:
        out[:, :steps] = values[:, -steps:]
    return out


@dataclass(frozen=True)
class Change:
    """Change over `span` bars, starting `start` bars away."""

    name: str = "change"
    span: int = 5
    lookback: int = 6
    lag: int = 0
    inputs: tuple[str, ...] = ("close",)
    unit: str = "ratio"
    source: str = "test"

    def compute(self, bars: Any) -> np.ndarray:
        return bars["close"] / shifted(bars["close"], self.span) - 1


@dataclass(frozen=True)
class Coming:
    """A label that says how far it looks, and looks `reach` further."""

    name: str = "coming"
    horizon: int = 20
    lag: int = 2
    reach: int = 0

    def compute(self, bars: Any) -> np.ndarray:
        end = shifted(bars["close"], -(self.horizon + self.lag + self.reach))
        return end / shifted(bars["close"], -self.lag) - 1


def test_every_registered_feature_is_examined_by_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    family = [Change("change 5"), Change("change 10", span=10, lookback=11), Change("peek", span=-1)]
    registered = {"family": family, "single": Change("single")}
    monkeypatch.setattr(plugins, "names", lambda kind: sorted(registered))
    monkeypatch.setattr(plugins, "find", lambda kind, name: registered[name])
    told: list[tuple[str, int, int]] = []
    reports = examine_all(depth="quick", progress=lambda *facts: told.append(facts))
    assert {report.subject: report.passed for report in reports} == {
        "change 5": True, "change 10": True, "peek": False, "single": True
    }  # fmt: skip
    assert [one[1:] for one in told] == [(0, 4), (1, 4), (2, 4), (3, 4)]


@pytest.mark.parametrize("name", plugins.names("feature"))
def test_registered_features_do_not_look_ahead(name: str) -> None:
    report = examine_registered("feature", name, "quick")
    assert report.passed, report.sentence


def test_a_feature_of_a_family_is_examined_by_its_own_name() -> None:
    report = examine_registered("feature", "rsi_14", "quick")
    assert report.passed and {"warm-up", "future scramble"} <= {probe.probe for probe in report.probes}
    with pytest.raises(UserError) as caught:
        examine_registered("feature", "mfe_h5", "quick")
    assert caught.value.code == "feature-looks-ahead"


def test_a_label_may_look_as_far_as_it_says_and_no_further() -> None:
    assert examine_object("label", "honest", Coming()).passed
    report = examine_object("label", "further", Coming(reach=1))
    assert not report.passed and "coming" in report.sentence


def test_the_target_of_a_panel_is_known_by_type() -> None:
    assert examine_object("transform", "same panel", lambda panel: panel).passed


def test_a_registered_model_passes() -> None:
    assert examine_registered("model", "ridge", "quick").passed


@pytest.mark.slow
@pytest.mark.parametrize("name", plugins.names("model"))
def test_registered_models_pass(name: str) -> None:
    assert examine_registered("model", name, "quick").passed


@pytest.mark.parametrize("splitter", [WalkForward(), PurgedKFold(), CombinatorialPurged(), WalkForward.official()])
def test_our_splitters_pass_the_audit(splitter: Any) -> None:
    report = examine_object("splitter", "ours", splitter)
    assert report.passed and report.probes[0].looked > 20


def test_a_report_names_its_evidence_and_stops_what_would_use_the_subject() -> None:
    report = examine_object("feature", "peek", Change("peek", span=-1))
    with pytest.raises(DataError, match="looks ahead") as caught:
        report.refuse()
    assert caught.value.code == "leak-found"
    facts = json.loads(json.dumps(report.as_dict()))
    first = facts["probes"][1]["findings"][0]
    assert first["column"] == "peek" and first["cut"] == first["moment"] and first["gap"] > 0
    assert facts["passed"] is False and facts["history"].startswith("made-up bars")
    assert examine_object("feature", "peek", Change("peek", span=-1)) == report, "equal seeds, equal reports"


def test_a_subject_that_has_no_value_has_not_passed() -> None:
    report = examine_object("feature", "empty", lambda bars: np.full(bars["close"].shape, np.nan))
    assert not report.passed and not report.findings
    with pytest.raises(DataError) as caught:
        report.refuse()
    assert caught.value.code == "leak-not-examined"


def test_a_subject_that_answers_differently_each_time_is_told_first() -> None:
    rng = np.random.default_rng(1)
    report = examine_object("feature", "dice", lambda bars: rng.normal(size=bars["close"].shape))
    assert [one.probe for one in report.probes] == ["repetition"]
    assert not report.passed and "when nothing changes" in report.sentence


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda bars: bars["nothing"], "no 'nothing'"),
        (lambda bars: bars["close"][0], "shape"),
        (lambda bars: 1 / 0, "zero"),
    ],
)
def test_a_subject_that_fails_is_told_with_its_own_words(answer: Any, words: str) -> None:
    report = examine_object("feature", "broken", answer)
    assert not report.passed and "fails on an untouched history" in report.sentence and words in report.sentence


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda: examine_object("poem", "x", 1), "unknown-subject-kind"),
        (lambda: examine_object("feature", "x", 1), "subject-of-another-kind"),
        (lambda: examine_object("label", "x", Change()), "subject-of-another-kind"),
        (lambda: examine_object("model", "x", Change()), "subject-of-another-kind"),
        (lambda: examine_object("decision", "x", 3), "subject-of-another-kind"),
        (lambda: examine_object("feature", "x", BarHistory), "subject-of-another-kind"),
        (lambda: examine_object("feature", "x", Change(), "deep"), "unknown-depth"),
        (lambda: examine_registered("transform", "x"), "subject-not-registered"),
        (lambda: examine_registered("model", "no such model"), "unknown-plugin"),
    ],
)
def test_wrong_requests_are_refused_with_a_sentence(ask: Any, code: str) -> None:
    with pytest.raises(UserError) as caught:
        ask()
    assert caught.value.code == code


@pytest.mark.parametrize("how", SCRAMBLES)
def test_a_scramble_changes_the_future_alone_and_bars_stay_bars(how: str) -> None:
    history = BarHistory(practice_bars(5), {"market_cap": 10})
    other = history.scrambled(120, how, np.random.default_rng(1)).bars
    for name, values in history.bars.columns.items():
        known = 111 if name == "market_cap" else 121
        assert np.array_equal(values[:, :known], other[name][:, :known], equal_nan=True)
        assert not np.array_equal(values[:, known:], other[name][:, known:], equal_nan=True)
    there = np.isfinite(other["close"])
    assert (other["low"][there] <= other["high"][there] * (1 + 1e-12)).all()
    assert (other["close"][there] <= other["high"][there] * (1 + 1e-12)).all()


@pytest.mark.parametrize("how", SCRAMBLES)
def test_a_scramble_of_a_panel_leaves_what_was_known_at_the_cut(how: str) -> None:
    from eraforge.evaluation.leaks.laboratory import practice_rows

    panel = practice_rows()
    other = PanelHistory(panel).scrambled(20, how, np.random.default_rng(1)).panel
    assert other.asof("0021").collect().equals(panel.asof("0021").collect())
    assert other.collect().schema == panel.collect().schema
    assert not other.collect().equals(panel.collect())


def test_depths_are_as_the_documents_say() -> None:
    assert DEPTHS["thorough"].cuts >= 10 and DEPTHS["thorough"].at_each == len(SCRAMBLES)
