"""The made-up data of the local tournaments: dataset files, live rows, truths per day, competitors, prices.

Knows: a seed and a scale, from which every era follows alone, in any order, always the same.
Refuses: clocks, caches and real data; what lies after a round day never stands in that day's files.
"""

from eraforge.simulator.world.market import crypto_world, signals_world
from eraforge.simulator.world.world import World, build_world

__all__ = ["World", "build_world", "crypto_world", "signals_world"]
