"""Which programmes a tier runs, and at what scale: the same code for seconds at each change and for hours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from programmes import corruption, deep, disk, histories, mutants, oracles, replays, schedule, season, stakes
from programmes.figures import Proof

ALONE: Mapping[str, tuple[Callable[[int], Proof], int, int]] = {
    "histories": (histories.prove, 1_000, histories.FULL),
    "stakes": (stakes.prove, 10_000, stakes.FULL),
    "deep": (deep.prove, 2, deep.FULL),
    "schedule": (schedule.prove, 244, schedule.FULL),
    "disk": (disk.prove, 2, disk.FULL),
    "corruption": (corruption.prove, 1, corruption.FULL),
    "leaks": (oracles.prove_leaks, 3, oracles.LEAKS_FULL),
    "replay": (replays.prove, 1, replays.FULL),
    "scores": (oracles.prove_scores, 40, oracles.SCORES_FULL),
}
"""Name to the programme, its scale in the short tier, and in the long one."""

LONG: Mapping[str, tuple[Callable[[int], Proof], int, int]] = {
    "mutants": (mutants.prove, 0, mutants.FULL),
    "season": (season.prove, 0, season.FULL),
}
"""Those that no change waits for: each unit takes about half a minute."""

PROCESSES: Mapping[str, tuple[str, int, int]] = {
    "kills": ("prove_kills", 5, 2_000),
    "control": ("prove_control", 1, 20),
    "pairs": ("prove_pairs", 1, 100),
    "points": ("prove_points", 3, 106),
    "secrets": ("prove_secrets", 1, 1),
}
"""Those that share one simulator and its processes, in their order: secrets are searched in what the others left."""

COUNTED = ("kills", "pairs")
"""Those whose figures are all counts: what more seeds give is added to them."""


def short(name: str) -> Proof:
    """One programme at the scale of each change."""
    prove, scale, _ = ALONE[name]
    return prove(scale)


def with_processes(scales: Mapping[str, int], firsts: Mapping[str, int] = MappingProxyType({})) -> Iterator[Proof]:
    """The programmes with real processes, at these scales and from these seeds on."""
    from programmes import processes
    from programmes.real_turns import open_site

    with open_site() as site:
        for name, (function, _, _) in PROCESSES.items():
            if name in scales:
                yield getattr(processes, function)(site, scales[name], firsts.get(name, 1))
