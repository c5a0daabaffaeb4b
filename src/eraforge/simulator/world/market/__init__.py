"""Signals and Crypto worlds: a market of daily prices, and features, targets, files and competitors made from it.

Knows: prices up to a day, from which that day's files follow alone; later prices only where a truth is asked for.
Refuses: clocks and rounds' states; a file that holds anything its round's day did not know.
"""

from eraforge.simulator.world.market.crypto import crypto_world
from eraforge.simulator.world.market.signals import signals_world
from eraforge.simulator.world.market.world import MarketWorld

__all__ = ["MarketWorld", "crypto_world", "signals_world"]
