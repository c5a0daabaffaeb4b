"""Verbs that play: the turn, as far as the name says, and the scores it earned."""

from __future__ import annotations

from eraforge.pipeline.catalogue.options import ENTRY, ROUND
from eraforge.pipeline.verb import Option, Verb

PLAY: tuple[Verb, ...] = (
    Verb(
        "data pull",
        "Download what an entry needs for a round; whole files that did not change are kept.",
        "eraforge.pipeline.verbs.play:data_pull",
        (ENTRY, ROUND),
    ),
    Verb(
        "data check",
        "Check the downloaded files: schema, universe, missing and repeated rows.",
        "eraforge.pipeline.verbs.play:data_check",
        (ENTRY, ROUND),
    ),
    Verb(
        "train",
        "Train the model of an entry on what was known; nothing to do if nothing changed.",
        "eraforge.pipeline.verbs.play:train",
        (ENTRY, ROUND),
    ),
    Verb(
        "evaluate",
        "Evaluate an entry by purged walk-forward, out of sample.",
        "eraforge.pipeline.verbs.play:evaluate",
        (ENTRY, ROUND),
    ),
    Verb(
        "predict",
        "Predict the live universe of a round and check the answer by the arena's rules.",
        "eraforge.pipeline.verbs.play:predict",
        (ENTRY, ROUND, Option("output", str, "", "also write the submission file here")),
    ),
    Verb(
        "submit",
        "Play the whole turn: fetch, check, train, evaluate, predict, submit once, read back.",
        "eraforge.pipeline.verbs.play:submit",
        (
            ENTRY,
            ROUND,
            Option("file", str, "", "submit this file of predictions instead of the entry's own"),
            Option("replace", bool, False, "replace the answer already confirmed for this round"),
            Option("late", bool, False, "send it although the window has closed: scored, but nothing is at stake"),
            Option("queue", bool, False, "send it now for the round that opens next"),
        ),
    ),
    Verb(
        "scores",
        "Fetch and show what the tournament published: CORR, MMC, percentile, payout.",
        "eraforge.pipeline.verbs.look:scores",
        (ENTRY, Option("last", int, 20, "rounds to show", least=1)),
    ),
)
