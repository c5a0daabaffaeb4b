"""Steps before a model: some of the features, groups of them, or their principal components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, ID, Panel, frame_matrix
from eraforge.core.ports import Fitted, Model
from eraforge.models import archive
from eraforge.models.ensemble import FOLDER, FittedAverage, load_average
from eraforge.models.linear import CENTRE, gather, one_thread
from eraforge.models.rows import pieces, require, training_rows
from eraforge.models.wrapping.inner import Wrapping
from eraforge.models.wrapping.linear_part import chosen

CELLS_AT_ONCE = 4 * 2**20


@dataclass(frozen=True)
class Columns(Wrapping):
    """A model that is shown some of the features.

    The settings of the inner model are those of every wrapping model (`learner`, `settings`).

    Args:
        features: patterns (`*`, `?`) of their names; all where there is none.
    """

    features: Sequence[str] = ()

    def fit(self, panel: Panel) -> Fitted:
        """Train the inner model on the chosen features; the fitted model is its own.

        Raises:
            UserError: `no-such-features`, and what the inner model raises.
        """
        return self.inner().fit(panel.select(features=chosen(panel.features, self.features)))

    def load(self, data: bytes) -> Fitted:
        """The fitted model that `save` wrote; raises what the inner model raises."""
        return self.inner().load(data)


@dataclass(frozen=True)
class FeatureGroups(Wrapping):
    """A model trained once per group of features; the average of the normal ranks of what each predicts.

    The settings of the inner model are those of every wrapping model (`learner`, `settings`).

    Args:
        groups: name of a group to patterns of its features; without it features are dealt out into `count` groups.
        count: groups that features are dealt into.
        seed: seed of the dealing.
    """

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    count: int = 4
    seed: int = 7

    kind = "feature_groups"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.count >= 1, "count", self.count, "a number of groups from 1")
        for name, patterns in self.groups.items():
            require(len(patterns) > 0, f"groups.{name}", list(patterns), "a list of at least one pattern")

    def fit(self, panel: Panel) -> FittedAverage:
        """Train a model per group.

        Raises:
            UserError: `no-such-features`, and what the inner model raises.
        """
        found = self._groups(panel.features)
        fitted = {name: self.inner().fit(panel.select(features=features)) for name, features in found.items()}
        return FittedAverage(fitted, dict.fromkeys(fitted, 1.0), self.kind)

    def load(self, data: bytes) -> FittedAverage:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        _, blobs = archive.unpack(self.kind, data)
        parts: dict[str, Model] = {name.removeprefix(FOLDER): self.inner() for name in blobs}
        return load_average(self.kind, parts, data)

    def _groups(self, features: tuple[str, ...]) -> dict[str, list[str]]:
        if self.groups:
            return {name: list(chosen(features, patterns)) for name, patterns in sorted(self.groups.items())}
        order = np.random.default_rng(self.seed).permutation(len(features))
        dealt = [sorted(part.tolist()) for part in np.array_split(order, min(self.count, len(features)))]
        return {f"group {number}": [features[place] for place in part] for number, part in enumerate(dealt) if part}


@dataclass(frozen=True)
class PrincipalComponents(Wrapping):
    """A model that is shown the principal components of the features instead of the features.

    Components come from sums gathered block by block; those of the training rows are then held in memory, eight bytes
    each. The settings of the inner model are those of every wrapping model (`learner`, `settings`).
    Source: Hotelling, Analysis of a Complex of Statistical Variables into Principal Components (1933).

    Args:
        components: how many, those of the largest variance; fewer where there are fewer features.
        whiten: give each component a variance of 1.
    """

    components: int = 64
    whiten: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.components >= 1, "components", self.components, "a number of components from 1")

    def fit(self, panel: Panel) -> FittedPrincipalComponents:
        """Find the components, then train the inner model on them.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`, and what the inner model raises.
            DataError: `nothing-to-learn-from`, `missing-feature-values`, `features-all-constant`.
        """
        rows = training_rows(panel)
        sums = gather(rows)
        scatter, _, mean, _ = sums.moments()
        with one_thread():
            values, vectors = np.linalg.eigh(scatter / sums.rows)
        keep = [place for place in np.argsort(-values)[: self.components] if values[place] > 1e-9 * values.max()]
        axes = vectors[:, keep]
        axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(keep))])
        if self.whiten:
            axes /= np.sqrt(values[keep])
        shown = components_panel(rows, rows.features, mean + CENTRE, axes)
        return FittedPrincipalComponents(self.inner().fit(shown), rows.features, mean + CENTRE, axes)

    def load(self, data: bytes) -> FittedPrincipalComponents:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        facts, blobs = archive.unpack("pca", data)
        mean, axes = (archive.bytes_array(blobs[f"{name}.npy"]) for name in ("mean", "axes"))
        return FittedPrincipalComponents(self.inner().load(blobs["inner"]), tuple(facts["features"]), mean, axes)


class FittedPrincipalComponents:
    """The mean of each feature, (features,), the axes, (features, components), and the inner model of components."""

    def __init__(self, inner: Fitted, features: tuple[str, ...], mean: np.ndarray, axes: np.ndarray) -> None:
        self.inner = inner
        self.features = features
        self.mean = mean
        self.axes = axes

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the training.
            DataError: `missing-feature-values`.
        """
        return self.inner.predict(components_panel(panel.select(targets=()), self.features, self.mean, self.axes))

    def save(self) -> bytes:
        """A zip of the mean, the axes and the inner model's own saved form."""
        blobs = {"mean.npy": archive.array_bytes(self.mean), "axes.npy": archive.array_bytes(self.axes)}
        return archive.pack("pca", {"features": list(self.features)}, {**blobs, "inner": self.inner.save()})


def components_panel(panel: Panel, features: tuple[str, ...], mean: np.ndarray, axes: np.ndarray) -> Panel:
    """The same rows with components, float64, instead of features.

    Raises:
        UserError: `unknown-column`. DataError: `missing-feature-values`.
    """
    names = tuple(f"component_{place}" for place in range(axes.shape[1]))
    targets = [target.name for target in panel.targets]
    parts = []
    with one_thread():
        for rows in pieces(panel, features, max(1, CELLS_AT_ONCE // len(features))):
            values = (frame_matrix(rows, features, np.float64) - mean) @ axes
            if not np.isfinite(values).all():
                raise DataError(
                    "missing-feature-values",
                    "A feature holds missing values, which have no principal components.",
                    "Fill them when the panel is checked.",
                )
            found = pl.DataFrame(values, schema=list(names), orient="row")
            parts.append(pl.concat([rows.select(ERA, ID, *targets), found], how="horizontal"))
    frame = pl.concat(parts).select(ERA, ID, *names, *targets)
    return Panel(frame.lazy(), names, panel.targets, panel.moments, panel.sample, panel.synthetic)
