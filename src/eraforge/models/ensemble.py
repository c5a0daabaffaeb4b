"""Average: a model made of models, whose predictions are averaged as normal ranks within each era."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel
from eraforge.core.ports import Fitted, Model
from eraforge.core.words import PREDICTION
from eraforge.models import archive
from eraforge.models.members import check_members, member_models, two_kinds
from eraforge.models.ranking import predictions_frame, rank_to_normal, rank_to_unit

KIND = "average"
FOLDER = "members/"


@dataclass(frozen=True)
class Average:
    """The weighted mean of its members' predictions, each as the normal quantile of its tie-kept rank in the era.

    An ensemble of ensembles is an ensemble: a member's learner may be `average` again.

    Args:
        members: name of a member to `{"learner": registered model, "settings": {...}, "weight": 1.0}`; settings and
            weight may be left out.
    """

    members: Mapping[str, Mapping[str, Any]] = field(default_factory=two_kinds)

    def __post_init__(self) -> None:
        check_members(self.members, weighted=True)

    def parts(self) -> dict[str, Model]:
        """The members as models, by name in alphabetical order.

        Raises:
            UserError: `unknown-plugin`, or whatever a member says of its settings.
        """
        return member_models(self.members)

    def fit(self, panel: Panel) -> FittedAverage:
        """Train every member on the same panel."""
        return self.combine({name: part.fit(panel) for name, part in self.parts().items()})

    def combine(self, fitted: Mapping[str, Fitted]) -> FittedAverage:
        """The ensemble of members that are already fitted.

        Raises:
            DataError: `ensemble-members-differ` when the names are not those of the members.
        """
        self._require_members(set(fitted))
        names = sorted(self.members)
        weights = {name: float(self.members[name].get("weight", 1.0)) for name in names}
        return FittedAverage({name: fitted[name] for name in names}, weights, self.kind)

    def load(self, data: bytes) -> FittedAverage:
        """The fitted ensemble that `save` wrote; its members are loaded by the members of this one.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`, `ensemble-members-differ`.
        """
        loaded = load_average(self.kind, self.parts(), data)
        return self.combine(loaded.members)

    @property
    def kind(self) -> str:
        """The name under which fitted ensembles are saved."""
        return KIND

    def _require_members(self, names: set[str]) -> None:
        if names != set(self.members):
            raise _members_differ(names, self.members)


def load_average(kind: str, parts: Mapping[str, Model], data: bytes) -> FittedAverage:
    """A saved average of that kind; its members are loaded by the models of the same names.

    Raises:
        DataError: `saved-model-unreadable`, `saved-model-of-another-kind`, `ensemble-members-differ`.
    """
    facts, blobs = archive.unpack(kind, data)
    names = [name.removeprefix(FOLDER) for name in sorted(blobs)]
    unknown = sorted(set(names) - set(parts))
    if unknown:
        raise _members_differ(names, parts)
    return FittedAverage({name: parts[name].load(blobs[FOLDER + name]) for name in names}, facts["weights"], kind)


def _members_differ(names: Collection[str], members: Collection[str]) -> DataError:
    return DataError(
        "ensemble-members-differ",
        f"The fitted members {sorted(names)} are not the members {sorted(members)} of this ensemble.",
        "Combine or load exactly the parts of this ensemble.",
    )


class FittedAverage:
    """Fitted members and their weights.

    Args:
        members: by name.
        weights: by name.
        kind: the name under which it is saved.
        even: whether ranks are spread evenly over (0, 1) instead of normally.
    """

    def __init__(
        self, members: Mapping[str, Fitted], weights: Mapping[str, float], kind: str = KIND, even: bool = False
    ) -> None:
        self.members = dict(members)
        self.weights = dict(weights)
        self.kind = kind
        self.even = even

    def with_even_ranks(self) -> FittedAverage:
        """The same ensemble of evenly spread ranks."""
        return FittedAverage(self.members, self.weights, self.kind, even=True)

    def predict(self, panel: Panel) -> pl.DataFrame:
        """The weighted mean of the members' ranks per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of a member.
        """
        total = sum(self.weights.values())
        keys: pl.DataFrame | None = None
        mean = pl.Series(PREDICTION, [], dtype=pl.Float64)
        for name, member in self.members.items():
            ranked = (rank_to_unit if self.even else rank_to_normal)(member.predict(panel))
            share = ranked[PREDICTION] * (self.weights[name] / total)
            mean = share if keys is None else mean + share
            keys = ranked if keys is None else keys
        if keys is None:
            raise DataError("ensemble-without-members", "This ensemble has no member.", "Give it at least one.")
        return predictions_frame(keys, mean.to_numpy())

    def save(self) -> bytes:
        """A zip of the members' own saved forms and the weights as JSON."""
        blobs = {FOLDER + name: part.save() for name, part in self.members.items()}
        return archive.pack(self.kind, {"weights": self.weights}, blobs)
