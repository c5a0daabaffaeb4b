"""What an entry's own evaluation examines: clean ones pass, leaking ones are told, silence leaves a trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl
import pytest

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel
from eraforge.core.ports import Fold, Model
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.leaks.entry_probe import examine_entry, small_part
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.boosting import LightGBM
from eraforge.models.linear import Ridge

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


def test_the_small_part_holds_one_clean_fold_of_few_rows_and_columns() -> None:
    small = small_part(PANEL)
    assert len(small.features) == 24 and small.collect().height == 60 * len(small.eras)
    assert small.eras[-1] == PANEL.eras[-1]
    fold = next(iter(WalkForward(chunk=len(small.eras) - 8).split(small)))
    assert len(fold.predict) == 8 and len(fold.train) >= 8
