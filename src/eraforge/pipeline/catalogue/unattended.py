"""Verbs for a desk that plays alone: the daemon, and what a person decides for it."""

from __future__ import annotations

from eraforge.pipeline.catalogue.options import ENTRY
from eraforge.pipeline.verb import Option, Verb

PLAN = Option("plan", str, "", "the plan's digest, or at least its first 8 signs", positional=True)

UNATTENDED: tuple[Verb, ...] = (
    Verb(
        "run",
        "Watch the rounds and play every entry in time, until stopped; several hosts may share one database.",
        "eraforge.pipeline.verbs.run:run",
        (
            Option("listen", str, "", "serve /health, /ready and /metrics at this HOST:PORT"),
            Option("log", str, "", "write JSON lines into this file, and rotate it"),
        ),
        speaks=True,
    ),
    Verb(
        "entry release",
        "Let a quarantined entry play again.",
        "eraforge.pipeline.verbs.run:release",
        (ENTRY,),
    ),
    Verb(
        "webhook set",
        "Have the tournament call an address whenever it wants an answer of the entry's model.",
        "eraforge.pipeline.verbs.webhook:register",
        (
            ENTRY,
            Option("address", str, "", "the address", positional=True),
            Option("variable", str, "", "the variable or stored secret that holds it, if it is to be seen nowhere"),
        ),
    ),
    Verb(
        "webhook remove",
        "Have the tournament call nobody for the entry's model.",
        "eraforge.pipeline.verbs.webhook:remove",
        (ENTRY,),
    ),
    Verb(
        "stake plan",
        "Plan a target stake for the model of an entry; nothing is moved.",
        "eraforge.pipeline.verbs.stakes:plan",
        (ENTRY, Option("target", str, "", "NMR that should be staked", positional=True)),
    ),
    Verb(
        "stake claims",
        "What resolved rounds have left to claim; nothing is moved.",
        "eraforge.pipeline.verbs.stakes:claims",
        (ENTRY,),
    ),
    Verb(
        "stake claim",
        "Plan to claim what the stake of one resolved round became; nothing is moved.",
        "eraforge.pipeline.verbs.stakes:claim",
        (ENTRY, Option("round", int, 0, "the round that locked it", positional=True)),
    ),
    Verb(
        "stake approve",
        "Approve one plan, once, for a limited time.",
        "eraforge.pipeline.verbs.stakes:approve",
        (PLAN,),
    ),
    Verb(
        "stake move",
        "Carry an approved plan out, if things are still as it was made for.",
        "eraforge.pipeline.verbs.stakes:move",
        (PLAN,),
    ),
)
