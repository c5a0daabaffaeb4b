"""When a turn is killed: at a moment drawn anew for each of its lives, in a part that it has not left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from programmes import marks
from programmes.real_turns import Site, Workspace

KILLED = -9
REMEMBERED = 0.8
ORDER = tuple(marks.PARTS)


@dataclass
class Pace:
    """How many seconds each part of a turn takes at present: other programs use the machine too."""

    seconds: dict[str, float] = field(default_factory=dict)

    def learn(self, written: Sequence[tuple[float, str]], new: Sequence[str] = ORDER) -> None:
        """Take in the marks of a process that is over; of its parts only the `new` ones, and not the one it died in."""
        taken: dict[str, float] = {}
        for (began, name), (ended, _) in pairwise(written):
            taken[name] = taken.get(name, 0.0) + ended - began
        for name in set(taken) & set(new):
            self.seconds[name] = REMEMBERED * self.seconds.get(name, taken[name]) + (1 - REMEMBERED) * taken[name]


@dataclass
class Doomed:
    """A turn that is to be killed so many times.

    Half of the moments are even over the time that is left of it, the other half over the parts that are left of it, so
    that the shortest are hit too; every life has its start to die in.
    """

    generator: np.random.Generator
    place: Workspace
    pace: Pace
    lives: int
    reached: int = 0
    deaths: int = 0
    code: int = KILLED

    @property
    def parts(self) -> list[str]:
        """The parts that the next life may die in."""
        return [marks.STARTING, *(name for name in ORDER[max(self.reached, 1) :] if name in self.pace.seconds)]

    def start(self) -> int:
        """Begin the next life; its process."""
        if self.lives == 0:
            return self.place.start()
        lengths = np.array([self.pace.seconds[name] for name in self.parts])
        chances = 0.5 * lengths / lengths.sum() + 0.5 / len(lengths)
        part = int(self.generator.choice(len(lengths), p=chances))
        delay = float(self.generator.uniform(0, lengths[part]))
        return self.place.start(part=self.parts[part], delay=delay)

    def end(self, code: int, written: Sequence[tuple[float, str]], seen: Counter[str]) -> None:
        """Take in how a life ended."""
        self.code = code
        self.pace.learn(written, self.parts)
        if code != KILLED or written[-1][1] == marks.OVER:
            self.lives = 0  # what came too late for the turn counts as no kill of it
            return
        seen["kills"] += 1
        seen[written[-1][1]] += 1
        seen["again"] += self.deaths > 0
        self.deaths += 1
        self.lives -= 1
        self.reached = max(self.reached, *(ORDER.index(name) for _, name in written))


def kill(site: Site, doom: Callable[[], Doomed | None], breadth: int, seen: Counter[str]) -> Iterator[Doomed]:
    """Play turns side by side, life after life, each until it has come to its end by itself; give those that have.

    Args:
        doom: gives the next turn to begin, or None when there are enough.
        breadth: how many are played at once.
    """
    running: dict[int, Doomed] = {}
    while True:
        while len(running) < breadth and (begun := doom()) is not None:
            running[begun.start()] = begun
        if not running:
            return
        process, code = site.wait_any()
        doomed = running.pop(process)
        doomed.end(code, marks.read(Path(f"{doomed.place.outputs[-1]}.marks")), seen)
        if code == KILLED:
            running[doomed.start()] = doomed
        else:
            yield doomed
