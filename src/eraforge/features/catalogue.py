"""Every registered feature: by name, by family, and the ones that an entry gets when it names none."""

from __future__ import annotations

from collections.abc import Sequence

from eraforge.core import plugins
from eraforge.core.bars import SERIES, Bars
from eraforge.core.errors import UserError
from eraforge.features.copies import declared_copies
from eraforge.features.families.series import series
from eraforge.features.feature import Declared, Family

LOOKS_AHEAD = frozenset(f"{name}_h{bars}" for name in ("mfe", "pain_to_gain", "time_weighted_dd") for bars in (5, 20))
"""Names that other systems list among their features although they are measured on the bars that follow."""


def families() -> list[Family]:
    """Registered families, by name of their entry point.

    Raises:
        UserError: `feature-registered-twice` when two families declare one name.
    """
    found: list[Family] = [plugins.find("feature", name) for name in plugins.names("feature")]
    owners: dict[str, str] = {}
    for family in found:
        for feature in family.features:
            other = owners.setdefault(feature.name, family.name)
            if other != family.name:
                raise UserError(
                    "feature-registered-twice",
                    f"The families {other!r} and {family.name!r} both declare a feature {feature.name!r}.",
                    "Have one of them rename it, or uninstall its package.",
                )
    return found


def registered() -> dict[str, Declared]:
    """Every feature of every family, by name."""
    return {feature.name: feature for family in families() for feature in family.features}


def of_series(bars: Bars) -> dict[str, Declared]:
    """The features of every series that stands beside the bars, by name."""
    names = [name.removeprefix(SERIES) for name in bars.columns if name.startswith(SERIES)]
    return {feature.name: feature for name in names for feature in series(name).features}


def named(names: Sequence[str], bars: Bars | None = None) -> list[Declared]:
    """The features of these names. `NAME_relative` is the scale-free version of a level.

    Args:
        bars: whose series may be named as well.

    Raises:
        UserError: `feature-looks-ahead` for a name that stands for the bars that follow, `unknown-feature`,
            `feature-is-relative` when the scale-free version of a scale-free feature is asked for.
    """
    known = registered() if bars is None else {**of_series(bars), **registered()}
    return [_find(name, known) for name in names]


def default(bars: Bars | None = None) -> list[Declared]:
    """The distinct, scale-free features: copies left out, levels made relative.

    Args:
        bars: only those that these bars can feed, with their columns and their groups, and those of their series.
    """
    features = [feature if feature.scale_free else feature.relative() for feature in registered().values()]
    # A ratio stands before its reciprocal made from a level, so levels come last when copies are looked for.
    ordered = sorted(features, key=lambda feature: feature.name.endswith("_relative"))
    left_out = {copy.name for copy in declared_copies(ordered)}
    chosen = [feature for feature in features if feature.name not in left_out]
    if bars is None:
        return chosen
    beside = [feature for name, feature in of_series(bars).items() if name not in registered()]
    return [feature for feature in (*chosen, *beside) if fed(feature, bars)]


def fed(feature: Declared, bars: Bars) -> bool:
    """Whether the bars have the columns and the groups that a feature reads."""
    groups = {
        str(node.settings[0])
        for node in feature.expression.nodes()
        if node.operation.startswith("across_") and node.settings[0]
    }
    known = {name for name, labels in bars.groups.items() if any(labels)}
    return groups <= known and set(feature.inputs) <= set(bars.columns)


def _find(name: str, known: dict[str, Declared]) -> Declared:
    if name in LOOKS_AHEAD:
        raise UserError(
            "feature-looks-ahead",
            f"{name!r} is measured on the bars that follow a moment, so at that moment nobody can know it.",
            "Use it as a label, never as a feature.",
        )
    if name in known:
        return known[name]
    level = name.removesuffix("_relative")
    if level not in known or level == name:
        near = ", ".join(sorted(known, key=lambda other: _distance(name, other))[:3])
        raise UserError("unknown-feature", f"There is no feature {name!r}.", f"Did you mean one of: {near}?")
    if known[level].scale_free:
        raise UserError(
            "feature-is-relative", f"Feature {level!r} is scale-free as it is.", f"Ask for {level!r} itself."
        )
    return known[level].relative()


def _distance(one: str, other: str) -> float:
    """How little two names have in common, from 0."""
    from difflib import SequenceMatcher

    return 1.0 - SequenceMatcher(None, one, other).ratio()
