"""A catalogue of spoiled data sets, files and answers: each is refused before it is used, under its own name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.rules import check_submission
from eraforge.core.clock import StandingClock
from eraforge.core.errors import EraforgeError
from eraforge.core.panel import Sample
from eraforge.data.checks import check_panel
from eraforge.data.download import download
from eraforge.data.drift.compare import compare_panels
from eraforge.store.objects import Objects
from programmes.by_path import load
from programmes.figures import Figure, Proof

FULL = 1  # the catalogue, once
Case = tuple[str, str, Callable[[], Any]]


def prove(scale: int, first: int = 1) -> Proof:
    """Offer everything in the catalogue, and the sound originals beside it."""
    missed, unnamed, kinds, count = [], [], set(), 0
    for name, code, offer in catalogue():
        count += 1
        kinds.add(f"{name}: {code}")
        try:
            offer()
            missed.append(f"{name} {code}")
        except EraforgeError as error:
            if not (error.code.startswith(code) and error.sentence and error.next_step):
                unnamed.append(f"{name} {code}: {error.code}")
    accused = list(_sound_refused())
    figures = (
        Figure("P15", "corruptions refused", count - len(missed), "== whole", count),
        Figure("P15", "refused under another name than their own", len(unnamed), "== 0"),
        Figure("P15", "kinds in the catalogue", len(kinds), ">= 30"),
        Figure("P15", "sound originals refused", len(accused), "== 0", 4),
    )
    about = "schema, keys, universe, missing and impossible values, drift, order, damaged and stale files, answers"
    return Proof("corruption", about, scale, FULL, "7", figures)


def catalogue() -> Iterator[Case]:
    """Every spoiled thing: where, the code it must be refused under, and how it is offered."""
    yield from _panels()
    yield from _drifted()
    yield from _answers()
    yield from _files()
    yield from _objects()


def _panels() -> Iterator[Case]:
    checks = load("data/test_panel_checks.py")
    codes_of_several = {"too-few-rows": "", "features-missing": "", "era-without-rows": ""}
    for code, spoil in checks.CORRUPTIONS:

        def offer(spoil: Any = spoil, code: str = code) -> None:
            report = check_panel(checks.panel(spoil(checks.rows())), today=checks.TODAY)
            found = [one for one in report.findings if one.code == code]
            if found and not report.trustworthy:
                raise _refusal(found[0])
            report.refuse()

        yield "data set", codes_of_several.get(code, code), offer
    live = checks.rows().filter(pl.col("era") == "0001")
    yield (
        "live file with labels",
        "label-in-live-rows",
        lambda: check_panel(checks.panel(live, Sample.LIVE, ("0001",))).refuse(),
    )
    yield (
        "shrunk universe",
        "universe-shrunk",
        lambda: check_panel(checks.panel(checks.rows()), previous_rows=600).refuse(),
    )
    early = checks.moments().known["target"][4]
    yield (
        "labels before their time",
        "label-before-its-time",
        lambda: check_panel(checks.panel(checks.rows()), today=early).refuse(),
    )


def _refusal(finding: Any) -> EraforgeError:
    from eraforge.core.errors import DataError

    return DataError(finding.code, finding.sentence, finding.next_step)


def _drifted() -> Iterator[Case]:
    drift = load("data/drift/test_compare.py")
    sound = drift.panel()

    def low(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.minimum(values, 2).astype(np.int8)

    skewed = {
        f"f{place}": (lambda values, rng, place=place: np.minimum(values, place % 5).astype(np.int8))
        for place in range(8)
    }
    swapped = {f"f{place}": skewed[f"f{(place + 3) % 8}"] for place in range(8)}
    live = {"era": 2, "sample": Sample.LIVE}
    yield "live file", "columns-gone", lambda: compare_panels(sound, drift.panel(f1=None, **live)).refuse()
    yield (
        "live file",
        "column-types-changed",
        lambda: compare_panels(sound, drift.panel(f1=np.zeros(2_000), **live)).refuse(),
    )
    yield "live file", "columns-drifted", lambda: compare_panels(sound, drift.panel(1, f3=low, f4=low, **live)).refuse()
    yield (
        "columns swapped",
        "columns-drifted",
        lambda: compare_panels(drift.panel(**skewed), drift.panel(1, **swapped, **live)).refuse(),
    )


def _answers() -> Iterator[Case]:
    rules = load("arenas/test_rules.py")
    for frame, code in rules.CATALOGUE:
        if code:
            table = pl.DataFrame(frame, strict=False)
            yield "answer", code, lambda table=table: check_submission(table, CLASSIC, rules.LIVE)
    good = pl.DataFrame(rules.good())
    other = good.with_columns(pl.col("id").str.replace("n", "m"))
    yield "another round's ids", "invalid-submission-ids-too-few", lambda: check_submission(other, CLASSIC, rules.LIVE)
    text = good.with_columns(pl.lit("high").alias("prediction"))
    yield "words", "invalid-submission-values-no-numbers", lambda: check_submission(text, CLASSIC, rules.LIVE)


def _files() -> Iterator[Case]:
    downloads = load("data/test_download.py")
    whole = downloads.NEW
    spoiled = {
        "a page instead of a file": b"<html>sign in</html>",
        "the end is missing": whole[: len(whole) // 2],
        "the last bytes are others": whole[:-4] + b"XXXX",
        "the first bytes are others": b"XXXX" + whole[4:],
        "zeros between the marks": b"PAR1" + bytes(100) + b"PAR1",
        "empty": b"",
    }
    for name, content in spoiled.items():
        yield name, "file-damaged", lambda content=content: _fetch(downloads, content, [])
    yield "cut off and told shorter", "file-damaged", lambda: _fetch(downloads, whole, ["length-too-short"] * 3)


def _fetch(downloads: Any, content: bytes, faults: list[str], stale: bytes | None = None) -> bytes:
    """Download from a server that lies; what was then believed."""
    server = downloads.FaultServer()
    try:
        server.content, server.faults = content, faults
        with TemporaryDirectory() as name:
            part = Path(name) / "train.part"
            if stale is not None:
                part.write_bytes(stale)
            objects = Objects(Path(name) / "objects")
            clock = StandingClock(load("pipeline/effects/test_money.py").NOW)
            kept: list[str] = []
            place = lambda file: kept.append(objects.put_file(file))  # noqa: E731
            download("train.parquet", server.url, part, place, clock, persistence=downloads.QUICK)
            return objects.get(kept[0])
    finally:
        server.close()


def _objects() -> Iterator[Case]:
    def flipped() -> None:
        with TemporaryDirectory() as name:
            digest = Objects(Path(name)).put(bytes(1000))
            path = Path(name) / digest[:2] / digest
            path.chmod(0o600)
            path.write_bytes(bytes(999) + b"\x01")
            Objects(Path(name)).get(digest)

    def cut() -> None:
        with TemporaryDirectory() as name:
            digest = Objects(Path(name)).put(bytes(1000))
            path = Path(name) / digest[:2] / digest
            path.chmod(0o600)
            path.write_bytes(bytes(500))
            Objects(Path(name)).get(digest)

    yield "one bit of a stored object", "rotten-object", flipped
    yield "a stored object cut short", "rotten-object", cut


def _sound_refused() -> Iterator[str]:
    """Sound things that are refused, and a stale file that is believed."""
    checks, rules = load("data/test_panel_checks.py"), load("arenas/test_rules.py")
    drift, downloads = load("data/drift/test_compare.py"), load("data/test_download.py")
    try:
        check_panel(checks.panel(checks.rows()), today=checks.TODAY).refuse()
        check_submission(pl.DataFrame(rules.good()), CLASSIC, rules.LIVE)
        compare_panels(drift.panel(), drift.panel(1, era=2, sample=Sample.LIVE)).refuse()
        if _fetch(downloads, downloads.NEW, [], stale=downloads.OLD) != downloads.NEW:
            yield "an old file of the same size was taken for the wanted one"
    except EraforgeError as error:
        yield error.sentence
