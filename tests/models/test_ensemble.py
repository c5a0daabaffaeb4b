"""Average: normal ranks per era, averaged; parts trained once; an ensemble may be a member of an ensemble."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numerai_tools.scoring import tie_kept_rank__gaussianize__pow_1_5

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Panel
from eraforge.core.ports import Composite
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.ensemble import Average

PANEL = practice_panel(eras=14, rows=50)
TREES = {"learner": "lightgbm", "settings": {"n_estimators": 10, "threads": 1}}
LINEAR = {"learner": "ridge", "settings": {"penalty": 0.2}}
BOTH = Average({"trees": TREES, "linear": LINEAR})


class Fixed:
    """A fitted model with given predictions."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def predict(self, panel: Panel) -> pl.DataFrame:
        return panel.frame.select("era", "id").collect().with_columns(prediction=pl.Series(self.values))

    def save(self) -> bytes:
        return b""


def test_is_a_composite_whose_whole_equals_its_combined_parts() -> None:
    assert isinstance(BOTH, Composite)
    parts = {name: part.fit(PANEL) for name, part in BOTH.parts().items()}
    assert BOTH.combine(parts).predict(PANEL).equals(BOTH.fit(PANEL).predict(PANEL))
    assert BOTH.combine(parts).save() == BOTH.fit(PANEL).save()


def test_averages_the_official_normal_ranks_by_weight() -> None:
    rng = np.random.default_rng(3)
    panel = practice_panel(eras=2, rows=40)
    members = {"a": rng.normal(size=80).round(1), "b": rng.normal(size=80).round(1)}
    weighted = Average({"a": {**LINEAR, "weight": 3}, "b": LINEAR})
    fitted = weighted.combine({name: Fixed(values.tolist()) for name, values in members.items()})
    ours = fitted.predict(panel)["prediction"].to_numpy()
    for start in (0, 40):
        ranks = {}
        for name, values in members.items():
            frame = pl.DataFrame({name: values[start : start + 40]}).to_pandas()
            powered = tie_kept_rank__gaussianize__pow_1_5(frame)[name].to_numpy()
            ranks[name] = np.sign(powered) * np.abs(powered) ** (1 / 1.5)
        np.testing.assert_allclose(ours[start : start + 40], 0.75 * ranks["a"] + 0.25 * ranks["b"], atol=1e-12)


def test_the_order_in_which_members_are_written_changes_nothing() -> None:
    turned = Average({"linear": LINEAR, "trees": TREES})
    assert turned.fit(PANEL).save() == BOTH.fit(PANEL).save()


def test_an_ensemble_of_an_ensemble_trains_saves_and_loads() -> None:
    outer = Average({"inner": {"learner": "average", "settings": {"members": BOTH.members}}, "linear": LINEAR})
    fitted = outer.fit(PANEL)
    loaded = outer.load(fitted.save())
    assert loaded.predict(PANEL).equals(fitted.predict(PANEL))
    assert loaded.save() == fitted.save()


def test_refuses_members_that_are_not_its_own() -> None:
    parts = {name: part.fit(PANEL) for name, part in BOTH.parts().items()}
    with pytest.raises(DataError, match="not the members"):
        BOTH.combine({"trees": parts["trees"]})
    with pytest.raises(DataError, match="not the members"):
        Average({"trees": TREES}).load(BOTH.fit(PANEL).save())


@pytest.mark.parametrize(
    "members",
    [{}, {"a": {}}, {"a": {"learner": "ridge", "weight": 0}}, {"a": {"learner": "ridge", "wait": 1}}],
)
def test_refuses_members_that_make_no_sense(members: dict[str, dict[str, object]]) -> None:
    with pytest.raises(UserError) as caught:
        Average(members)
    assert caught.value.code == "model-setting"


def test_refuses_unknown_learners_and_settings_with_their_names() -> None:
    with pytest.raises(UserError, match="no model named 'forest'"):
        Average({"a": {"learner": "forest"}}).parts()
    with pytest.raises(UserError, match=r"members\.a\.settings.*'trees'"):
        Average({"a": {"learner": "ridge", "settings": {"trees": 3}}}).parts()
