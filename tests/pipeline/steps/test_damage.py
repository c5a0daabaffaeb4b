"""A file whose rows cannot be read, though its size and its footer are right, is fetched again instead of kept."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from eraforge.core.errors import DataError
from eraforge.pipeline.steps import inputs, stages
from eraforge.pipeline.steps.damage import thrown_out
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace


def glued(data: bytes) -> bytes:
    """The file with the middle of its rows gone, as long as before and with its own footer."""
    return data[: len(data) // 4] + bytes(len(data) // 4) + data[len(data) // 2 :]


@pytest.mark.parametrize("role", ["train", "live"])
def test_a_glued_file_is_thrown_out_and_fetched_again(workspace: Any, role: str) -> None:
    with open_workspace(Visit(workspace.folder, workspace.environment, {})) as tools:
        entry = tools.configuration.entry("linear")
        sound = inputs.fetch_files(tools, entry, 1345)
        bad = tools.objects.put(glued(tools.objects.get(sound[role])))
        with pytest.raises(DataError) as caught:
            stages.check(tools, entry, 1345, {**sound, role: bad})
        assert caught.value.code == "file-damaged" and role in caught.value.sentence
        assert not tools.objects.has(bad) and all(tools.objects.has(one) for one in sound.values())
        tools.objects.delete(sound[role])  # as if it had been the glued one that was known for this content
        assert inputs.fetch_files(tools, entry, 1345) == sound
        assert set(stages.check(tools, entry, 1345, sound)) == {"train", "validation", "live"}


def test_a_file_that_lags_behind_is_not_believed(workspace: Any) -> None:
    """What comes from a cache is the live file of the round before: its size and its footer are right."""
    workspace.move_to_round(1346)
    text = (workspace.folder / "eraforge.toml").read_text()
    model = sorted(workspace.tournament.models_of(11))[0]
    entry_table = f'[entries.shares]\nmodel = "{model}"\nlearner = "ridge"\narena = "signals"\n'
    (workspace.folder / "eraforge.toml").write_text(text + entry_table)
    with open_workspace(Visit(workspace.folder, workspace.environment, {})) as tools:
        entry = tools.configuration.entry("shares")
        workspace.tournament.disturb({"name": "stale-cache", "operations": ["*live.parquet"], "on": [2]})
        came = inputs.fetch_files(tools, entry, 1346, only=("live",))
        workspace.tournament.disturb()
        assert came == inputs.fetch_files(tools, entry, 1346, only=("live",))
        assert pl.read_parquet(tools.objects.path(came["live"]))["date"].unique().to_list() == ["2026-09-01"]
        workspace.tournament.disturb({"name": "stale-cache", "operations": ["*train.parquet"]})
        assert inputs.fetch_files(tools, entry, 1346, only=("train",))  # told and delivered alike: it cannot be seen


def test_what_fails_on_sound_files_is_told_as_it_is(workspace: Any) -> None:
    with open_workspace(Visit(workspace.folder, workspace.environment, {})) as tools:
        sound = inputs.fetch_files(tools, tools.configuration.entry("linear"), 1345)
        with pytest.raises(pl.exceptions.ComputeError, match="planted"), thrown_out(tools, sound):
            raise pl.exceptions.ComputeError("planted")
        assert all(tools.objects.has(one) for one in sound.values())
