"""What a programme gives: figures with the promise they belong to, the bar they are held to, and the seeds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure.

    Args:
        promise: short name of the promise ("P1").
        name: what is counted.
        value: the figure.
        bar: what it must be: `== 0`, `>= 30`, `<= 1e-12`, `== whole` (all of `of`), or "" where it only informs.
        of: out of how many, or 0.
    """

    promise: str
    name: str
    value: float
    bar: str = ""
    of: float = 0

    @property
    def holds(self) -> bool:
        """Whether the figure meets its bar."""
        if not self.bar:
            return True
        sign, limit = self.bar.split()
        bound = self.of if limit == "whole" else float(limit)
        return {"==": self.value == bound, "<=": self.value <= bound, ">=": self.value >= bound}[sign]


@dataclass(frozen=True)
class Proof:
    """What one programme found.

    Args:
        programme: its name.
        about: what was done, in a sentence.
        scale: how much of it was done, in its own unit.
        full: how much the long tier asks for.
        seeds: the seeds it drew from.
        figures: what came out.
    """

    programme: str
    about: str
    scale: int
    full: int
    seeds: str
    figures: tuple[Figure, ...]

    def broken(self) -> list[str]:
        """The figures that miss their bar, in words."""
        return [f"{self.programme}: {one.name} is {one.value}, bar {one.bar}" for one in self.figures if not one.holds]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the figures file."""
        return {**asdict(self), "figures": [asdict(one) for one in self.figures]}

    def after(self, kept: dict[str, Any]) -> Proof:
        """This proof and one kept before it, drawn from the seeds before its own, as one: every figure is a count.

        Raises:
            ValueError: they count different things, or the seeds do not follow one another.
        """
        before = {one["name"]: one for one in kept["figures"]}
        begin, last = kept["seeds"].split("-")
        first, end = self.seeds.split("-")
        if list(before) != [one.name for one in self.figures] or kept["about"] != self.about:
            raise ValueError(f"The figures kept of {self.programme} count something else: run it anew, without the +.")
        if int(first) != int(last) + 1:
            raise ValueError(f"The seeds of {self.programme} that are kept end with {last}: {first} does not follow.")
        figures = tuple(
            replace(one, value=one.value + before[one.name]["value"], of=one.of + before[one.name]["of"])
            for one in self.figures
        )
        return replace(self, scale=self.scale + kept["scale"], seeds=f"{begin}-{end}", figures=figures)


def next_seed(kept: dict[str, Any]) -> int:
    """The first seed that a kept proof has not drawn from."""
    return int(kept["seeds"].split("-")[-1]) + 1
