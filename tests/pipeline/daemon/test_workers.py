"""Stages in limited processes: what raises, hangs, eats memory, dies or pries is stopped, and the next stage works."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from daemon_desk import desk, ridge, toml

from eraforge.core.clock import SystemClock, monotonic
from eraforge.core.errors import DataError
from eraforge.pipeline.daemon.workers import Limits, Workers
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace

pytestmark = pytest.mark.timeout(300)
HERE = Path(__file__).parent
POINTS = "[eraforge.model]\nhangs = greedy_models:Hangs\neats = greedy_models:EatsMemory\n"


@pytest.fixture
def greedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The misbehaving models, as a package that is installed here and in every worker."""
    site = tmp_path / "site"
    (site / "greedy-1.dist-info").mkdir(parents=True)
    (site / "greedy-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: greedy\nVersion: 1\n")
    (site / "greedy-1.dist-info" / "entry_points.txt").write_text(POINTS)
    (site / "greedy_models.py").write_text((HERE / "greedy_models.py").read_text())
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
    spec = importlib.util.spec_from_file_location("greedy_models", site / "greedy_models.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "greedy_models", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def limited(tmp_path: Path, greedy: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs a stage of an entry in a limited process; keys stand in the variables of this one."""
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", "canary-public")
    monkeypatch.setenv("NUMERAI_SECRET_KEY", "canary-secret")
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "eraforge.toml").write_text('[server]\nurl = "http://127.0.0.1:1"\n')
    environment = {"NUMERAI_PUBLIC_ID": "canary-public", "NUMERAI_SECRET_KEY": "canary-secret"}
    visit = Visit(folder, environment)
    limits = Limits(20.0, 1.5e9)
    with open_workspace(visit, clock=SystemClock()) as tools, Workers(visit, lambda entry, stage: made[0]) as workers:
        made = [limits]

        def run(work: Any, seconds: float = 20.0) -> Any:
            made[0] = Limits(seconds, 1.5e9)
            return workers(tools, work, ())

        yield run


def test_what_a_stage_does_to_itself_is_told_and_the_next_one_works(limited: Any, greedy: Any) -> None:
    seen = limited(greedy.prints)
    with pytest.raises(DataError, match="planted"):
        limited(greedy.refuses)
    assert limited(greedy.prints)["process"] == seen["process"]  # one that told its error works on
    assert not [name for name in seen["names"] if name.endswith(("PUBLIC_ID", "SECRET_KEY"))]
    for work, code in ((greedy.raises, "stage-crashed"), (greedy.dies, "stage-crashed"), (greedy.refuses, "planted")):
        with pytest.raises(DataError) as caught:
            limited(work)
        assert caught.value.code == code
        assert limited(greedy.prints)["keys"]
    with pytest.raises(DataError, match="never any good"):
        limited(greedy.raises)


def test_a_stage_that_hangs_or_eats_memory_is_stopped_in_time(limited: Any, greedy: Any) -> None:
    limited(greedy.prints)
    began = monotonic()
    with pytest.raises(DataError) as slow:
        limited(greedy.hangs, seconds=1.0)
    with pytest.raises(DataError) as large:
        limited(greedy.hoard, seconds=60.0)
    assert (slow.value.code, large.value.code) == ("stage-too-slow", "stage-too-large")
    assert monotonic() - began < 50


def test_what_computes_cannot_reach_the_door_outward(limited: Any, greedy: Any) -> None:
    assert limited(greedy.prefers_its_own_account) == "no-keys"


def test_bad_entries_harm_nobody(tmp_path: Path, tournament: Any, greedy: Any) -> None:
    """One entry hangs and one eats memory, both first in line; the third fills its slot."""
    models = sorted(tournament.models)
    entries = f"""
[entries.a_hangs]
model = "{models[0]}"
learner = "hangs"
folds = 0

[entries.b_eats]
model = "{models[1]}"
learner = "eats"
folds = 0
"""
    more = "[run]\nstage_seconds = 25.0\nmemory_gigabytes = 1.5\nfailures = 1"
    text = toml(tournament, entries + ridge(tournament, 2), more)
    visit = Visit(tmp_path / "w", {})
    with (
        Workers(visit, lambda entry, stage: Limits(25.0, 1.5e9)) as workers,
        desk(tmp_path / "w", tournament, text, compute=workers) as made,
    ):
        made.open_round(1345)
        made.wait(lambda: made.codes().count("turn-failed") == 2 and made.confirmed(1345) == 1, seconds=120.0)
        codes = {subject.rsplit("/", 1)[-1] for code, subject in made.told() if code == "turn-failed"}
        assert codes == {"stage-too-slow", "stage-too-large"}
        # A first training that takes long is no fault yet; one that eats the memory is.
        assert [subject for code, subject in made.told() if code == "entry-quarantined"] == ["b_eats/1345"]
        made.advance_to(made.tools.clock.now() + timedelta(minutes=57))
        made.daemon.tick()
        assert made.codes().count("fallback-failed") == 2  # nothing to fall back on yet: a person is told in time
        assert made.created(1345) == 1
