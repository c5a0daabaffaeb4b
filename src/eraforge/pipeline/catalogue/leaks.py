"""The verb of the leak laboratory."""

from __future__ import annotations

from eraforge.pipeline.verb import Option, Verb

LEAKS: tuple[Verb, ...] = (
    Verb(
        "leak",
        "Look for leaks of the future in a registered plugin, or in an object of your own file.",
        "eraforge.pipeline.verbs.leaks:leak",
        (
            Option(
                "kind",
                str,
                "feature",
                "what it is",
                positional=True,
                choices=("feature", "label", "transform", "decision", "pipeline", "model", "splitter"),
            ),
            Option(
                "subject", str, "", "its registered name, or file.py:object; every registered one when left out", True
            ),
            Option("depth", str, "thorough", "how much is tried", choices=("quick", "thorough")),
            Option("seed", int, 7, "seed of the made-up histories and of every draw", least=0),
        ),
    ),
)
