"""Several workers on one search: as many tries as asked, and none lost with a worker that is really killed."""

from __future__ import annotations

import os
from typing import Any

import pytest

from eraforge.pipeline.research.crews import crew


def test_several_workers_make_as_many_tries_as_one(laboratory: Any) -> None:
    facts = laboratory.perform("search", file="stiffness.toml", workers=2)
    assert [row["state"] for row in facts["tries"]] == ["complete"] * 4
    assert len({row["changes"]["settings.penalty"] for row in facts["tries"]}) == 4
    assert len(laboratory.perform("experiment list")["experiments"]) == 4
    assert laboratory.perform("search", file="stiffness.toml", workers=2)["tries"] == facts["tries"]


def test_the_try_of_a_killed_worker_is_given_up_and_made_again(
    laboratory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []

    class Mortal(crew.Worker):
        def send(self, message: Any) -> None:
            super().send(message)
            if "work" in message and not killed:
                killed.append(message["inputs"][-1])
                os.killpg(self.process.pid, 9)

    monkeypatch.setattr(crew, "Worker", Mortal)
    facts = laboratory.perform("search", file="stiffness.toml", workers=2)
    states = [row["state"] for row in facts["tries"]]
    assert states.count("complete") == 4 and states.count("lost") == 1
    lost = next(row for row in facts["tries"] if row["state"] == "lost")
    again = [row for row in facts["tries"] if row["changes"] == lost["changes"]]
    assert killed == [lost["number"]] and [row["state"] for row in again] == ["lost", "complete"]


def test_a_try_that_kills_every_worker_fails_and_the_search_ends(
    laboratory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Doomed(crew.Worker):
        def send(self, message: Any) -> None:
            if "work" in message:
                os.killpg(self.process.pid, 9)
            super().send(message)

    monkeypatch.setattr(crew, "Worker", Doomed)
    facts = laboratory.perform("search", file="stiffness.toml", tries=2, workers=2)
    states = [row["state"] for row in facts["tries"]]
    assert states.count("fail") == 2 and states.count("lost") == 2 and not facts["best"]
    assert "its worker ended" in next(row["error"] for row in facts["tries"] if row["state"] == "fail")
