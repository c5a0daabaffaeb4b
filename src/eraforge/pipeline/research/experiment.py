"""One file is one experiment: an entry to evaluate, how to evaluate it, and why it is tried."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eraforge.core.configuration import EntryTable
from eraforge.core.errors import UserError
from eraforge.core.words import Entry


class EvaluationTable(BaseModel):
    """How the experiment is judged.

    `walk_forward` trains each block on all eras before it, `rolling` on one block only, `official` in the tournament's
    chunks of 156 eras; `purged_k_fold` on both sides of a block. `embargo` counts eras left out besides the purge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    splitter: Literal["walk_forward", "rolling", "official", "purged_k_fold"] = "walk_forward"
    folds: int = Field(default=4, ge=1, le=50)
    embargo: int = Field(default=0, ge=0)


class Experiment(BaseModel):
    """An experiment as its file states it.

    `entry` takes the keys of an `[entries.NAME]` table; it plays for no model of the tournament and needs none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    note: str = ""
    entry: EntryTable
    evaluation: EvaluationTable = EvaluationTable()

    def as_entry(self) -> Entry:
        """The entry that is evaluated; its folds are the evaluation's."""
        return Entry(name=self.name, **{**self.entry.model_dump(), "folds": self.evaluation.folds})


def read_experiment(path: Path) -> Experiment:
    """Read an experiment's file; its name is the file's unless it states one.

    Raises:
        UserError: `experiment-unreadable`, `experiment-wrong`, naming the key.
    """
    return read_experiment_tree(path)[0]


def read_experiment_tree(path: Path) -> tuple[Experiment, dict[str, Any]]:
    """An experiment, and the tables of its file that are another verb's: `search`.

    Raises:
        UserError: `experiment-unreadable`, `experiment-wrong`, naming the key.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(
            "experiment-unreadable", f"{path} is no experiment: {reason}.", "Give a TOML file with an [entry] table."
        ) from error
    others = {name: tree.pop(name) for name in ("search",) if name in tree}
    return experiment_of({"name": path.stem, **tree}, str(path)), others


def experiment_of(tree: dict[str, Any], source: str) -> Experiment:
    """An experiment from plain facts (a file, or a record).

    Raises:
        UserError: `experiment-wrong`.
    """
    entry = tree.get("entry")
    if isinstance(entry, dict):
        tree = {**tree, "entry": {"model": "", **entry}}
    try:
        return Experiment.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(
            "experiment-wrong", f"{source}: {key}: {first['msg']}.", "See docs/experiments.md for the keys."
        ) from None
