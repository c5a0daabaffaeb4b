"""How the command line shows facts, progress and errors to a person or to a machine."""

from __future__ import annotations

import json
import sys
import threading
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol

from eraforge.core.errors import EraforgeError
from eraforge.core.secret import redact
from eraforge.pipeline.verb import Verb

VIEWS = {
    "demo": "eraforge.interfaces.cli.views.play:demo",
    "status": "eraforge.interfaces.cli.views.look:status",
    "round": "eraforge.interfaces.cli.views.look:rounds",
    "scores": "eraforge.interfaces.cli.views.look:scores",
    "compare": "eraforge.interfaces.cli.views.laboratory.compare:compare",
    "payout forecast": "eraforge.interfaces.cli.views.money:forecast",
    "payout reconcile": "eraforge.interfaces.cli.views.money:reconcile",
    "experiment run": "eraforge.interfaces.cli.views.laboratory.research:experiment",
    "experiment list": "eraforge.interfaces.cli.views.laboratory.research:experiments",
    "experiment show": "eraforge.interfaces.cli.views.laboratory.research:experiment",
    "experiment compare": "eraforge.interfaces.cli.views.laboratory.compare:compare",
    "experiment report": "eraforge.interfaces.cli.views.laboratory.research:study",
    "experiment export": "eraforge.interfaces.cli.views.laboratory.research:exported",
    "experiment select": "eraforge.interfaces.cli.views.laboratory.blends:selection",
    "experiment reproduce": "eraforge.interfaces.cli.views.laboratory.research:reproduced",
    "search": "eraforge.interfaces.cli.views.laboratory.research:search",
    "model register": "eraforge.interfaces.cli.views.laboratory.research:version",
    "model list": "eraforge.interfaces.cli.views.laboratory.research:versions",
    "model promote": "eraforge.interfaces.cli.views.laboratory.research:promoted",
    "model rollback": "eraforge.interfaces.cli.views.laboratory.research:rolled_back",
    "model retire": "eraforge.interfaces.cli.views.laboratory.research:retired",
    "backup create": "eraforge.interfaces.cli.views.upkeep.keeping:backup",
    "backup check": "eraforge.interfaces.cli.views.upkeep.keeping:backup",
    "backup restore": "eraforge.interfaces.cli.views.upkeep.keeping:backup",
    "secrets store": "eraforge.interfaces.cli.views.upkeep.secrets:stored",
    "secrets list": "eraforge.interfaces.cli.views.upkeep.secrets:listed",
    "secrets forget": "eraforge.interfaces.cli.views.upkeep.secrets:forgotten",
    "webhook set": "eraforge.interfaces.cli.views.unattended:webhook",
    "webhook remove": "eraforge.interfaces.cli.views.unattended:webhook",
    "replay": "eraforge.interfaces.cli.views.upkeep.keeping:replay",
    "audit": "eraforge.interfaces.cli.views.upkeep.keeping:audit",
    "evaluate": "eraforge.interfaces.cli.views.play:evaluate",
    "data pull": "eraforge.interfaces.cli.views.play:steps",
    "data check": "eraforge.interfaces.cli.views.play:data_check",
    "prices pull": "eraforge.interfaces.cli.views.prices:pull",
    "prices check": "eraforge.interfaces.cli.views.prices:check",
    "prices show": "eraforge.interfaces.cli.views.prices:show",
    "train": "eraforge.interfaces.cli.views.play:steps",
    "predict": "eraforge.interfaces.cli.views.play:steps",
    "submit": "eraforge.interfaces.cli.views.play:submit",
    "init": "eraforge.interfaces.cli.views.upkeep.setup:init",
    "config show": "eraforge.interfaces.cli.views.upkeep.setup:config_show",
    "doctor": "eraforge.interfaces.cli.views.upkeep.setup:findings",
    "check": "eraforge.interfaces.cli.views.upkeep.setup:findings",
    "simulator advance": "eraforge.interfaces.cli.views.simulator:advance",
    "simulator faults": "eraforge.interfaces.cli.views.simulator:faults",
    "simulator log": "eraforge.interfaces.cli.views.simulator:log",
    "simulator judge": "eraforge.interfaces.cli.views.simulator:judge",
    "simulator seed": "eraforge.interfaces.cli.views.simulator:seed",
    "leak": "eraforge.interfaces.cli.views.laboratory.leaks:leak",
    "entry release": "eraforge.interfaces.cli.views.unattended:released",
    "stake claims": "eraforge.interfaces.cli.views.unattended:claims",
    "stake claim": "eraforge.interfaces.cli.views.unattended:stake",
    "stake plan": "eraforge.interfaces.cli.views.unattended:stake",
    "stake approve": "eraforge.interfaces.cli.views.unattended:stake",
    "stake move": "eraforge.interfaces.cli.views.unattended:stake",
}


