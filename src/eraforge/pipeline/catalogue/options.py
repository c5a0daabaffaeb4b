"""Options that several verbs share."""

from __future__ import annotations

from eraforge.pipeline.verb import Option

ENTRY = Option("entry", str, "", "one entry; all of them when left out")
ROUND = Option("round", int, 0, "round number; the current one when left out", least=0)
SEED = Option("seed", int, 7, "seed of everything the local tournament makes up")
SCALE = Option("scale", str, "small", "size of the made-up data", choices=("tiny", "small", "full"))
