"""The page of an experiment: one file, no network, the desk's own numbers, and no injected markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from eraforge.interfaces.pages import write_page

STUDY = '[entry]\nlearner = "ridge"\ntarget = "target_ender_20"\n[evaluation]\nfolds = 2\n'


@pytest.fixture
def facts(workspace: Any, tmp_path: Path) -> Any:
    (workspace.folder / "plain.toml").write_text('note = "<b>bold</b> & brave"\n' + STUDY)
    workspace.perform("experiment run", file="plain.toml")
    return workspace.perform("experiment report", name="plain", output=str(tmp_path / "page.html"))


def test_a_study_tells_regimes_benchmarks_exposures_and_importances(facts: Any) -> None:
    assert {row["kind"].split(" ")[0] for row in facts["regimes"]} == {"year", "difficulty"}
    assert {row["benchmark"] for row in facts["benchmarks"]} >= {"meta_model", "v53_lgbm_ender20"}
    assert len(facts["exposures"]["eras"]) == len(facts["exposures"]["largest"])
    assert facts["importances"][0]["loss"] >= facts["importances"][-1]["loss"]
    assert facts["sample"] == "validation" and len(facts["importances"][0]["by_fold"]) == 2


def test_the_page_stands_alone_and_shows_the_same_numbers(facts: Any) -> None:
    write_page("experiment report", facts)
    text = Path(facts["page"]).read_text()
    body = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert f"{facts['corr']:+.4f}" in body and f"{facts['benchmarks'][0]['mean']:+.4f}" in body
    assert "sample: validation" in body and "made-up data" in body
    assert "<b>bold" not in body and "&lt;b&gt;bold&lt;/b&gt; &amp; brave" in body
    assert "Members of the blend" not in body
    likeness = {"members": ["a&b", "c"], "mean": 0.5, "low": 0.25, "high": 0.75}
    loss = {"mean": 0.0123, "low": -0.001, "high": 0.02}
    member = {"member": "a&b", "share": 0.5, "alone": 0.03, "without": None, "loss": loss}
    write_page("experiment report", {**facts, "members": {"ablations": [member], "likenesses": [likeness]}})
    blend = Path(facts["page"]).read_text()
    assert "Members of the blend" in blend and "+0.0123" in blend and "a&amp;b" in blend and "0.75" in blend
    assert not re.search(r"(src|href)=[\"']?https?:", body)
