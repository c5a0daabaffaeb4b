"""Verbs about prices: bring them, check them, look at them."""

from __future__ import annotations

from eraforge.pipeline.verb import Option, Verb

NAME = Option("name", str, "", "one [prices.NAME] table; all of them when left out")
AS_OF = Option("as_of", str, "", "as it was known then (2024-01-31, or with a time in UTC)")

PRICES: tuple[Verb, ...] = (
    Verb(
        "prices pull",
        "Bring what is new into the store of prices; corrections become later versions, nothing is overwritten.",
        "eraforge.pipeline.verbs.prices:pull",
        (NAME, Option("whole", bool, False, "ask for the whole past again, to find corrections in it")),
    ),
    Verb(
        "prices check",
        "Judge stored prices: duplicates, ranges, jumps, gaps, stale stretches, survivors, other vendors.",
        "eraforge.pipeline.verbs.prices:check",
        (NAME, AS_OF, Option("raw", bool, False, "look at the prices before the configured repairs")),
    ),
    Verb(
        "prices show",
        "Show what is stored: coverage over time, or one symbol with its corrections.",
        "eraforge.pipeline.verbs.prices:show",
        (NAME, AS_OF, Option("symbol", str, "", "one symbol")),
    ),
)
