"""The desk: the table of every verb. The command line, and later every other face, is drawn from this table.

A verb is named once, does its work in the function it refers to, and answers with plain facts. Functions are imported
when a verb is performed, so that asking for help costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eraforge.core.errors import UserError

if TYPE_CHECKING:
    from eraforge.core.ports import Progress

Facts = dict[str, Any]


@dataclass(frozen=True)
class Option:
    """One argument of a verb.

    Args:
        name: keyword of the verb's function; the flag is `--name` with dashes.
        kind: type of its value.
        default: value when it is not given (None: absent).
        text: one line for people.
        positional: given by place instead of by flag.
        choices: the only values taken, where there are few.
        least, most: bounds of a number, where there are any.
    """

    name: str
    kind: type
    default: Any
    text: str
    positional: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    def require(self, value: Any) -> None:
        """Refuse a value that is not taken.

        Raises:
            UserError: `option-out-of-choices`, `option-out-of-bounds`.
        """
        flag = self.name if self.positional else f"--{self.name.replace('_', '-')}"
        if self.choices and value not in self.choices:
            raise UserError("option-out-of-choices", f"{flag} is {value!r}.", f"Use one of: {', '.join(self.choices)}.")
        if self.least is not None and value < self.least:
            raise UserError("option-out-of-bounds", f"{flag} is {value}.", f"Use {self.least:g} or more.")
        if self.most is not None and value > self.most:
            raise UserError("option-out-of-bounds", f"{flag} is {value}.", f"Use {self.most:g} or less.")


@dataclass(frozen=True)
class Verb:
    """One thing eraforge can do.

    Args:
        name: words a person types ("data pull").
        text: one line for people.
        work: "module:function"; called with a Visit and the options as keywords, returns facts.
        options: its arguments.
        speaks: whether it writes its own lines while it runs (a server).
    """

    name: str
    text: str
    work: str
    options: tuple[Option, ...] = ()
    speaks: bool = False


@dataclass(frozen=True)
class Visit:
    """Who asks, and from where: what a face hands to a verb.

    Args:
        folder: the workspace.
        environment: variables of the process.
        flags: dotted configuration keys set for this call.
        progress: receives how far work has come.
        say: writes one line at once (only for verbs that speak).
        as_json: whether the asker is a machine.
    """

    folder: Path
    environment: Mapping[str, str]
    flags: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    say: Callable[[str], None] | None = None
    as_json: bool = False


_ENTRY = Option("entry", str, "", "one entry; all of them when left out")
_ROUND = Option("round", int, 0, "round number; the current one when left out", least=0)
_SEED = Option("seed", int, 7, "seed of everything the local tournament makes up")
_SCALE = Option("scale", str, "small", "size of the made-up data", choices=("tiny", "small", "full"))

VERBS: tuple[Verb, ...] = (
    Verb(
        "demo",
        "Play three rounds in a local tournament, from download to payout, in about a minute.",
        "eraforge.pipeline.verbs.demo:demo",
        (
            Option("rounds", int, 3, "rounds to play", least=1),
            Option("scale", str, "small", "size of the made-up data", choices=("tiny", "small")),
            _SEED,
            Option("fresh", bool, False, "begin again instead of continuing an earlier demo"),
        ),
    ),
    Verb(
        "init",
        "Write an eraforge.toml with one entry, ready to be edited.",
        "eraforge.pipeline.verbs.setup:init",
        (
            Option("server", str, "", "address of the tournament; the real one when left out"),
            Option("model", str, "my_model", "name of your model in the tournament"),
        ),
    ),
    Verb(
        "status",
        "Show every entry and the current round: what is done, what is missing, what to do.",
        "eraforge.pipeline.verbs.look:status",
    ),
    Verb(
        "round",
        "Show the current round of every arena played, and how long it stays open.",
        "eraforge.pipeline.verbs.look:rounds",
    ),
    Verb(
        "data pull",
        "Download what an entry needs for a round; whole files that did not change are kept.",
        "eraforge.pipeline.verbs.play:data_pull",
        (_ENTRY, _ROUND),
    ),
    Verb(
        "data check",
        "Check the downloaded files: schema, universe, missing and repeated rows.",
        "eraforge.pipeline.verbs.play:data_check",
        (_ENTRY, _ROUND),
    ),
    Verb(
        "train",
        "Train the model of an entry on what was known; nothing to do if nothing changed.",
        "eraforge.pipeline.verbs.play:train",
        (_ENTRY, _ROUND),
    ),
    Verb(
        "evaluate",
        "Evaluate an entry by purged walk-forward, out of sample.",
        "eraforge.pipeline.verbs.play:evaluate",
        (_ENTRY, _ROUND),
    ),
    Verb(
        "predict",
        "Predict the live universe of a round and check the answer by the arena's rules.",
        "eraforge.pipeline.verbs.play:predict",
        (_ENTRY, _ROUND, Option("output", str, "", "also write the submission file here")),
    ),
    Verb(
        "submit",
        "Play the whole turn: fetch, check, train, evaluate, predict, submit once, read back.",
        "eraforge.pipeline.verbs.play:submit",
        (
            _ENTRY,
            _ROUND,
            Option("file", str, "", "submit this file of predictions instead of the entry's own"),
            Option("replace", bool, False, "replace the answer already confirmed for this round"),
        ),
    ),
    Verb(
        "scores",
        "Fetch and show what the tournament published: CORR, MMC, percentile, payout.",
        "eraforge.pipeline.verbs.look:scores",
        (_ENTRY, Option("last", int, 20, "rounds to show", least=1)),
    ),
    Verb(
        "compare",
        "Compare two entries: out of fold on the same eras, and live on the rounds both played.",
        "eraforge.pipeline.verbs.compare:compare",
        (
            Option("first", str, "", "one entry", positional=True),
            Option("second", str, "", "the entry to compare it with", positional=True),
        ),
    ),
    Verb(
        "payout forecast",
        "Forecast what the pending rounds will pay, from the entries' own live scores, and record it.",
        "eraforge.pipeline.verbs.payout_forecast:payout_forecast",
        (_ENTRY,),
    ),
    Verb(
        "payout reconcile",
        "Judge recorded forecasts by what was settled, and recompute settled payouts from the scores.",
        "eraforge.pipeline.verbs.payout_reconcile:payout_reconcile",
        (_ENTRY, Option("last", int, 60, "settled rounds to recompute per entry", least=1)),
    ),
    Verb(
        "simulator serve",
        "Serve a local tournament that numerapi and eraforge can play in.",
        "eraforge.simulator.verbs:serve_verb",
        (
            Option("port", int, 8765, "port on the loopback address; 0 takes a free one", least=0, most=65535),
            _SEED,
            _SCALE,
            Option("state", str, "", "folder that keeps its state; a new temporary one when left out"),
            Option("speed", float, 0.0, "virtual seconds per real second; 0 stands still until advanced", least=0),
            Option("attached", bool, False, "stop when standard input closes"),
        ),
        speaks=True,
    ),
    Verb("config show", "Show every setting, its value and its origin.", "eraforge.pipeline.verbs.setup:config_show"),
    Verb(
        "doctor",
        "Check the workspace: objects, ledger, configuration, keys, server, clock.",
        "eraforge.pipeline.verbs.health:doctor",
    ),
    Verb(
        "check",
        "Run the contract checks of a plugin (a model) and say which it keeps.",
        "eraforge.pipeline.verbs.health:check",
        (
            Option("kind", str, "model", "kind of plugin", positional=True, choices=("model",)),
            Option("name", str, "", "its registered name", positional=True),
        ),
    ),
)


def find_verb(name: str) -> Verb:
    """The verb of that name.

    Raises:
        UserError: `unknown-verb`.
    """
    for verb in VERBS:
        if verb.name == name:
            return verb
    raise UserError("unknown-verb", f"There is no verb {name!r}.", "See `eraforge --help`.")


def perform(name: str, visit: Visit, options: Mapping[str, Any]) -> Facts:
    """Do what the verb says and return its facts.

    Raises:
        EraforgeError: whatever the work raises; an OSError it lets through is explained as one.
    """
    verb = find_verb(name)
    for option in verb.options:
        option.require(options.get(option.name, option.default))
    module, function = verb.work.split(":")
    work: Callable[..., Facts] = getattr(import_module(module), function)
    try:
        return work(visit, **options)
    except OSError as error:
        # A disk that is full or forbids: whatever the work touched, the sentence names the file.
        from eraforge.store.atomic import explain

        raise explain(error, Path(error.filename) if isinstance(error.filename, str) else visit.folder) from error
