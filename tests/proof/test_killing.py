"""The killing itself, tested: a death is a real SIGKILL, falls where it was drawn, and is counted once and truly."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programmes import marks
from programmes.killing import KILLED, ORDER, Doomed, Pace


class Place:
    """A workspace that only notes how its lives were begun."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, float]] = []

    def start(self, part: str = "", delay: float = 0) -> int:
        self.begun.append((part, delay))
        return len(self.begun)


def doomed(lives: int = 3, seconds: float = 1.0) -> tuple[Doomed, Any]:
    place: Any = Place()
    return Doomed(np.random.default_rng(1), place, Pace(dict.fromkeys(ORDER, seconds)), lives), place


@pytest.mark.skipif(not Path("/proc").exists(), reason="the timer is Linux's")
def test_the_kernel_kills_a_process_that_waits_for_nothing_and_holds_the_interpreter() -> None:
    code = "from programmes.kernel_timer import die_after; die_after(0.02); sum(range(10**12))"  # one call, no pause
    run = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, timeout=60, check=False)
    assert run.returncode == KILLED


def test_marks_say_what_a_process_was_at(tmp_path: Path) -> None:
    file = tmp_path / "marks"
    file.write_text("1.0 starting\n1.5 fetch\n")
    assert marks.read(file) == [(1.0, "starting"), (1.5, "fetch")]


def test_a_death_counts_where_it_fell_and_one_that_came_too_late_does_not() -> None:
    seen = Counter[str]()
    one, _ = doomed()
    one.end(KILLED, [(0.0, "starting"), (1.0, "fetch")], seen)
    assert seen == {"kills": 1, "fetch": 1, "again": 0} and one.lives == 2
    one.end(KILLED, [(0.0, "starting"), (1.0, "fetch"), (2.0, "check")], seen)
    assert seen["kills"] == 2 and seen["again"] == 1 and seen["check"] == 1
    one.end(KILLED, [(0.0, "starting"), (3.0, marks.OVER)], seen)
    assert seen["kills"] == 2 and one.lives == 0, "its process was killed, but its turn was over"


def test_later_lives_die_in_what_is_left_of_the_turn_or_while_they_start() -> None:
    seen = Counter[str]()
    one, place = doomed(lives=400)
    one.end(KILLED, [(0.0, "starting"), (1.0, "submit"), (2.0, "put")], seen)
    for _ in range(300):
        one.start()
    left = [marks.STARTING, *ORDER[ORDER.index("put") :]]
    assert {part for part, _ in place.begun} == set(left)
    assert all(0 <= delay <= 1 for _, delay in place.begun)
    one.lives = 0
    one.start()
    assert place.begun[-1] == ("", 0), "the last life is not disturbed"


def test_half_of_the_moments_are_even_over_time_and_half_over_parts() -> None:
    one, place = doomed()
    one.pace.seconds["fit"] = 16.0  # all others take 15 seconds together
    for _ in range(4_000):
        one.start()
    told = Counter(part for part, _ in place.begun)
    assert told["fit"] / 4_000 == pytest.approx(0.5 * 16 / 31 + 0.5 / 16, abs=0.03)
    assert told["feature"] / 4_000 == pytest.approx(0.5 / 31 + 0.5 / 16, abs=0.015)


def test_the_pace_is_that_of_parts_that_were_played_whole_and_for_the_first_time() -> None:
    pace = Pace()
    pace.learn([(0.0, "starting"), (1.0, "submit"), (1.5, "put"), (2.0, "submit"), (3.0, "ending")])
    assert pace.seconds == {"starting": 1.0, "submit": 1.5, "put": 0.5}
    pace.learn([(0.0, "starting"), (2.0, "submit"), (2.0, "put"), (2.0, "over")], ["starting", "put"])
    assert pace.seconds == pytest.approx({"starting": 1.2, "submit": 1.5, "put": 0.4})
