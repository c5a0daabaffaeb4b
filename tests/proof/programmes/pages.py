"""The page of all figures, and the README's lines, from the figures file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from programmes.figures import Figure

ROOT = Path(__file__).resolve().parents[3]
PAGE, README = ROOT / "docs" / "proof.md", ROOT / "README.md"
BEGIN, END = "<!-- proof: written by tools/prove.py -->\n", "<!-- end of proof -->\n"

PROMISES = {
    "P1": "One answer per account, model and round",
    "P2": "What the tournament holds is what was decided",
    "P3": "No window is missed while it runs",
    "P4": "Nothing is sent late by accident",
    "P5": "A crash anywhere resumes, without repair by hand",
    "P6": "No torn, stale or rotten file is believed",
    "P7": "No look-ahead",
    "P9": "Live equals replay",
    "P10": "A stake moves only by a fresh approval, once, within its limits",
    "P11": "Money adds up",
    "P12": "Secrets never leave",
    "P13": "Scores are the official ones",
    "P15": "Bad data is refused, loudly",
}
ELSEWHERE = """\
| promise | proven by |
| --- | --- |
| P8 Folds are clean | `tests/evaluation/splitters/test_fold_checks.py` (properties and planted splitters) |
| P9 Declared lookbacks hold (its other half) | `tests/evaluation/leaks/test_honest_features.py` |
| P14 Same inputs, same bytes | the crash points above compare the digests of every object; `tests/models` |
| P16 One bad entry spoils only itself | `tests/pipeline/daemon/test_workers.py`, `tests/pipeline/daemon/test_loop.py` |
| P18 Old workspaces open, backups restore | `tests/store/test_migrate.py`, `tests/store/backup` |
| P19 The docs are true | `tests/house/test_docs.py` |
| P20 Every failure speaks once | `tests/pipeline/notices`, `tests/pipeline/daemon/test_processes.py` |
"""
HEAD = """\
# Proof

Every promise that a programme proves, with the figure, the bar it is held to, and how to get it again. Generated from
`proof/figures.json` by `tools/prove.py`; a test compares. A figure without a bar only informs.

`make prove` runs everything at full scale (some hours). The same programmes run at a small scale in `make test`. One of
them alone, at any scale: `.venv/bin/python tools/prove.py histories=5000`. Kills and pairs can be added to those that
are counted already: `.venv/bin/python tools/prove.py kills=+250`. Further seeds are drawn, and every commit that was
measured is named.
"""
TAIL = """\
## What this does not show

- Histories, stakes and the calendar run on virtual time with the product's own effects, daemon, slots, fallback,
  notices and server clock. Virtual are the tournament, the ledger (in memory, held to the real one by
  `tests/proof/test_memory_ledger.py`) and, in the calendar, the queue that executes work. The queue itself is proven by
  the real processes.
- Scales below the full one stand in the table of programmes. Of a whole turn, each point's recovery is killed at one
  drawn step; all pairs of points are tried for the submission alone, in one process.
- Exactly-once is impossible against a server without idempotency keys. Doubles stay at zero while a submission is shown
  within the settle time; the histories print what happens when it is shown later. Stakes are never resent at all.
- Killed turns are processes forked from one that has imported the product and runs no thread of ours; their libraries
  compute on one thread. The simulator they speak to over HTTP is never killed with them.
- A killed process loses nothing that the kernel holds: power cuts are covered only as far as every acknowledged change
  is synced (`tests/store/test_crashes.py` counts the calls), not by cutting power.
- A process on another machine that the network cuts off in the middle of a call may still be heard by the server later;
  its deadline is waited for (`tests/pipeline/effects/test_sender.py`), and no real network took part here.
- Disk faults are planted in the calls the store makes; `tests/interfaces/cli/test_bad_disks.py` adds real full disks.
- Leak probes prove that leaks are there, not that there are none; leaks inside downloaded data are out of their reach.
- The environment of the processes that compute for entries is searched in `tests/pipeline/daemon/test_workers.py`.
- The API (P17) and the screens (P21) have no programme here. Mutants are written by hand, of the effects alone: they
  show that these faults are noticed, not that all are.
- The season's daemon, its processes and its ledger are the real ones; the tournament is the simulator on small made-up
  data. Its clock runs beside real time while a window waits, leaps where the daemon itself waits for a later hour, and
  stands between windows and on days without a round. Each fault of a round strikes 5 % of the rounds, each fault of a
  request 0.8 % of those it can strike, which together is about one request in ten; the last round is free of faults.
  With 5 % each, half of all requests fail: 40 such rounds are played in `tests/pipeline/test_faulty_season.py`.
  The season may be played in parts: memory is that of the daemon's last life, with short models on small data, and
  commit and seconds are those of the last part. Its daemon holds no key that may stake: stakes are changed by the
  programme, as their owner. An answer that waits for a person counts as answered where the tournament holds one.
