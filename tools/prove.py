"""Runs the programmes that prove the promises for long, keeps their figures, and writes the pages that show them.

Usage: python tools/prove.py                     every programme at its full scale (hours)
       python tools/prove.py histories kills=200 these, the second at another scale; the other figures stay
       python tools/prove.py kills=+250          so many more, from the next seeds on, added to the figures kept
       ERAFORGE_SEASON=folder python tools/prove.py season=40
                                                 the season lies in that folder; a later run with more rounds goes on
       python tools/prove.py --pages             only write docs/proof.md and the README's lines anew
       python tools/prove.py --check             only say whether they are those of the figures
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "proof"))

from programmes import tiers  # noqa: E402
from programmes.figures import Figure, Proof, next_seed  # noqa: E402
from programmes.pages import PAGE, README, page, readme  # noqa: E402

from eraforge.core.clock import SystemClock, monotonic  # noqa: E402
from eraforge.store.atomic import write_atomic  # noqa: E402

FIGURES = ROOT / "proof" / "figures.json"


def known() -> dict[str, Any]:
    """The figures kept so far, by programme."""
    found: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return found


def asked(words: list[str]) -> dict[str, int]:
    """Programme to scale, as asked for; everything in full where nothing was named."""
    full = {name: scale for name, (_, _, scale) in {**tiers.ALONE, **tiers.LONG, **tiers.PROCESSES}.items()}
    if not words:
        return full
    named = dict(word.partition("=")[::2] for word in words)
    strange = set(named) - set(full)
    if strange:
        sys.exit(f"There is no programme {sorted(strange)[0]!r}. Choose among {', '.join(full)}.")
    return {name: int(scale or full[name]) for name, scale in named.items()}


def continued(words: list[str]) -> dict[str, int]:
    """The programmes that are to go on where they were left, and the seeds they go on from."""
    names = [word.partition("=+")[0] for word in words if "=+" in word]
    for name in names:
        if name not in tiers.COUNTED or name not in known():
            sys.exit(f"Nothing can be added to the figures of {name!r}: run it anew, without the +.")
    return {name: next_seed(known()[name]) for name in names}


def proofs(scales: Mapping[str, int], firsts: Mapping[str, int]) -> Iterator[Proof]:
    """Run the programmes one after the other."""
    for name, (prove, _, _) in {**tiers.ALONE, **tiers.LONG}.items():
        if name in scales:
            yield prove(scales[name])
    with_processes = {name: scales[name] for name in tiers.PROCESSES if name in scales}
    if with_processes:
        yield from tiers.with_processes(with_processes, firsts)


def current_commit() -> str:
    """The commit that lies here now."""
    told = subprocess.run(["git", "describe", "--always"], cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "none"


def keep(proof: Proof, commit: str, seconds: float, more: bool) -> Proof:
    """Put one programme's figures into the file, with the commit and the day; with `more`, beside those before them."""
    commits = [commit]
    if more:
        before = known()[proof.programme]
        proof, seconds = proof.after(before), seconds + before["seconds"]
        commits = list(dict.fromkeys([*before["commit"].split(), *commits]))
    told = {
        "commit": " ".join(commits),
        "date": f"{SystemClock().now():%Y-%m-%d}",
        "seconds": round(seconds),
    }
    FIGURES.parent.mkdir(exist_ok=True)
    everything = {**known(), proof.programme: {**proof.as_dict(), **told}}
    write_atomic(FIGURES, (json.dumps(everything, indent=1, sort_keys=True) + "\n").encode())
    return proof


def write_pages() -> None:
    """Bring the page and the README's lines up to date."""
    PAGE.write_text(page(known()))
    README.write_text(readme(README.read_text(), known()))


def run(words: list[str]) -> int:
    """Run what was asked for; the number of figures that miss their bar."""
    broken: list[str] = []
    firsts = continued(words)
    commit, began = current_commit(), monotonic()  # what is committed while it runs is not what is measured
    for ran in proofs(asked(words), firsts):
        proof = keep(ran, commit, monotonic() - began, ran.programme in firsts)
        for one in proof.figures:
            print(f"{proof.programme:>22}  {one.promise:<4} {_told(one)}", flush=True)
        broken += proof.broken()
        began = monotonic()
    write_pages()
    print("\n".join(["", *broken, f"{len(broken)} figures miss their bar; {PAGE.relative_to(ROOT)} is written."]))
    return len(broken)


def _told(one: Figure) -> str:
    of = f" of {one.of:,g}" if one.of else ""
    return f"{one.name}: {one.value:,g}{of}{'' if one.holds else '  MISSES ' + one.bar}"


if __name__ == "__main__":
    if "--check" in sys.argv:
        same = PAGE.read_text() == page(known()) and README.read_text() == readme(README.read_text(), known())
        sys.exit(0 if same else "docs/proof.md or README.md is stale: run `python tools/prove.py --pages`")
    if "--pages" in sys.argv:
        write_pages()
        sys.exit(0)
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # what a programme has started ends with it, as after Ctrl-C
    warnings.simplefilter("ignore", DeprecationWarning)
    sys.exit(1 if run(sys.argv[1:]) else 0)
