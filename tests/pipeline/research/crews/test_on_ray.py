"""A search on a Ray cluster of several nodes; a worker that is really killed takes no try with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from eraforge.core.errors import UserError
from eraforge.pipeline.research.crews import on_ray

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.filterwarnings("default")]


@pytest.fixture
def laboratory(laboratory: Any) -> Iterator[Any]:
    """The workspace, whose variables name a cluster of two nodes with one processor each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    laboratory.environment["RAY_ADDRESS"] = cluster.address
    try:
        yield laboratory
    finally:
        cluster.shutdown()


def test_every_node_works_and_a_killed_worker_takes_no_try_with_it(
    laboratory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    nodes: set[str] = set()

    class Mortal(on_ray.Actor):
        def process(self) -> tuple[int, str]:
            return os.getpid(), ray.get_runtime_context().get_node_id()

    class Hand(on_ray.ActorHand):
        def work(self, job: Any, progress: Any) -> None:
            process, node = ray.get(self._actor.process.remote())
            nodes.add(node)
            if not killed:
                killed.append(job.number)
                os.kill(process, 9)
            super().work(job, progress)

    monkeypatch.setattr(on_ray, "Actor", Mortal)
    monkeypatch.setattr(on_ray, "ActorHand", Hand)
    facts = laboratory.perform("search", file="stiffness.toml", workers=2, on="ray")
    states = [row["state"] for row in facts["tries"]]
    assert states.count("complete") == 4 and states.count("lost") == 1 and len(nodes) == 2
    lost = next(row for row in facts["tries"] if row["state"] == "lost")
    assert killed == [lost["number"]]
    assert [row["state"] for row in facts["tries"] if row["changes"] == lost["changes"]] == ["lost", "complete"]
    assert len(laboratory.perform("experiment list")["experiments"]) == 4
    assert not ray.is_initialized()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:port"])
def test_a_cluster_that_is_not_there_is_told(workspace: Any, stiffness: str, address: str) -> None:
    (workspace.folder / "stiffness.toml").write_text(stiffness)
    workspace.environment["RAY_ADDRESS"] = address
    with pytest.raises(UserError, match=address.replace(".", r"\.")):
        workspace.perform("search", file="stiffness.toml", workers=2, on="ray")
