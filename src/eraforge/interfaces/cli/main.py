"""The `eraforge` command: parses, performs the verb at the desk, draws its facts, exits by the error table."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from eraforge.core.errors import EraforgeError, UserError
from eraforge.core.secret import Secret, redact
from eraforge.pipeline.catalogue import VERBS
from eraforge.pipeline.desk import perform
from eraforge.pipeline.verb import Option, Verb, Visit

INTERRUPTED = 130
GROUPS = {
    "data": "Download and check data.",
    "prices": "Bring prices, check them, look at them.",
    "simulator": "The local tournament: its clock, faults, log and judge.",
    "config": "The configuration.",
    "secrets": "Keys and passwords, kept where no other user reads them.",
    "backup": "The workspace in one file, and back.",
    "experiment": "Ideas tried, recorded, compared and reproduced.",
    "model": "The registry: versions of trained models, and which of them is in use.",
    "entry": "Entries that play unattended.",
    "webhook": "Whom the tournament calls for a model.",
    "stake": "Stakes: planned, approved by a person, carried out once.",
    "payout": "What rounds pay: forecast, recorded, and judged by what was settled.",
}


def build() -> typer.Typer:
    """The command tree, one command per verb of the desk."""
    app = typer.Typer(
        name="eraforge",
        help="Numerai tournaments from raw data to settled payout.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help answers in half the time
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    groups: dict[str, typer.Typer] = {}
    for verb in VERBS:
        *group, word = verb.name.split()
        home = app
        if group:
            if group[0] not in groups:
                groups[group[0]] = typer.Typer(no_args_is_help=True, help=GROUPS[group[0]], rich_markup_mode=None)
                app.add_typer(groups[group[0]], name=group[0])
            home = groups[group[0]]
        home.command(name=word, help=verb.text)(_command(verb))
    return app


def main() -> None:
    """Entry point of the console script."""
    # Threads that wait by spinning slow each other down many times over when a second process wants the cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.excepthook = _redacted_trace
    app = build()
    if "--json" not in sys.argv:
        app(standalone_mode=True)
        return
    from eraforge.interfaces.cli import draw

    try:
        sys.exit(app(standalone_mode=False))
    except TyperException as error:
        # A machine gets its one JSON object for a misspelt option too.
        misspelt = UserError("command-not-understood", error.format_message(), "See `eraforge --help`.")
        draw.face(True).error(misspelt)
        sys.exit(misspelt.exit_code)


def _command(verb: Verb) -> Callable[..., None]:
    def command(**given: Any) -> None:
        folder = Path(given.pop("workspace"))
        as_json = bool(given.pop("json"))
        sys.exit(_perform(verb, folder, as_json, given))

    parameters = [_parameter(option) for option in verb.options]
    parameters.append(
        inspect.Parameter(
            "workspace",
            inspect.Parameter.KEYWORD_ONLY,
            default=".",
            annotation=Annotated[str, typer.Option("--workspace", "-w", help="folder of the workspace")],
        )
    )
    parameters.append(
        inspect.Parameter(
            "json",
            inspect.Parameter.KEYWORD_ONLY,
            default=False,
            annotation=Annotated[bool, typer.Option("--json", help="print the same facts as JSON")],
        )
    )
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameter(option: Option) -> inspect.Parameter:
    text = option.text + (f" ({', '.join(option.choices)})" if option.choices else "")
    flag = f"--{option.name.replace('_', '-')}"
    info = typer.Argument(help=text) if option.positional else typer.Option(flag, help=text)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=option.default,
        annotation=Annotated[option.kind, info],
    )


def _perform(verb: Verb, folder: Path, as_json: bool, options: dict[str, Any]) -> int:
    from eraforge.interfaces.cli import draw

    face = draw.face(as_json, verb.speaks)
    visit = Visit(
        folder=folder,
        environment=dict(os.environ),
        progress=face.progress,
        say=face.say,
        as_json=as_json,
        ask=_asker(verb),
    )
    try:
        with face:
            facts = perform(verb.name, visit, options)
        if facts.get("page"):
            from eraforge.interfaces.pages import write_page

            write_page(verb.name, facts)
        face.answer(verb, facts)
        return int(facts.get("exit_code", 0))
    except EraforgeError as error:
        face.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        face.interrupted(verb)
        # Work in threads and in compiled code cannot be asked to stop; everything on disk is safe to leave as it is.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _asker(verb: Verb) -> Callable[[str], Secret] | None:
    """Asks at the terminal, each question once; else takes lines of standard input, but never for a verb that stays."""
    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    if not at_terminal and (verb.speaks or sys.stdin is None):
        return None
    answers: dict[str, Secret] = {}

    def ask(question: str) -> Secret:
        if question not in answers:
            text = getpass(f"{question}: ") if at_terminal else sys.stdin.readline().rstrip("\r\n")
            answers[question] = Secret(text)
        return answers[question]

    return ask


def _redacted_trace(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error nobody expected is shown whole, but for the secrets in its text."""
    sys.stderr.write(redact("".join(format_exception(kind, error, trace))))
