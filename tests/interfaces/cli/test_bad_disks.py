"""Disks that rot or fill up, and ports that are taken: what was confirmed stays, and the next command heals."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eraforge.store.atomic import Disk


def digests(played: Any, folder: Path) -> dict[str, str]:
    """The objects of a workspace that has predicted, by what they are."""
    pulled = played.cli("data", "pull", "--json", "-w", str(folder)).facts["entries"][0]["files"]
    found = {file["role"]: file["digest"] for file in pulled}
    found["fitted"] = played.cli("train", "--json", "-w", str(folder)).facts["entries"][0]["fitted"]
    found["predictions"] = played.cli("predict", "--json", "-w", str(folder)).facts["entries"][0]["predictions"]
    return found


def place(folder: Path, digest: str) -> Path:
    return folder / ".eraforge" / "objects" / digest[:2] / digest


def damage(folder: Path, digest: str, how: str) -> Path:
    """Cut the object in half, or turn one bit of it over."""
    path = place(folder, digest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data[: len(data) // 2] if how == "cut" else data)
    return path


@pytest.mark.parametrize(
    ("role", "how"),
    [
        ("live", "cut"),
        ("fitted", "bit"),
        pytest.param("train", "bit", marks=pytest.mark.slow),
        pytest.param("features", "cut", marks=pytest.mark.slow),
        pytest.param("predictions", "bit", marks=pytest.mark.slow),
    ],
)
def test_a_rotten_object_is_named_refused_and_healed_once_deleted(played: Any, role: str, how: str) -> None:
    folder = played.folder()
    known = digests(played, folder)
    path = damage(folder, known[role], how)
    if role == "fitted":  # it is read only where no prediction is kept
        place(folder, known["predictions"]).unlink()
    found = {one["name"]: one for one in played.cli("doctor", "--json", "-w", str(folder)).facts["findings"]}
    assert not found["objects"]["ok"] and str(path) in found["objects"]["text"]
    assert "Delete" in found["objects"]["next"] and found["objects"]["exit_code"] == 3
    fails = played.cli.fails if role == "live" else played.cli.fails_for_a_machine
    error = fails("predict", "-w", str(folder), code="rotten-object")
    assert str(path) in error["sentence"]
    path.unlink()
    assert played.cli("predict", "-w", str(folder)).code == 0
    assert played.cli("doctor", "-w", str(folder)).code == 0
    assert path.exists()


def test_rotten_data_stop_a_submission_and_an_earlier_one_stays_confirmed(played: Any) -> None:
    first = sorted(played.tournament.models)[0]
    second = f'[entries.other]\nmodel = "{sorted(played.tournament.models)[1]}"\nlearner = "ridge"\nfolds = 0\n'
    folder = played.folder(played.toml() + second)
    assert played.cli("submit", "--entry", "linear", "-w", str(folder)).code == 0
    words = ["data", "pull", "--entry", "linear", "--json", "-w", str(folder)]
    pulled = {one["role"]: one["digest"] for one in played.cli(*words).facts["entries"][0]["files"]}
    path = damage(folder, pulled["live"], "cut")
    played.cli.fails("submit", "--entry", "other", "-w", str(folder), code="rotten-object")
    assert [slot.split("/")[-2] for slot in played.cli.confirmed(folder)] == [first]
    path.unlink()
    assert played.cli("submit", "-w", str(folder)).code == 0
    assert len(played.cli.confirmed(folder)) == 2


def test_a_full_disk_keeps_what_there_is_and_the_same_command_goes_on(
    played: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = played.folder()
    assert played.cli("data", "pull", "-w", str(folder)).code == 0

    def full(self: Disk, handle: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as fault:
        fault.setattr(Disk, "write", full)
        for words in (["train"], ["submit"]):
            error = played.cli.fails(*words, "-w", str(folder), code="disk-full")
            assert error["exit_code"] == 4
    assert played.cli("submit", "-w", str(folder)).code == 0
    assert len(played.cli.confirmed(folder)) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 80 MB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "none", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path, leave: int) -> None:
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    filler.write_bytes(b"\0" * max(shutil.disk_usage(disk).free - leave, 0))


def test_a_disk_that_is_truly_full(played: Any, small_disk: Path) -> None:
    """At every step, however much or little is left, it is called by its name; with room again all goes on."""
    folder = small_disk / "workspace"
    folder.mkdir()
    (folder / "eraforge.toml").write_text(played.toml())
    fill(small_disk, 300_000)
    played.cli.fails_for_a_machine("data", "pull", "-w", str(folder), code="disk-full")
    (small_disk / "filler").unlink()
    assert played.cli("data", "pull", "-w", str(folder)).code == 0
    for leave in (0, 20_000, 60_000, 150_000):
        fill(small_disk, leave)
        told = played.cli("submit", "--json", "-w", str(folder))
        assert told.code == 4, told.stdout
        error = told.facts.get("error") or told.facts["entries"][0]["error"]
        assert error["code"] == "disk-full"
    fill(small_disk, 0)
    error = played.cli.fails("init", "-w", str(small_disk / "more"), code="disk-full")
    assert not (small_disk / "more" / "eraforge.toml").exists()
    (small_disk / "filler").unlink()
    assert played.cli("submit", "-w", str(folder)).code == 0
    assert len(played.cli.confirmed(folder)) == 1


def serve(*words: str) -> subprocess.CompletedProcess[str]:
    """`eraforge simulator serve` as a process, its standard input held open."""
    reading, writing = os.pipe()
    try:
        return subprocess.run(
            [sys.executable, "-m", "eraforge", "simulator", "serve", "--scale", "tiny", *words],
            stdin=reading,
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("leash", [[], ["--attached"]])
def test_a_port_in_use_is_told_by_the_process_itself(leash: list[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        person = serve("--port", port, *leash)
        machine = serve("--port", port, "--json", *leash)
    assert person.returncode == machine.returncode == 2
    assert person.stdout == machine.stderr == ""
    error = json.loads(machine.stdout)["error"]
    assert error["code"] == "port-in-use" and port in error["sentence"]
    assert person.stderr.splitlines() == [
        "UserError (port-in-use)",
        error["sentence"],
        f"→ {error['next_step']}",
    ]


def test_a_demo_whose_tournament_cannot_start_says_why(played: Any, tmp_path: Path) -> None:
    """Its state folder belongs to another running tournament."""
    home = tmp_path / "eraforge-demo"
    home.mkdir()
    (home / "tournament").symlink_to(played.root / "tournament")
    error = played.cli.fails_for_a_machine("demo", "--scale", "tiny", "-w", str(tmp_path), code="state-in-use")
    assert error["exit_code"] == 2
