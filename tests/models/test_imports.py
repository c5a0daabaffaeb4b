"""Heavy libraries cost nothing until a model is trained."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("lightgbm", "sklearn", "scipy.linalg", "scipy.stats", "pandas", "numba")


def test_naming_a_model_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "import eraforge.models.boosting, eraforge.models.linear, eraforge.models.ensemble\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
