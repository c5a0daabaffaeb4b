"""The laboratory: every probe that fits a subject, on made-up histories, in one report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from eraforge.core import plugins
from eraforge.core.errors import EraforgeError, UserError
from eraforge.core.panel import ID, Panel
from eraforge.core.ports import Feature
from eraforge.evaluation.checks.model_checks import FAULTS
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.checks.practice_bars import practice_bars
from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.chance import next_return, shuffled_target
from eraforge.evaluation.leaks.findings import LeakReport, ProbeResult
from eraforge.evaluation.leaks.fold_audit import audit_splitter
from eraforge.evaluation.leaks.panel_history import PanelHistory
from eraforge.evaluation.leaks.probes import SCRAMBLES, begin, future_scramble, repetition, truncation, warm_up
from eraforge.evaluation.leaks.subjects import (
    BarSubject,
    DecisionSubject,
    FamilySubject,
    FeatureSubject,
    History,
    LabelSubject,
    PipelineSubject,
    Subject,
    TransformSubject,
    model_pipeline,
)
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.features.feature import Family

KINDS = ("feature", "label", "transform", "decision", "pipeline", "model", "splitter")
REGISTERED = ("feature", "label", "model")
SEED = 7
SPARE_MOMENTS = 140
ROWS = 24
LEARNED_ERAS = (10, 20, 30)
"""Eras of the 40 made-up ones in the first part that a model learns from: as few as it can do with."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How much is tried.

    Args:
        name: quick or thorough.
        cuts: moments after which the future is changed.
        at_each: scrambles at each cut, of the five in turn.
        by_chance: whether runs by chance are made too.
    """

    name: str
    cuts: int
    at_each: int
    by_chance: bool


DEPTHS = {one.name: one for one in (Depth("quick", 3, 2, False), Depth("thorough", 10, len(SCRAMBLES), True))}


def depth_of(name: str) -> Depth:
    """The depth of that name.

    Raises:
        UserError: `unknown-depth`.
    """
    if name not in DEPTHS:
        raise UserError("unknown-depth", f"There is no depth {name!r}.", f"Use one of: {', '.join(DEPTHS)}.")
    return DEPTHS[name]


def examine(subject: Subject, history: History, depth: Depth, seed: int = SEED) -> LeakReport:
    """Every probe that fits the subject.

    Args:
        subject: what is examined.
        history: what it is tried on: a BarHistory or a PanelHistory.
        depth: how much is tried.
        seed: of everything drawn at random; equal seeds give equal reports.
    """

    def report(*probes: ProbeResult) -> LeakReport:
        return LeakReport(subject.name, subject.kind, depth.name, seed, history.told, probes)

    try:
        trial = begin(subject, history, depth.cuts, seed)
        repeated = repetition(trial)
    except (*FAULTS, EraforgeError) as error:
        sentence = f"{subject.name} fails on an untouched history: {str(error).rstrip('.')}."
        return report(ProbeResult("repetition", sentence, 0, code=getattr(error, "code", "")))
    if not repeated.passed:
        return report(repeated)
    probes = [repeated, future_scramble(trial, depth.at_each)]
    if subject.truncatable:
        probes.append(truncation(trial))
    if isinstance(history, BarHistory) and subject.lookback is not None:
        probes.append(warm_up(trial, history))
    if depth.by_chance:
        probes += _by_chance(subject, history, seed)
    return report(*probes)


def examine_growing(tries: Iterable[tuple[Subject, History]], depth: Depth, seed: int = SEED) -> LeakReport:
    """Every probe on the first history that is long enough for the subject to learn from, or on the last.

    How many eras a model needs is its own business: a blend cuts folds within them, early stopping keeps some apart.

    Args:
        tries: a subject and what it is tried on, the shortest first; at least one.
        depth, seed: as in `examine`.
    """
    for subject, history in tries:
        report = examine(subject, history, depth, seed)
        if not report.too_short:
            break
    return report


def _by_chance(subject: Subject, history: History, seed: int) -> Iterator[ProbeResult]:
    for backwards in (False, True):
        if isinstance(history, PanelHistory) and not subject.truncatable:
            yield shuffled_target(subject, history, seed, backwards)
        elif isinstance(history, BarHistory) and subject.kind == "feature":
            yield next_return(subject, seed, len(history.moments) + SPARE_MOMENTS, backwards)


def examine_object(kind: str, name: str, given: Any, depth: str = "thorough", seed: int = SEED) -> LeakReport:
    """Examine an object of a kind on the laboratory's own made-up history.

    Args:
        kind: one of KINDS.
        name: what the report calls it.
        given: the object, or a class that is made without arguments. A feature or label computes from Bars; a
            transform or pipeline is called with a Panel; a decision with a Panel and an era; a model has `fit`; a
            splitter has `split`.
        depth: quick or thorough.
        seed: of the histories and the scrambles.

    Raises:
        UserError: `unknown-subject-kind`, `unknown-depth`, `subject-of-another-kind`.
    """
    chosen = depth_of(depth)
    thing = _made(kind, name, given)
    if kind == "splitter":
        probe = audit_splitter(thing, 10 * chosen.cuts, seed)
        return LeakReport(name, kind, depth, seed, "made-up calendars with late labels and gaps", (probe,))
    if kind in ("feature", "label"):
        subject = _bar_subject(kind, name, thing)
        ahead = thing.horizon + thing.lag if kind == "label" else 0
        reach = subject.reach if isinstance(subject, FamilySubject) else subject.lookback
        moments = SPARE_MOMENTS + (reach or 2 * ahead or SPARE_MOMENTS)
        return examine(subject, BarHistory(practice_bars(seed, moments=moments)), chosen, seed)
    rows = PanelHistory(practice_rows(seed))
    if kind == "model":
        _require(name, kind, hasattr(thing, "fit"), "fit and load")
        tries = ((model_pipeline(name, thing, WalkForward(chunk=chunk)), rows) for chunk in LEARNED_ERAS)
        return examine_growing(tries, chosen, seed)
    return examine(_panel_subject(kind, name, thing), rows, chosen, seed)


def examine_registered(kind: str, name: str, depth: str = "thorough", seed: int = SEED) -> LeakReport:
    """Examine a registered feature (or family of them), label or model.

    Raises:
        UserError: `unknown-plugin`, `subject-not-registered`, and as `examine_object`.
    """
    _require_registered(kind)
    if kind == "feature" and name not in plugins.names(kind):
        from eraforge.features.catalogue import named

        return examine_object(kind, name, named([name])[0], depth, seed)
    return examine_object(kind, name, plugins.find(kind, name), depth, seed)


def examine_all(
    kind: str = "feature",
    depth: str = "thorough",
    seed: int = SEED,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[LeakReport, ...]:
    """Examine everything registered under a kind: by default every registered feature.

    Args:
        kind: feature, label or model. A registered feature may be a collection of features; each is examined.
        depth, seed: as in `examine_object`.
        progress: told the name about to be examined, how many are done and how many there are.
    """
    _require_registered(kind)
    subjects = [
        (name, one) for entry in plugins.names(kind) for name, one in _members(entry, plugins.find(kind, entry))
    ]
    reports = []
    for place, (name, one) in enumerate(subjects):
        if progress is not None:
            progress(name, place, len(subjects))
        reports.append(examine_object(kind, name, one, depth, seed))
    return tuple(reports)


def practice_rows(seed: int = SEED) -> Panel:
    """Made-up rows whose ids persist, so that what is carried from era to era by id shows."""
    panel = practice_panel(seed, eras=40, rows=ROWS, features=6, signal=0.2, horizon=20, purge=4)
    frame = panel.collect()
    ids = pl.Series(ID, [f"n{place % ROWS:015x}" for place in range(frame.height)])
    return replace(panel, frame=frame.with_columns(ids).lazy())


def _members(entry: str, found: Any) -> list[tuple[str, Any]]:
    """A registered object, or the members of a registered collection."""
    if isinstance(found, Sequence) and not isinstance(found, str):
        return [(str(getattr(one, "name", f"{entry}[{place}]")), one) for place, one in enumerate(found)]
    return [(entry, found)]


def _made(kind: str, name: str, given: Any) -> Any:
    if kind not in KINDS:
        raise UserError(
            "unknown-subject-kind", f"There is no kind of subject {kind!r}.", f"Use one of: {', '.join(KINDS)}."
        )
    if not isinstance(given, type):
        return given
    try:
        return given()
    except TypeError as error:
        raise UserError(
            "subject-of-another-kind",
            f"{name} is a class that cannot be made without arguments: {error}.",
            "Name an object instead, made with the settings to examine.",
        ) from error


def _bar_subject(kind: str, name: str, thing: Any) -> Subject:
    if kind == "label":
        _require(name, kind, all(hasattr(thing, one) for one in ("compute", "horizon", "lag")), "horizon, lag, compute")
        return LabelSubject(thing)
    if isinstance(thing, Family):
        return FamilySubject(thing)
    if isinstance(thing, Feature):
        return FeatureSubject(thing)
    _require(name, kind, callable(thing), "what eraforge.core.ports.Feature names, or a function of Bars")
    return BarSubject(name, thing)


def _panel_subject(kind: str, name: str, thing: Any) -> Subject:
    _require(name, kind, callable(thing), "a function of a Panel (and of an era, for a decision)")
    if kind == "decision":
        return DecisionSubject(name, thing)
    return TransformSubject(name, thing) if kind == "transform" else PipelineSubject(name, thing)


def _require(name: str, kind: str, condition: bool, expected: str) -> None:
    if not condition:
        raise UserError("subject-of-another-kind", f"{name} is no {kind}.", f"A {kind} has {expected}.")


def _require_registered(kind: str) -> None:
    if kind not in REGISTERED:
        raise UserError(
            "subject-not-registered",
            f"A {kind} is not registered under a name.",
            f"Name it as file.py:object; by name alone: {', '.join(REGISTERED)}.",
        )
