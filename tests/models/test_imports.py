"""Heavy libraries cost nothing until a model is trained."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "lightgbm",
    "sklearn",
    "scipy.linalg",
    "scipy.stats",
    "pandas",
    "numba",
    "torch",
    "xgboost",
    "catboost",
    "flaml",
)


def test_naming_a_model_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from eraforge.core import plugins\n"
        "made = [plugins.find('model', name)() for name in plugins.names('model')]\n"
        "assert len(made) > 30\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
