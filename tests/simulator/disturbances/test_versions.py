"""Which versions are listed in which round; live files of every version follow the round's universe."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from eraforge.core.errors import Broken, UserError
from eraforge.simulator.disturbances.changes import Disturbances
from eraforge.simulator.disturbances.universe import ChangingUniverse
from eraforge.simulator.disturbances.versions import Versions
from eraforge.simulator.world import World, crypto_world

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
DAY = date(2026, 9, 2)  # of round 1346


def line(number: int, version: str = "v5.4", tournament: int = 8, **facts: object) -> dict:
    content = {"target": "target_jasper_60", "renamed": "quantum", "named": "quantum_equivalent_features"}
    return {"tournament": tournament, "round": number, "version": version, **content, "until": None, **facts}


def released(*lines: dict) -> Disturbances:
    disturbances = Disturbances()
    for one in lines:
        disturbances.appliers()["version-released"](AT, one)
    return disturbances


def test_a_version_is_listed_from_its_round_on_and_the_one_before_it_until_its_end(tiny_world: World) -> None:
    versions = Versions(tiny_world, released(line(1350, until=1353), line(1352, "v5.5")))
    listed = {number: versions.names(number) for number in range(1349, 1355)}
    assert listed == {
        1349: ("v5.3",),
        1350: ("v5.3", "v5.4"),
        1351: ("v5.3", "v5.4"),
        1352: ("v5.3", "v5.4", "v5.5"),
        1353: ("v5.4", "v5.5"),
        1354: ("v5.4", "v5.5"),
    }
    assert [versions.ends(name) for name in ("v5.3", "v5.4", "v5.5")] == [True, False, False]
    assert len(versions.filenames()) == 36
    assert versions.is_listed("v5.3/live.parquet", 1352) and not versions.is_listed("v5.3/live.parquet", 1353)
    assert not versions.is_listed("v5.4/live.parquet", 1349) and not versions.is_listed("v9/live.parquet", 1352)


def test_without_a_release_there_is_one_version(tiny_world: World) -> None:
    versions = Versions(tiny_world, Disturbances())
    assert versions.names(1345) == ("v5.3",) and versions.filenames() == tiny_world.filenames()
    assert not versions.ends("v5.3")
    with pytest.raises(UserError, match="no file"):
        versions.write("v5.4/live.parquet", DAY, Path("x"))


def test_live_files_of_every_version_hold_the_rounds_universe(tiny_world: World, tmp_path: Path) -> None:
    disturbances = released(line(1346))
    disturbances.universes[8, 1346] = 0.5
    world = ChangingUniverse(tiny_world, disturbances)
    for version in ("v5.3", "v5.4"):
        world.write(f"{version}/live.parquet", DAY, tmp_path / version)
        assert pl.read_parquet(tmp_path / version)["id"].to_list() == list(world.live_ids(DAY))
    assert world.edition("v5.4/live.parquet", DAY) != world.edition("v5.3/live.parquet", DAY)


def test_a_line_that_a_world_cannot_follow_is_told() -> None:
    world = crypto_world(7, "tiny")
    with pytest.raises(Broken) as caught:
        Versions(world, released(line(1346, tournament=12))).filenames()
    assert caught.value.code == "world-without-versions"
