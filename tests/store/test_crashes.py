"""Real processes, really killed, and several at once: nothing acknowledged is lost, nothing is torn."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from eraforge.core.words import Phase
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

HERE = Path(__file__).parent
RANK = [Phase.INTENDED, Phase.SENT, Phase.UNKNOWN, Phase.CONFIRMED]
KILLS = 15


class Nursery:
    """The forking process, and what its children say."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "nursery.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, task: str, address: str, root: Path) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{task} {address} {root}\n")
        self.process.stdin.flush()

    def hear(self) -> list[str]:
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        assert words, "the nursery is dead"
        return words

    def hear_the_rest(self) -> list[list[str]]:
        """What dead children said before they died."""
        self.start("mark", "here", Path("-"))
        return list(iter(self.hear, ["mark", "here"]))

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    opened = Nursery()
    yield opened
    opened.close()


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    while Path(f"/proc/{process}").exists():
        time.sleep(0.001)


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_a_killed_process_loses_nothing_it_was_told_is_kept(nursery: Nursery, address: str, tmp_path: Path) -> None:
    random = np.random.default_rng(23)
    said: list[list[str]] = []
    for _ in range(KILLS):
        nursery.start("work", address, tmp_path / "objects")
        word, process = nursery.hear()
        assert word == "started"
        for _ in range(random.integers(0, 12)):
            said.append(nursery.hear())
        time.sleep(random.uniform(0, 0.006))
        kill(int(process))
        said += nursery.hear_the_rest()
        with Ledger.open(address) as ledger:
            assert ledger.verify_chain() == ledger.head()[0]
    objects = Objects(tmp_path / "objects")
    assert list(objects.verify()) == []
    with Ledger.open(address) as ledger:
        check(said, ledger, objects)


def check(said: list[list[str]], ledger: Ledger, objects: Objects) -> None:
    """Everything acknowledged is there, and the effect table is what the events tell."""
    events = {event.sequence: event for event in ledger.events()}
    told = {event.facts["key"]: event for event in events.values() if event.kind.startswith("effect.")}
    assert len(said) > KILLS and {words[0] for words in said} == {"event", "object", "effect"}
    for words in said:
        if words[0] == "event":
            event = events[int(words[1])]
            assert (event.subject, event.facts["number"]) == (words[2], int(words[3]))
        elif words[0] == "object":
            assert len(objects.get(words[1])) > 20_000
        else:
            record = ledger.effect(words[1])
            assert record is not None and RANK.index(record.phase) >= RANK.index(Phase(words[2]))
    for key, event in told.items():
        assert f"effect.{ledger.effect(key).phase}" == event.kind  # type: ignore[union-attr]
    assert {record.key for record in ledger.open_effects()} == {
        key for key, event in told.items() if event.kind != "effect.confirmed"
    }


def test_processes_that_start_at_once_share_one_ledger_and_one_chain(
    nursery: Nursery, address: str, tmp_path: Path
) -> None:
    for _ in range(4):
        nursery.start("append", address, tmp_path)
    said: list[list[str]] = []
    while sum(words[0] == "ended" for words in said) < 4:
        said.append(nursery.hear())
    with Ledger.open(address) as ledger:
        assert ledger.verify_chain() == 4 * 20 + 2
        for words in said:
            if words[0] == "started":
                numbers = [event.facts["number"] for event in ledger.events("append", words[1])]
                assert numbers == list(range(20))
        (sender,) = [words[1] for words in said if words[0] == "sent"]
        (sent,) = ledger.events("effect.sent")
        assert sent.facts["facts"] == {"by": int(sender)}


SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
static int count;
int synced(void) { return count; }
int fsync(int file) { count++; return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file); }
int fdatasync(int file) { count++; return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file); }
"""

COUNTING = """
import ctypes, pathlib, sys
from datetime import datetime, UTC
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects
synced, folder = ctypes.CDLL(None).synced, pathlib.Path(sys.argv[1])
with Ledger.open(folder / "ledger.sqlite") as ledger:
    objects = Objects(folder / "objects")
    for number in range(20):
        before = synced()
        ledger.record("k", "s", {}, datetime.now(UTC))
        between = synced()
        objects.put(b"%d" % number)
        print(between - before, synced() - between)
"""


@pytest.mark.skipif(shutil.which("cc") is None or sys.platform != "linux", reason="needs a C compiler on Linux")
def test_every_acknowledged_change_was_synced_to_the_disk(tmp_path: Path) -> None:
    (tmp_path / "shim.c").write_text(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "shim.so", "shim.c", "-ldl"], cwd=tmp_path, check=True)
    environment = {**os.environ, "LD_PRELOAD": str(tmp_path / "shim.so")}
    run = subprocess.run(
        [sys.executable, "-c", COUNTING, str(tmp_path)], env=environment, check=True, capture_output=True, text=True
    )
    counts = [tuple(map(int, line.split())) for line in run.stdout.splitlines()]
    assert len(counts) == 20
    for event, stored in counts:
        assert event >= 1  # the write-ahead log
        assert stored in (2, 3)  # the content, its folder, and a folder that is new
