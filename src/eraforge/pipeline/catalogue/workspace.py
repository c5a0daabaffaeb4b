"""Verbs about the workspace itself."""

from __future__ import annotations

from eraforge.pipeline.verb import Option, Verb

WORKSPACE: tuple[Verb, ...] = (
    Verb("config show", "Show every setting, its value and its origin.", "eraforge.pipeline.verbs.setup:config_show"),
    Verb(
        "doctor",
        "Check the workspace: objects, ledger, configuration, keys, server, clock.",
        "eraforge.pipeline.verbs.health:doctor",
    ),
    Verb(
        "check",
        "Run the contract checks of a plugin (a model) and say which it keeps.",
        "eraforge.pipeline.verbs.health:check",
        (
            Option("kind", str, "model", "kind of plugin", positional=True, choices=("model",)),
            Option("name", str, "", "its registered name", positional=True),
        ),
    ),
)
