"""Opens a workspace folder: its configuration, stores, gateways and clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eraforge.core.configuration import Configuration, Loaded, load
from eraforge.core.errors import UserError
from eraforge.core.words import Entry
from eraforge.pipeline.verb import Visit

if TYPE_CHECKING:
    from eraforge.core.clock import Clock
    from eraforge.pipeline.tools import Tools

CONFIGURATION_FILE = "eraforge.toml"
STATE_FOLDER = ".eraforge"


def read_configuration(visit: Visit) -> Loaded:
    """The configuration of the visitor's folder; defaults alone when it has no file.

    Raises:
        UserError: what is wrong with it, and where.
    """
    file = visit.folder / CONFIGURATION_FILE
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(
            "configuration-unreadable", f"{file} cannot be read: {reason}.", "Put a text file there that you may read."
        ) from error
    return load(text, CONFIGURATION_FILE, visit.environment, visit.flags)


def chosen_entries(configuration: Configuration, name: str) -> list[Entry]:
    """The named entry, or all of them.

    Raises:
        UserError: `no-entries` or `unknown-entry`.
    """
    if name:
        return [configuration.entry(name)]
    if not configuration.entries:
        raise UserError(
            "no-entries",
            "No entry is configured in this folder.",
            "Run `eraforge init` here, or `eraforge demo` to see one play.",
        )
    return [configuration.entry(known) for known in configuration.entries]


def state_folder(folder: Path) -> Path:
    """Where a workspace keeps its stores, created if need be; the workspace itself must be there.

    Raises:
        UserError: `no-such-folder`, `folder-not-writable`.
        Transient: `disk-full`.
    """
    from eraforge.store.atomic import FULL, explain

    state = folder / STATE_FOLDER
    if not folder.is_dir():
        raise UserError(
            "no-such-folder",
            f"There is no folder {folder}.",
            f"Check --workspace, or run `eraforge init --workspace {folder}`.",
        )
    try:
        state.mkdir(exist_ok=True)
    except OSError as error:
        if error.errno in FULL:
            raise explain(error, state) from error
        raise UserError(
            "workspace-not-writable",
            f"{state} cannot be created: {error.strerror}.",
            "Choose a folder you may write to.",
        ) from error
    return state


@contextmanager
def open_workspace(visit: Visit, clock: Clock | None = None) -> Iterator[Tools]:
    """Open the stores and gateways of the visitor's folder, and close them afterwards.

    Args:
        clock: where the time comes from; the server's own clock when left out.

    Raises:
        UserError: a wrong configuration or missing keys (keys are asked for only when something needs them).
        Transient: `database-unreachable`.
    """
    from eraforge.arenas.clock import ServerClock
    from eraforge.pipeline.gateways import Gateways
    from eraforge.pipeline.stage_cache import StageCache
    from eraforge.pipeline.tools import Tools, no_progress
    from eraforge.store.ledger import Ledger
    from eraforge.store.objects import Objects

    configuration = read_configuration(visit).tree
    state = state_folder(visit.folder)
    url = configuration.store.ledger or f"sqlite:///{state / 'ledger.sqlite'}"
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(url))
        objects = Objects(state / "objects")
        if clock is None:
            clock = stack.enter_context(closing(ServerClock(configuration.server.url)))
        gateways = stack.enter_context(Gateways(visit, configuration, ledger, clock))
        yield Tools(
            folder=state,
            configuration=configuration,
            objects=objects,
            ledger=ledger,
            cache=StageCache(objects, ledger, clock),
            readers=gateways.reader,
            effects=gateways.effects,
            clock=clock,
            progress=visit.progress or no_progress,
        )


def play_turns(tools: Tools, entries: Sequence[Entry], rounds: Sequence[int]) -> list[dict[str, object]]:
    """Play each entry in its round, in order, durably; one entry's failure does not stop the others.

    Returns one row per entry: entry, round, and either the outcome or the error.
    """
    from eraforge.core.errors import EraforgeError
    from eraforge.pipeline.engine import open_engine
    from eraforge.pipeline.steps.ahead.reconcile import reconcile

    reconcile(tools)  # what an earlier crash left open is known before anything new begins
    rows: list[dict[str, object]] = []
    with open_engine(tools, [tools.configuration.entry(name) for name in tools.configuration.entries]) as engine:
        for entry, number in zip(entries, rounds, strict=True):
            try:
                rows.append({"entry": entry.name, "round": number, "outcome": engine.play(entry, number)})
            except EraforgeError as error:
                rows.append({"entry": entry.name, "round": number, "error": error.as_dict()})
    return rows
