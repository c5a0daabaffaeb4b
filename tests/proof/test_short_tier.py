"""The short tier of every programme: each figure meets its bar. `make prove` runs the same programmes for long."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from programmes import tiers


@pytest.mark.parametrize("name", tiers.ALONE)
def test_every_figure_meets_its_bar(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        proof = tiers.short(name)
    assert proof.programme == name and proof.figures and proof.broken() == []


@pytest.mark.timeout(400)
@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_every_figure_of_the_real_processes_meets_its_bar() -> None:
    """One simulator and one nursery for all of them."""
    proofs = list(tiers.with_processes({name: short for name, (_, short, _) in tiers.PROCESSES.items()}))
    assert [proof.programme for proof in proofs] == list(tiers.PROCESSES)
    assert [line for proof in proofs for line in proof.broken()] == []
