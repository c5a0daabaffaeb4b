"""What an entry's own evaluation examines: clean ones pass, leaking ones are told, silence leaves a trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pytest

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel
from eraforge.core.ports import Fitted, Fold, Model
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.leaks.entry_probe import examine_entry, learned_eras, small_part
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.boosting import LightGBM
from eraforge.models.ensembles.learned_weights import Dynamic, Greedy, Optimised
from eraforge.models.ensembles.regimes import Regimes
from eraforge.models.ensembles.stacked import Stacked
from eraforge.models.linear import Ridge
from eraforge.models.wrapping.inner import Wrapping

PANEL = practice_panel(eras=60, rows=80, features=30, signal=0.2)
SPLITTER = WalkForward(folds=2)


@dataclass(frozen=True)
class RanksOverEras:
    """Predicts a feature's rank among all rows it is shown, whatever era they are of."""

    def fit(self, panel: Panel) -> RanksOverEras:
        return self

    def predict(self, panel: Panel) -> pl.DataFrame:
        rows = panel.collect()
        return rows.select("era", "id", prediction=pl.col("feature_0").rank() / pl.len())

    def save(self) -> bytes:
        return b""

    def load(self, data: bytes) -> RanksOverEras:
        return self


class Unpurged:
    """Cuts in the middle and leaves nothing out."""

    def split(self, panel: Panel) -> Iterator[Fold]:
        yield Fold(panel.eras[:30], panel.eras[30:])


@pytest.mark.parametrize("model", [Ridge(), LightGBM(n_estimators=20, threads=1)], ids=lambda one: type(one).__name__)
def test_an_honest_entry_passes_and_says_what_was_tried(model: Model) -> None:
    told: list[str] = []
    report = examine_entry("mine", model, PANEL, SPLITTER, "quick", lambda what, done, total: told.append(what))
    assert report.passed, report.sentence
    assert [one.probe for one in report.probes] == ["fold audit", "canary columns", "repetition", "future scramble"]
    assert "3 other futures at 3 cuts" in report.probes[-1].sentence
    assert report.history.startswith("the entry's own rows (made up: practice panel")
    assert told[-1] == "leak probes: model"


def test_thorough_tries_every_scramble_at_every_cut() -> None:
    report = examine_entry("mine", Ridge(), PANEL, SPLITTER, "thorough")
    assert report.passed, report.sentence
    scramble = next(one for one in report.probes if one.probe == "future scramble")
    assert "35 other futures at 7 cuts" in scramble.sentence
    assert [one.probe for one in report.probes][-2:] == ["shuffled target", "time-reversed run"]


def test_a_model_that_sees_other_eras_is_found() -> None:
    report = examine_entry("mine", RanksOverEras(), PANEL, SPLITTER, "quick")
    assert not report.passed and report.findings[0].probe == "future scramble"
    with pytest.raises(DataError, match="mine looks ahead"):
        report.refuse()


def test_a_column_made_from_the_target_is_found_before_anything_is_trained() -> None:
    frame = PANEL.frame.with_columns(feature_3=pl.col("target") * 4)
    report = examine_entry("mine", Ridge(), replace(PANEL, frame=frame), SPLITTER, "quick")
    assert report.findings[0].column == "feature_3" and report.probes[-1].probe == "canary columns"


def test_a_fold_without_purge_is_found_first() -> None:
    report = examine_entry("mine", Ridge(), PANEL, Unpurged(), "quick")
    assert [one.probe for one in report.probes] == ["fold audit"] and not report.passed


def test_switched_off_it_says_so() -> None:
    report = examine_entry("mine", Ridge(), PANEL, SPLITTER, "off")
    assert report.passed and report.probes == () and "No probe was run on mine" in report.sentence
    assert report.as_dict()["depth"] == "off"


LONG = practice_panel(eras=70, rows=80, features=30, signal=0.2, horizon=60, purge=16)
MEMBERS = {"linear": {"learner": "ridge"}, "strict": {"learner": "ridge", "settings": {"penalty": 9.0}}}


class SignOfAll(Wrapping):
    """A blend turned upside down where a feature is high in all the rows it is shown, whatever era they are of."""

    def fit(self, panel: Panel) -> SignOfAllFitted:
        return SignOfAllFitted(Greedy(MEMBERS).fit(panel))


@dataclass(frozen=True)
class SignOfAllFitted:
    inner: Fitted

    def predict(self, panel: Panel) -> pl.DataFrame:
        sign = 1 if float(panel.collect()["feature_0"].to_numpy().mean()) > 2 else -1
        return self.inner.predict(panel).with_columns(pl.col("prediction") * sign)

    def save(self) -> bytes:
        return self.inner.save()


@pytest.mark.parametrize("kind", [Optimised, Greedy, Dynamic, Stacked, Regimes])
def test_a_blend_is_shown_as_many_eras_as_its_inner_folds_need(kind: Any) -> None:
    """Ten eras hold no fold with sixteen left out before it, which is no leak."""
    report = examine_entry("blend", kind(MEMBERS), LONG, WalkForward(folds=1), "quick")
    assert report.passed, report.sentence
    assert "3 other futures at 3 cuts" in report.probes[-1].sentence


def test_a_blend_that_looks_ahead_is_found_in_the_longer_part() -> None:
    report = examine_entry("blend", SignOfAll("ridge"), LONG, WalkForward(folds=1), "quick")
    assert report.findings[0].probe == "future scramble"


def test_a_history_too_short_to_learn_from_is_no_leak_and_no_pass() -> None:
    panel = LONG.where_eras(LONG.eras[:45])
    report = examine_entry("blend", Greedy(MEMBERS), panel, WalkForward(folds=1), "quick")
    assert not report.passed and not report.findings and report.too_short
    with pytest.raises(DataError, match="21 labelled eras are too few for 3 folds") as caught:
        report.refuse()
    assert caught.value.code == "leak-not-examined"


def test_the_parts_shown_double_up_to_all_there_is() -> None:
    assert list(learned_eras(LONG)) == [10, 20, 40, 46]
    assert list(learned_eras(LONG.where_eras(LONG.eras[:30]))) == [6]
    small = small_part(LONG, 46)
    assert small.eras == LONG.eras


def test_the_small_part_holds_one_clean_fold_of_few_rows_and_columns() -> None:
    small = small_part(PANEL)
    assert len(small.features) == 24 and small.collect().height == 60 * len(small.eras)
    assert small.eras[-1] == PANEL.eras[-1]
    fold = next(iter(WalkForward(chunk=len(small.eras) - 8).split(small)))
    assert len(fold.predict) == 8 and len(fold.train) >= 8
