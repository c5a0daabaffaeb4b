"""Verbs about what is better and what it pays."""

from __future__ import annotations

from eraforge.pipeline.catalogue.options import ENTRY
from eraforge.pipeline.verb import Option, Verb

MONEY: tuple[Verb, ...] = (
    Verb(
        "compare",
        "Compare two entries: out of fold on the same eras, and live on the rounds both played.",
        "eraforge.pipeline.verbs.money.compare:compare",
        (
            Option("first", str, "", "one entry", positional=True),
            Option("second", str, "", "the entry to compare it with", positional=True),
        ),
    ),
    Verb(
        "payout forecast",
        "Forecast what the pending rounds will pay, from the entries' own live scores, and record it.",
        "eraforge.pipeline.verbs.money.payout_forecast:payout_forecast",
        (ENTRY,),
    ),
    Verb(
        "payout reconcile",
        "Judge recorded forecasts by what was settled, and recompute settled payouts from the scores.",
        "eraforge.pipeline.verbs.money.payout_reconcile:payout_reconcile",
        (ENTRY, Option("last", int, 60, "settled rounds to recompute per entry", least=1)),
    ),
)
