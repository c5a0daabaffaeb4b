"""Asking for help costs nothing: heavy libraries are imported by the work that needs them."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "polars",
    "scipy",
    "sklearn",
    "lightgbm",
    "torch",
    "pandas",
    "sqlalchemy",
    "dbos",
    "httpx",
    "numba",
    "optuna",
)


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split("\n")[-2].split())


def test_importing_eraforge_loads_nothing_heavy() -> None:
    assert not loaded_after("import eraforge") & set(HEAVY)


@pytest.mark.parametrize("words", [["--help"], ["data", "pull", "--help"], ["simulator", "serve", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        f"sys.argv = ['eraforge', *{words!r}]\n"
        "from eraforge.interfaces.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code, done.code"
    )
    assert not loaded_after(code) & set(HEAVY)
