"""Real processes, really killed: at random moments, at every durable step, two at once; and no secret left behind."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from programmes import marks
from programmes.figures import Figure, Proof
from programmes.killing import KILLED, Doomed, Pace, kill
from programmes.real_turns import Site, Workspace

KILLS_FULL, CONTROL_FULL, POINTS_FULL, PAIRS_FULL = 2_000, 20, 106, 100
MOST_KILLS = 6
COLD_SHARE = 1 / 3
BREADTH = 6
"""Turns that are played at once, each in a workspace of its own."""


def prove_kills(site: Site, scale: int, first: int = 1) -> Proof:
    """Kill turns at random moments, most of them again and again, for at least `scale` kills in all."""
    warm, wanted = warmed(site), undisturbed(site)
    paces = [_paced(site, place) for place in (_like(site, warm), site.workspace())]
    seen, seeds = Counter[str](), count(first)

    def doom() -> Doomed | None:
        if seen["kills"] + seen["begun"] - seen["ended"] >= scale:
            return None
        generator = np.random.default_rng(next(seeds))
        cold = bool(generator.random() < COLD_SHARE)
        place = site.workspace() if cold else _like(site, warm)
        seen.update({"begun": 1, "cold": int(cold)})
        return Doomed(generator, place, paces[cold], int(generator.integers(1, MOST_KILLS + 1)))

    for doomed in kill(site, doom, BREADTH, seen):
        seen["ended"] += 1
        _compare(doomed.place, wanted, seen, doomed.code)
    turns = seen["ended"]
    figures = (
        *_figures("P1", "P5", seen, turns),
        Figure("P5", "kills (SIGKILL) in the middle of a turn", seen["kills"], ">= 1"),
        Figure("P5", "of them in the recovery from another", seen["again"]),
        *(Figure("P5", f"of them while {words}", seen[part]) for part, words in marks.PARTS.items()),
        Figure("P5", "turns played to their end", turns, ">= 1"),
        Figure("P5", "of them in a workspace where nothing was fetched or trained yet", seen["cold"]),
    )
    about = "turns over HTTP, killed up to six times each at random moments of every part, then run once more"
    return Proof("kills", about, seen["kills"], KILLS_FULL, f"{first}-{first + turns - 1}", figures)


def prove_control(site: Site, scale: int, first: int = 1) -> Proof:
    """Kill turns that resend blindly, once each, when their submission is created and not yet read back."""
    warm, doubles = warmed(site), 0
    for wave in batched(range(scale), BREADTH):
        places = [_like(site, warm) for _ in wave]
        for lives in ({"part": "_look", "blind": True}, {"blind": True}):
            processes = [place.start(**lives) for place in places]
            codes = [site.wait(process) for process in processes]
            assert set(codes) == {KILLED if "part" in lives else 0}, codes
        doubles += sum(place.state()["created"] > 1 for place in places)
    figures = (Figure("P1", "control, resent blindly: killed turns with two submissions", doubles, "== whole", scale),)
    about = "turns of a faulty product, killed between the creation and its read-back: what the count of doubles finds"
    return Proof("control", about, scale, CONTROL_FULL, "none", figures)


def prove_points(site: Site, scale: int, first: int = 1) -> Proof:
    """Kill a full turn at `scale` of its durable steps, and its recovery at another, and compare the ends."""
    wanted = undisturbed(site)
    steps = site.known["steps"]
    generator, seen = np.random.default_rng(first), Counter[str]()
    for wave in batched(_chosen(steps, scale), BREADTH):
        places = [site.workspace() for _ in wave]
        codes = _play_all(site, places, wave)
        seen["hit"] += codes.count(KILLED)
        left = [int(generator.integers(1, max(len(steps) - fatal + 4, 8) + 1)) for fatal in wave]
        seen["twice"] += _play_all(site, places, left).count(KILLED)
        _judge(site, places, wanted, seen)
    asked = min(scale, len(steps))
    figures = (
        Figure("P5", "crash points hit, before and after each durable step", seen["hit"], "== whole", asked),
        Figure("P5", "of them hit again during the recovery", seen["twice"], ">= 1"),
        Figure("P5", "durable steps of a turn, before and after each", len(steps)),
        *_figures("P1", "P5", seen, asked),
    )
    about = "a full turn from download to receipt, killed at its n-th step at the ports of store, ledger and writer"
    return Proof("points", about, asked, len(steps), f"{first}", figures)


def prove_pairs(site: Site, scale: int, first: int = 1) -> Proof:
    """Start the same turn twice at once, in one workspace, `scale` times."""
    warm, wanted, seen = warmed(site), undisturbed(site), Counter[str]()
    for wave in batched(range(scale), BREADTH // 2):
        places = [_like(site, warm) for _ in wave]
        codes = _play_all(site, [place for place in places for _ in range(2)])
        seen["both failed"] += sum(0 not in both for both in batched(codes, 2))
        _judge(site, places, wanted, seen)
    figures = (
        *_figures("P1", "P5", seen, scale),
        Figure("P1", "pairs of which neither ended well", seen["both failed"]),
    )
    about = "two processes begin the same turn in the same workspace at the same moment"
    return Proof("pairs", about, scale, PAIRS_FULL, f"{first}-{first + scale - 1}", figures)


def prove_secrets(site: Site, scale: int, first: int = 1) -> Proof:
    """Search everything that the processes before left, and some that fail, for the account's secret in every form."""
    place = site.workspace()
    for words in (["status"], ["doctor", "--json"], ["config", "show"], ["backup", "create"], ["scores", "--json"]):
        site.wait(site.start([*words, "--workspace", str(place.folder)]))
    (place.folder / "eraforge.toml").write_text((place.folder / "eraforge.toml").read_text().replace(":", ":1", 1))
    for verb in ("doctor", "round", "submit"):
        site.wait(site.start([verb, "--workspace", str(place.folder)]))
    argument = _argument_of(place)
    forms = forms_of(site.running.secret_key, site.running.public_id)
    files = [path for path in site.folder.rglob("*") if path.is_file() and "tournament" not in path.parts]
    hits, count = [], len(argument)
    for path in files:
        data = path.read_bytes()
        count += len(data)
        hits += [f"{path.name}: {form}" for form, sign in forms.items() if sign in data]
    hits += [f"argv: {form}" for form, sign in forms.items() if sign in argument]
    planted = sum(sign in b"log line " + sign + b" end" for sign in forms.values())
    figures = (
        Figure(
            "P12", "secrets found in files, databases, objects, output and arguments", len(hits), "== 0", len(files)
        ),
        Figure("P12", "bytes searched", count, ">= 1"),
        Figure("P12", "files searched", len(files), ">= 1"),
        Figure("P12", "forms searched for, each found where it was planted", planted, "== whole", len(forms)),
    )
    about = "what every process above wrote, and commands that fail; plain, base64, URL, hexadecimal, halves"
    return Proof("secrets", about, len(files), len(files), "none", figures)


