"""What a verb is: its name, its options, the function that does its work, and who asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eraforge.core.errors import UserError

if TYPE_CHECKING:
    from eraforge.core.ports import Progress
    from eraforge.core.secret import Secret

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
        keyless: whether secrets are out of reach: so in the process in which a model computes.
        ask: asks the person for a secret text and does not show it; None where nobody is there.
    """

    folder: Path
    environment: Mapping[str, str]
    flags: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    say: Callable[[str], None] | None = None
    as_json: bool = False
    keyless: bool = False
    ask: Callable[[str], Secret] | None = None