- Nothing here has met the real tournament: its read-back lag, file names and token scopes are to be measured there.
- Windows count as owed that had at least 15 minutes at a stretch of process, server and data. An answer by the fallback
  counts as an answer; it comes twelve minutes before the deadline.
"""


def page(known: dict[str, Any]) -> str:
    """The whole page."""
    parts = [HEAD, "## By promise\n\n" + _by_promise(known)]
    parts.append("## Programmes\n\n" + _programmes(known))
    parts.append("## Proven by tests alone\n\n" + ELSEWHERE)
    return "\n".join([*parts, TAIL])


def readme(text: str, known: dict[str, Any]) -> str:
    """The README with its lines brought up to date."""
    head, rest = text.split(BEGIN)
    return head + BEGIN + _summary(known) + END + rest.split(END)[1]


def figures_of(known: dict[str, Any], programme: str) -> list[Figure]:
    """The figures of one programme, or none where it has not run."""
    return [Figure(**one) for one in known.get(programme, {}).get("figures", [])]


def _by_promise(known: dict[str, Any]) -> str:
    parts = []
    for promise, text in PROMISES.items():
        rows = ["| figure | value | bar | programme |", "| --- | ---: | ---: | --- |"]
        for programme in sorted(known):
            own = [one for one in figures_of(known, programme) if one.promise == promise]
            rows += [f"| {one.name} | {_value(one)} | {_bar(one)} | {programme} |" for one in own]
        parts.append("\n".join([f"### {promise} {text}", "", *rows]))
    return "\n\n".join(parts) + "\n"


def _programmes(known: dict[str, Any]) -> str:
    rows = ["| programme | what it does | scale | full scale | seeds | commit | date | seconds |"]
    rows.append("| --- | --- | ---: | ---: | --- | --- | --- | ---: |")
    for name in sorted(known):
        one = known[name]
        commits = " ".join(f"`{commit}`" for commit in one["commit"].split())
        cells = (name, one["about"], f"{one['scale']:,}", f"{one['full']:,}", one["seeds"], commits)
        rows.append(f"| {' | '.join(cells)} | {one['date']} | {one['seconds']:,} |")
    return "\n".join(rows) + "\n"


def _value(one: Figure) -> str:
    value = f"{one.value:.1e}" if 0 < abs(one.value) < 1e-3 else f"{one.value:,.10g}"
    return f"{value} of {one.of:,.10g}" if one.of else value


def _bar(one: Figure) -> str:
    return "" if not one.bar else ("all" if one.bar == "== whole" else one.bar.removeprefix("== "))


SUMMARY = (
    ("histories", "histories with two submissions", "simulated histories with faults and crashes: doubles"),
    ("histories", "submissions that arrived late", "in the same histories: late submissions"),
    ("histories", "control, resent blindly: doubles", "a control that resends blindly: doubles"),
    ("schedule", "windows answered", "virtual years of rounds: windows answered, of those owed"),
    ("kills", "kills (SIGKILL)", "real kills in the middle of a turn"),
    ("kills", "turns with two submissions", "killed turns with two submissions"),
    ("control", "control, resent blindly", "a control that resends blindly: killed turns with two submissions"),
    ("points", "crash points hit", "crash points of a turn hit"),
    ("points", "ends unlike", "ends unlike the undisturbed one"),
    ("deep", "pairs of crash points", "crash points two deep, in a submission"),
    ("disk", "torn or mixed", "disk faults: torn content believed"),
    ("corruption", "corruptions refused", "corruptions refused"),
    ("leaks", "planted leaks caught", "planted leaks caught"),
    ("leaks", "honest columns", "honest columns accused"),
    ("replay", "answers that came out otherwise", "answers replayed from what was stored: other bytes"),
    ("stakes", "moves without", "stake moves unapproved"),
    ("stakes", "plans carried out twice", "stake moves doubled"),
    ("stakes", "moves over a limit", "stake moves over a limit"),
    ("scores", "largest gap", "largest gap to numerai-tools"),
    ("secrets", "secrets found", "secrets found, in so many files"),
)


def _summary(known: dict[str, Any]) -> str:
    rows = ["| measured | figure |", "| --- | ---: |"]
    for programme, begins, told in SUMMARY:
        found = [one for one in figures_of(known, programme) if one.name.startswith(begins)]
        rows += [f"| {told} | {_value(found[0])} |"] if found else []
    dates = sorted({one["date"] for one in known.values()})
    when = f", {dates[-1]}" if dates else ""
    return "\n".join(rows) + f"\n\nAll of them, with bars, seeds and scales: [docs/proof.md](docs/proof.md){when}.\n"
