"""Models named in settings: `{"learner": registered name, "settings": {...}}` becomes a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eraforge.core import plugins
from eraforge.core.ports import Model
from eraforge.models.rows import require

UNKNOWN = 5.0
"""Bytes per value of a model that does not say: one of the rows, four of a float32 copy."""


def two_kinds() -> dict[str, dict[str, Any]]:
    """The members an ensemble has when none are named: a linear model and trees."""
    return {"linear": {"learner": "ridge"}, "trees": {"learner": "lightgbm"}}


def check_members(members: Mapping[str, Mapping[str, Any]], weighted: bool = False) -> None:
    """Check a table of members.

    Args:
        members: name of a member to its table.
        weighted: whether a member may carry a `weight`.

    Raises:
        UserError: `model-setting`.
    """
    known = {"learner", "settings", "weight"} if weighted else {"learner", "settings"}
    require(len(members) > 0, "members", members, "a table of at least one member")
    for name, member in members.items():
        require("learner" in member, f"members.{name}", dict(member), "a member that names its learner")
        unknown = sorted(set(member) - known)
        require(not unknown, f"members.{name}", unknown, f"made of {', '.join(sorted(known))} alone")
        weight = member.get("weight", 1.0)
        require(weight > 0, f"members.{name}.weight", weight, "above 0")


def member_models(members: Mapping[str, Mapping[str, Any]]) -> dict[str, Model]:
    """The members as models, by name in alphabetical order.

    Raises:
        UserError: `unknown-plugin`, or whatever a member says of its settings.
    """
    return {
        name: made(members[name]["learner"], members[name].get("settings", {}), f"members.{name}.settings")
        for name in sorted(members)
    }


def made(learner: str, settings: Mapping[str, Any], where: str = "settings") -> Model:
    """A model by its registered name and settings.

    Raises:
        UserError: `unknown-plugin`, `model-setting` naming `where` the settings stand.
    """
    try:
        model: Model = plugins.find("model", learner)(**settings)
    except TypeError as error:
        require(False, where, dict(settings), f"accepted by its learner ({error})")
        raise
    return model


def memory_per_value(model: Model) -> float:
    """Bytes of memory that training holds of every feature value at its peak, besides a piece of the rows.

    What a model says itself (`bytes_per_value`); of models made of models the most that one of them takes; of a model
    that says nothing, what the rows and a float32 copy of them take.
    """
    own = getattr(model, "bytes_per_value", None)
    if own is not None:
        return float(own)
    members = getattr(model, "members", None)
    if members:
        return max(memory_per_value(one) for one in member_models(members).values())
    learner = getattr(model, "learner", None)
    if learner is not None:
        return memory_per_value(made(learner, getattr(model, "settings", {}))) / getattr(model, "every", 1)
    return UNKNOWN
