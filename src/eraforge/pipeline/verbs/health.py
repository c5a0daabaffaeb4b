"""Verbs that examine: `doctor` for a workspace, `check` for a plugin."""

from __future__ import annotations

from collections.abc import Callable

from eraforge.core import plugins
from eraforge.core.errors import EraforgeError, UserError
from eraforge.pipeline.effects.settling import Settling
from eraforge.pipeline.secrets.scopes import ScopeFinding, judge
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import open_workspace, read_configuration

MOST_SKEW_SECONDS = 60.0


def doctor(visit: Visit) -> Facts:
    """Every part of the workspace, whether it is sound, and what to do where it is not."""
    findings = [_finding("configuration", lambda: f"{len(read_configuration(visit).rows())} settings are valid")]
    if findings[0]["ok"]:
        with open_workspace(visit) as tools:
            findings += [
                _finding("objects", lambda: _objects(tools)),
                _finding("ledger", lambda: f"{tools.ledger.verify_chain()} events, hash chain unbroken"),
                _finding("open effects", lambda: _open_effects(tools)),
                _finding("settle time", lambda: _settle_time(tools)),
                _finding(
                    "server", lambda: f"{tools.configuration.server.url}, {tools.clock.now():%Y-%m-%d %H:%M:%S} UTC"
                ),
            ]
            findings += [_account(tools, name) for name in tools.configuration.accounts]
            findings += [_finding(f"entry {name}", _entry(tools, name)) for name in tools.configuration.entries]
    return {"findings": findings, "exit_code": next((one["exit_code"] for one in findings if not one["ok"]), 0)}


def check(visit: Visit, kind: str, name: str) -> Facts:
    """Run the contract checks of a registered plugin.

    Raises:
        UserError: `unknown-plugin`, or `no-name` when none was given.
    """
    from eraforge.evaluation.checks import model_checks

    if not name:
        known = ", ".join(plugins.names(kind))
        raise UserError("no-name", f"Name the {kind} to check.", f"Registered: {known}.")
    findings = [
        {"name": result.check, "ok": result.passed, "text": result.sentence, "exit_code": 0 if result.passed else 3}
        for result in model_checks.check_model(name)
    ]
    return {"findings": findings, "exit_code": max((one["exit_code"] for one in findings), default=0)}


def _finding(name: str, look: Callable[[], str]) -> Facts:
    try:
        return {"name": name, "ok": True, "text": look(), "next": "", "exit_code": 0}
    except EraforgeError as error:
        return {
            "name": name,
            "ok": False,
            "text": error.sentence,
            "next": error.next_step,
            "exit_code": error.exit_code,
        }


def _objects(tools: Tools) -> str:
    from eraforge.core.errors import DataError

    rotten = [str(one.path) for one in tools.objects.verify()]
    if rotten:
        names = ", ".join(rotten[:3]) + (" …" if len(rotten) > 3 else "")
        raise DataError(
            "rotten-object",
            f"{len(rotten)} of the stored objects no longer hold what was stored: {names}.",
            "Delete these files; the next command fetches or computes them again.",
        )
    return "all stored objects match their digests"


def _open_effects(tools: Tools) -> str:
    from eraforge.core.errors import Held
    from eraforge.core.words import Phase

    waiting = tools.ledger.open_effects()
    held = [one for one in waiting if one.phase is Phase.HELD]
    if held:
        raise Held(
            "effect-held",
            f"{len(held)} submission(s) wait for a person: {held[0].facts.get('reason', 'unknown')}.",
            "Compare what the server holds; `eraforge submit --replace` sends your answer again.",
        )
    return f"{len(waiting)} unfinished" if waiting else "none unfinished"


def _settle_time(tools: Tools) -> str:
    """How long an unanswered change may take to show, by gateway; measured from every confirmation."""
    settling = Settling(tools.ledger, tools.configuration.server.url, tools.configuration.submit)
    seen = settling.measured()
    told = (
        f"99.9 % of {seen.count} confirmations showed within {seen.quantile:g} s" if seen.count else "none measured yet"
    )
    return f"{settling.seconds():g} s before an unanswered change counts as absent ({told})"


def _account(tools: Tools, account: str) -> Facts:
    """Whether the keys are accepted and may do what is needed; that they may do more is no fault, but worth a step."""
    scopes: list[ScopeFinding] = []

    def look() -> str:
        found = tools.readers(account).account()
        scopes.append(judge(account, found))
        if scopes[0].lacking:
            raise UserError("scope-lacking", scopes[0].sentence, scopes[0].next_step)
        models = sum(len(named) for named in found.models.values())
        return f"accepted for {found.username}, {models} models"

    row = _finding(f"keys of {account}", look)
    if row["ok"] and scopes[0].needless:
        row |= {"text": f"{row['text']}. {scopes[0].sentence}", "next": scopes[0].next_step}
    return row


def _entry(tools: Tools, name: str) -> Callable[[], str]:
    def look() -> str:
        from eraforge.pipeline.steps.fits import build_model

        entry = tools.configuration.entry(name)
        build_model(entry)
        return f"{entry.learner} plays for {entry.model} ({tools.model_id(entry)[:8]})"

    return look
