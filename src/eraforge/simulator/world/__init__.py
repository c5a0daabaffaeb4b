"""The made-up data of the local tournaments: dataset files, live rows, truths per day, competitors, prices.

Knows: a seed and a scale, from which every era follows alone, in any order, always the same.
Refuses: clocks, caches and real data; what lies after a round day never stands in that day's files.
"""

from eraforge.simulator.port import World as AnyWorld
from eraforge.simulator.world.market import crypto_world, signals_world
from eraforge.simulator.world.world import World, build_world

__all__ = ["World", "build_world", "build_worlds", "crypto_world", "signals_world"]


def build_worlds(seed: int, scale: str) -> dict[int, AnyWorld]:
    """The world of every tournament served, by the tournament's number; building them draws no era yet.

    Raises:
        UserError: `unknown-scale`.
    """
    worlds = build_world(seed, scale), signals_world(seed, scale), crypto_world(seed, scale)
    return {world.arena.tournament: world for world in worlds}
