"""The effect protocol: the only door through which eraforge changes the outer world.

    (none) → intended → sent → (answer) ─ yes ─▶ confirmed
                          │              └ no, before any change ▶ refused
                          └ time-out, 5xx, cut, crash ▶ unknown ─ settle, read back ─┬ same digest  ▶ confirmed
                                                                                     ├ other digest ▶ held
                                                                                     ├ absent, money ▶ held
                                                                                     └ absent, else ▶ intended

`sent` is on disk before the first byte that can change anything, with the latest moment the call may still be running.
No change is sent twice for one key without a read-back in between; only reads are retried; money is never sent again by
the machine. What differs between kinds stands in their `Conduct`; the driver is one.
"""

from eraforge.pipeline.effects.door import Effects, open_effects
from eraforge.pipeline.effects.submission import Receipt, Timing

__all__ = ["Effects", "Receipt", "Timing", "open_effects"]
