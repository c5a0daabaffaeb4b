"""Verbs of the local tournament."""

from __future__ import annotations

from eraforge.pipeline.catalogue.options import SCALE, SEED
from eraforge.pipeline.verb import Option, Verb

SERVER = Option("server", str, "http://127.0.0.1:8765", "address of the running simulator")
LOG = Option("log", str, "", "state folder of a simulator, or its journal", positional=True)

SIMULATOR: tuple[Verb, ...] = (
    Verb(
        "simulator serve",
        "Serve a local tournament that numerapi and eraforge can play in.",
        "eraforge.simulator.verbs.serving:serve_verb",
        (
            Option("port", int, 8765, "port on the loopback address; 0 takes a free one", least=0, most=65535),
            SEED,
            SCALE,
            Option("state", str, "", "folder that keeps its state; a new temporary one when left out"),
            Option("speed", float, 0.0, "virtual seconds per real second; 0 stands still until advanced", least=0),
            Option("faults", str, "", "fault plan in TOML to put in force"),
            Option("assume", str, "", "figures for what no source settles, like neutral_corr=2,neutral_mmc=4,cap=1"),
            Option("attached", bool, False, "stop when standard input closes"),
        ),
        speaks=True,
    ),
    Verb(
        "simulator advance",
        "Move the clock of a running simulator: to the next event, to a moment, or on at another speed.",
        "eraforge.simulator.verbs.operating:advance",
        (
            SERVER,
            Option("to", str, "", "moment to move to, in UTC, like 2026-09-02T12:01"),
            Option("seconds", float, 0.0, "virtual seconds to move by", least=0),
            Option("speed", float, -1.0, "virtual seconds per real second from then on; 0 stands still"),
        ),
    ),
    Verb(
        "simulator faults",
        "Show the faults of a running simulator, and set them: a plan, one more fault, or none.",
        "eraforge.simulator.verbs.operating:faults",
        (
            Option("name", str, "", "fault to add to those in force; only show them when left out", positional=True),
            SERVER,
            Option("plan", str, "", "fault plan in TOML to put in their place"),
            Option("probability", float, 1.0, "of striking a request that matches", least=0, most=1),
            Option("on", str, "", "only these of the matching requests, like 1,3"),
            Option("operations", str, "", "only these operations or files, like createSubmission,*.parquet"),
            Option("rounds", str, "", "only these rounds, for a fault of rounds, like 1347,1350"),
            Option("settings", str, "", 'settings of the fault, like "seconds=3, pieces=10"'),
            Option("clear", bool, False, "end all faults first"),
        ),
    ),
    Verb(
        "simulator log",
        "Show the requests that a simulator was asked, what became of them, and the changes they made.",
        "eraforge.simulator.verbs.history:log",
        (
            LOG,
            Option("last", int, 40, "rows to show", least=1),
            Option("operation", str, "", "only this operation, like createSubmission or *Stake*"),
            Option("model", str, "", "only the model of this identifier"),
            Option("fault", str, "", "only requests that met this fault; ?* for any"),
            Option("outcome", str, "", "only this outcome: answered, errors, refused, failed, cut, unanswered"),
            Option("changes", bool, False, "show state changes too"),
        ),
    ),
    Verb(
        "simulator judge",
        "Judge a history: doubles, late sends, missed windows, mismatches, doubled stakes, books.",
        "eraforge.simulator.verbs.history:judge",
        (LOG, Option("replacements", bool, False, "take another answer for a round for one that was asked for")),
    ),
    Verb(
        "simulator seed",
        "Show what a seed gives: the world, and the ready account with its keys and models.",
        "eraforge.simulator.verbs.history:seed",
        (SEED, Option("scale", str, "tiny", "size of the made-up data", choices=("tiny", "small", "full"))),
    ),
)