def forms_of(secret: str, public: str) -> dict[str, bytes]:
    """The secret as it might slip out."""
    plain, both, half = secret.encode(), f"{public}${secret}".encode(), len(secret) // 2
    return {
        "plain": plain,
        "base64": base64.b64encode(plain).rstrip(b"="),
        "base64 of both": base64.b64encode(both).rstrip(b"="),
        "base64 for URLs": base64.urlsafe_b64encode(plain).rstrip(b"="),
        "URL": quote(secret + "/", safe="").encode(),
        "hexadecimal": plain.hex().encode(),
        "HEXADECIMAL": plain.hex().upper().encode(),
        "first half": plain[:half],
        "last half": plain[half:],
        "backwards": plain[::-1],
    }


def _argument_of(place: Workspace) -> bytes:
    """The arguments of a real process, as everybody on the machine may read them."""
    words = [sys.executable, "-m", "eraforge", "status", "--workspace", str(place.folder)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        found = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        process.wait()
    return found


def undisturbed(site: Site) -> dict[str, Any]:
    """The end of a turn that nobody disturbed; its steps are kept beside it."""
    if "state" not in site.known:
        place = site.workspace()
        assert place.play() == 0, site.outputs[-1].read_text()
        site.known |= {"state": place.state(), "steps": place.steps()}
        site.preload()
    state: dict[str, Any] = site.known["state"]
    return state


def warmed(site: Site) -> Path:
    """A workspace in which everything is computed already but the answer of a model not yet named."""
    if "warm" not in site.known:
        place = site.workspace()
        for verb in ("data check", "train"):
            words = [*verb.split(), "--entry", "linear", "--workspace", str(place.folder)]
            assert site.wait(site.start(words)) == 0, site.outputs[-1].read_text()
        site.known["warm"] = place.folder
    warm: Path = site.known["warm"]
    return warm


def _like(site: Site, warm: Path) -> Workspace:
    place = site.workspace()
    shutil.copytree(warm / ".eraforge", place.folder / ".eraforge")
    return place


def _paced(site: Site, place: Workspace) -> Pace:
    """How long a turn takes in such a workspace; it is played to its end."""
    assert place.play() == 0, site.outputs[-1].read_text()
    pace = Pace()
    pace.learn(marks.read(Path(f"{site.outputs[-1]}.marks")))
    return pace


def _play_all(site: Site, places: Sequence[Workspace], steps: Sequence[int] = ()) -> list[int]:
    """Play the turns of these workspaces at once, each to its end or to its death at its step."""
    fatal = steps or [0] * len(places)
    processes = [place.start(step) for place, step in zip(places, fatal, strict=True)]
    return [site.wait(process) for process in processes]


def batched(things: Iterable[int], size: int) -> Iterator[list[int]]:
    """Lists of so many, the last one of what is left."""
    left = iter(things)
    while batch := list(islice(left, size)):
        yield batch


def _chosen(steps: list[str], scale: int) -> Iterator[int]:
    """Numbers of steps: those around the submission first, the others spread over the turn."""
    if scale >= len(steps):
        yield from range(1, len(steps) + 1)
        return
    first = [1 + steps.index(f"{when} NumeraiWriter.create") for when in ("after", "before")][:scale]
    yield from first
    yield from (int(one) for one in np.linspace(2, len(steps) - 1, scale - len(first)))


def _judge(site: Site, places: Sequence[Workspace], wanted: dict[str, Any], seen: Counter[str]) -> None:
    """Run the turns once more, undisturbed, and compare their ends with the one they should have."""
    for place, code in zip(places, _play_all(site, places), strict=True):
        _compare(place, wanted, seen, code)


def _compare(place: Workspace, wanted: dict[str, Any], seen: Counter[str], code: int) -> None:
    state = place.state()
    names = ("held", "stages", "objects")
    found = {
        "doubles": state["created"] > 1,
        "lost": state["created"] < 1 or code != 0,
        "torn": state["rotten"],
        "disagreements": state["held"] != state["confirmed"] or state["open"] > 0 or not state["chain"],
        "unequal": any(not set(wanted[name]) <= set(state[name]) for name in names) or state["held"] != wanted["held"],
    }
    seen.update({name: int(count) for name, count in found.items()})
    if any(found.values()):
        kept = place.keep()
        print(f"{place.folder.name}: {found}, exit status {code}; kept in {kept}", file=sys.stderr, flush=True)


def _figures(once: str, resumed: str, seen: Counter[str], turns: int) -> tuple[Figure, ...]:
    return (
        Figure(once, "turns with two submissions", seen["doubles"], "== 0", turns),
        Figure(once, "turns that never came through", seen["lost"], "== 0", turns),
        Figure("P6", "torn objects", seen["torn"], "== 0", turns),
        Figure("P2", "disagreements of ledger and tournament", seen["disagreements"], "== 0", turns),
        Figure(resumed, "ends unlike the undisturbed one", seen["unequal"], "== 0", turns),
    )
