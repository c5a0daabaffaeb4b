"""Verbs of the local tournament."""

from __future__ import annotations

from eraforge.pipeline.catalogue.options import SCALE, SEED
from eraforge.pipeline.verb import Option, Verb

SIMULATOR: tuple[Verb, ...] = (
    Verb(
        "simulator serve",
        "Serve a local tournament that numerapi and eraforge can play in.",
        "eraforge.simulator.verbs:serve_verb",
        (
            Option("port", int, 8765, "port on the loopback address; 0 takes a free one", least=0, most=65535),
            SEED,
            SCALE,
            Option("state", str, "", "folder that keeps its state; a new temporary one when left out"),
            Option("speed", float, 0.0, "virtual seconds per real second; 0 stands still until advanced", least=0),
            Option("assume", str, "", "figures for what no source settles, like neutral_corr=2,neutral_mmc=4,cap=1"),
            Option("attached", bool, False, "stop when standard input closes"),
        ),
        speaks=True,
    ),
)