class Face(Protocol):
    """One way to show what happens."""

    def __enter__(self) -> Face: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def progress(self, what: str, done: float, total: float) -> None: ...

    def say(self, line: str) -> None: ...

    def answer(self, verb: Verb, facts: dict[str, Any]) -> None: ...

    def error(self, error: EraforgeError) -> None: ...

    def interrupted(self, verb: Verb) -> None: ...


def face(as_json: bool, stays: bool = False) -> Face:
    """The face for a machine or for a person; `stays` for a verb that runs until it is stopped."""
    return MachineFace() if as_json else PersonFace(stays)


class MachineFace:
    """JSON on standard output, nothing else."""

    def __enter__(self) -> MachineFace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def progress(self, what: str, done: float, total: float) -> None:
        pass

    def say(self, line: str) -> None:
        sys.stdout.write(redact(line) + "\n")
        sys.stdout.flush()

    def answer(self, verb: Verb, facts: dict[str, Any]) -> None:
        if not verb.speaks:
            self.say(json.dumps(facts, indent=2, ensure_ascii=False))

    def error(self, error: EraforgeError) -> None:
        self.say(json.dumps({"error": error.as_dict()}, ensure_ascii=False))

    def interrupted(self, verb: Verb) -> None:
        if not verb.speaks:
            self.say(json.dumps({"error": {"kind": "Interrupted", "code": "interrupted", "exit_code": 130}}))


class PersonFace:
    """Tables, plots and live progress.

    Args:
        stays: whether it is shown for months. Then a bar leaves when its work is done, and without a screen there is
            none: what is drawn is remembered as long as the bars stand.
    """

    def __init__(self, stays: bool = False) -> None:
        from rich.console import Console

        self._stays = stays
        self._one_at_a_time = threading.Lock()
        self._out = Console(highlight=False)
        self._errors = Console(stderr=True, highlight=False)
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> PersonFace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def progress(self, what: str, done: float, total: float) -> None:
        """Show or move a bar. Steps of one entry ("boosted: folds") leave when they are done, the rest stays."""
        if self._stays and not self._errors.is_terminal:
            return
        with self._one_at_a_time:
            if self._bars is None:
                from eraforge.interfaces.cli.bars import bars

                self._bars = bars(self._errors)
                self._bars.start()
            if what not in self._tasks:
                self._tasks[what] = self._bars.add_task(what, total=total or None)
            self._bars.update(self._tasks[what], completed=done, total=total or None)
            if done >= total and (self._stays or ": " in what):
                self._bars.remove_task(self._tasks.pop(what))
                if self._stays and not self._tasks:
                    self._bars.stop()
                    self._bars = None

    def say(self, line: str) -> None:
        self._out.print(redact(line), markup=False)

    def answer(self, verb: Verb, facts: dict[str, Any]) -> None:
        if verb.speaks:
            return
        module, function = VIEWS[verb.name].split(":")
        failed = [row for row in facts.get("entries", []) if "error" in row]
        if failed:
            facts = {**facts, "entries": [row for row in facts["entries"] if "error" not in row]}
        getattr(import_module(module), function)(facts, self._out)
        for row in failed:
            self._show_error(f"{row['entry']}: ", row["error"])

    def error(self, error: EraforgeError) -> None:
        self._show_error("", error.as_dict())

    def _show_error(self, whose: str, error: dict[str, Any]) -> None:
        """An error in three lines: its kind, what is wrong, what next. Only a terminal gets them wrapped."""
        from rich.text import Text

        whole = not self._errors.is_terminal
        title = Text.assemble(whose, (str(error["kind"]), "bold red"), f" ({error['code']})")
        for line in (title, Text(redact(error["sentence"])), Text(redact(f"→ {error['next_step']}"), style="green")):
            self._errors.print(line, soft_wrap=whole)

    def interrupted(self, verb: Verb) -> None:
        self._errors.print("\nStopped. Everything done so far is kept; the same command continues.", style="yellow")
