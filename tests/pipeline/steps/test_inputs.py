"""What an entry reads: the columns it names, further targets among them."""

from __future__ import annotations

from typing import Any

import pytest

from eraforge.core.errors import UserError

SEVERAL = """
[entry]
learner = "multi_target"
target = "target_ender_20"
extra_targets = ["target_ender_60", "target_jasper_20"]
settings = { learner = "ridge" }
[evaluation]
folds = 3
splitter = "SPLITTER"
"""


@pytest.mark.parametrize("splitter", ["walk_forward", "purged_k_fold"])
def test_a_learner_of_several_targets_finds_them_on_the_panel(workspace: Any, splitter: str) -> None:
    (workspace.folder / "several.toml").write_text(SEVERAL.replace("SPLITTER", splitter))
    (workspace.folder / "one.toml").write_text(
        SEVERAL.replace("SPLITTER", splitter).replace('extra_targets = ["target_ender_60", "target_jasper_20"]', "")
    )
    several = workspace.perform("experiment run", file="several.toml")
    one = workspace.perform("experiment run", file="one.toml")
    assert several["target"] == one["target"] == "target_ender_20"
    assert several["report"]["predictions"] != one["report"]["predictions"]
    assert several["report"]["leaks"]["passed"]
    facts = workspace.perform("experiment report", name="several")["members"]
    assert {row["member"] for row in facts["ablations"]} == {"target_ender_20", "target_ender_60", "target_jasper_20"}


def test_a_target_that_is_not_there_is_told(workspace: Any) -> None:
    text = SEVERAL.replace("target_jasper_20", "target_casper_20").replace("SPLITTER", "walk_forward")
    (workspace.folder / "several.toml").write_text(text)
    with pytest.raises(UserError, match="target_casper_20"):
        workspace.perform("experiment run", file="several.toml")
