"""Real Numerai rows of 2018 go through the same panel, folds, models and scores as everything else."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

from eraforge.core.panel import Sample
from eraforge.core.ports import Model
from eraforge.evaluation.report import evaluate
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.boosting import LightGBM
from eraforge.models.linear import Ridge

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("ERAFORGE_SHARED", ROOT.parent / "shared"))
ROWS = SHARED / "data" / "numerai_rows" / "rows_2018_50features_7targets.parquet"

pytestmark = pytest.mark.skipif(not ROWS.exists(), reason=f"the real rows are not at {ROWS}")


@pytest.fixture(scope="module")
def adapter() -> ModuleType:
    """The benchmark that reads them, so that its adapter is the one under test."""
    spec = importlib.util.spec_from_file_location("real_rows", ROOT / "benchmarks" / "real_rows.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("model", [Ridge(), LightGBM(n_estimators=30, threads=1)], ids=["ridge", "lightgbm"])
def test_a_model_trains_and_is_evaluated_on_real_rows(adapter: ModuleType, model: Model) -> None:
    panel = adapter.read_rows(ROWS, "bernie")
    assert panel.synthetic is None
    report = evaluate(model, panel, WalkForward(folds=3))
    mean, error = report.figure("CORR", "mean"), report.figure("CORR", "standard_error_overlap_ignored")
    assert mean.sample is Sample.VALIDATION
    assert mean.eras == 99
    assert mean.value is not None
    assert error.value is not None
    assert abs(mean.value) < 0.15, "a score this large on forty rows an era would be a leak, not skill"
    assert 0.005 < error.value < 0.05
    assert report.predictions.height == panel.where_eras(panel.eras[33:]).collect().height
    inside = [fold.train_corr for fold in report.folds]
    assert all(figure is not None and figure.value is not None and figure.value > mean.value for figure in inside)
