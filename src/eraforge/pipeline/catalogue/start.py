"""Verbs a newcomer meets first: see it play, set it up, see where it stands."""

from __future__ import annotations

from eraforge.pipeline.catalogue.options import SEED
from eraforge.pipeline.verb import Option, Verb

START: tuple[Verb, ...] = (
    Verb(
        "demo",
        "Play three rounds of Classic, Signals and Crypto on this machine, from download to payout.",
        "eraforge.pipeline.verbs.demo:demo",
        (
            Option("rounds", int, 3, "rounds to play", least=1),
            Option("scale", str, "small", "size of the made-up data", choices=("tiny", "small")),
            SEED,
            Option("fresh", bool, False, "begin again instead of continuing an earlier demo"),
        ),
    ),
    Verb(
        "init",
        "Write an eraforge.toml with one entry, ready to be edited.",
        "eraforge.pipeline.verbs.setup:init",
        (
            Option("server", str, "", "address of the tournament; the real one when left out"),
            Option("model", str, "my_model", "name of your model in the tournament"),
        ),
    ),
    Verb(
        "status",
        "Show every entry and the current round: what is done, what is missing, what to do.",
        "eraforge.pipeline.verbs.look:status",
    ),
    Verb(
        "round",
        "Show the current round of every arena played, and how long it stays open.",
        "eraforge.pipeline.verbs.look:rounds",
    ),
)
