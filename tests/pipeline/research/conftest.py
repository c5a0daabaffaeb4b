"""A workspace with a search to make in it."""

from __future__ import annotations

from typing import Any

import pytest

STIFFNESS = """
[entry]
learner = "ridge"
target = "target_ender_20"
[evaluation]
folds = 3
[search]
tries = 4
seed = 3
[search.space]
"settings.penalty" = { low = 0.01, high = 100.0, log = true }
"""


@pytest.fixture
def stiffness() -> str:
    """The search for Ridge's penalty, as its file has it."""
    return STIFFNESS


@pytest.fixture
def laboratory(workspace: Any, stiffness: str) -> Any:
    """A workspace that holds the file."""
    (workspace.folder / "stiffness.toml").write_text(stiffness)
    return workspace
