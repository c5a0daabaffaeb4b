"""Canary columns: a gate that flags columns which know the target too well, proved alive by planted ones.

No honest column of a tournament reaches a mean correlation of 0.2 with its target (strong ones reach 0.03, whole
models 0.05); one that does has been made from it. A leak fainter than the limit passes the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Panel, frame_matrix
from eraforge.evaluation.leaks.findings import Finding, ProbeResult

PLAUSIBLE = 0.2
MOST_PLAUSIBLE = 0.5
CHANCE = 5.0
"""On few rows the limit is raised to this many standard errors of chance, up to MOST_PLAUSIBLE."""
NOISE = 1.0
"""Standard deviations of noise in the second canary: it still correlates by 0.7 with the target."""
COLUMNS_AT_ONCE = 128
PERSISTENT = 0.5
"""Share of ids of one era that must stand in the next before a column may be held against the next round."""
CANARIES = ("the target", "the target with noise", "the target of the next round")


@dataclass(frozen=True)
class Known:
    """What a column knows: its mean correlation over eras with a target."""

    column: str
    about: str
    correlation: float
    moment: str


def canary_columns(panel: Panel, eras: int = 12, limit: float = PLAUSIBLE, seed: int = 7) -> ProbeResult:
    """Hold each feature against the target of its own round and of the next, with three canaries among them.

    Args:
        panel: features and a main target.
        eras: how many eras are read, evenly spread; each with the one after it.
        limit: mean correlation above which a column is flagged.
        seed: of the noise.
    """
    pairs = _pairs(panel, eras)
    if not pairs:
        return ProbeResult("canary columns", "No era has a known target, so no column can be held against it.", 0)
    names = [*panel.features, *CANARIES]
    found: dict[str, list[np.ndarray]] = {"its own round": [], "the next round": []}
    chance: dict[str, list[np.ndarray]] = {about: [] for about in found}
    eras_of: dict[str, list[str]] = {about: [] for about in found}
    for place, (era, following) in enumerate(pairs):
        matrix, truths = _with_canaries(panel, era, following, np.random.default_rng([seed, place]))
        for about, truth in truths.items():
            correlations, variances = _correlations(matrix, truth)
            found[about].append(correlations)
            chance[about].append(variances)
            eras_of[about].append(era)
    known = []
    for about in found:
        if found[about]:
            known += _flagged(names, about, np.array(found[about]), np.array(chance[about]), eras_of[about], limit)
    return _result(panel, known, len(pairs), bool(found["the next round"]), limit)


def _flagged(
    names: Sequence[str], about: str, found: np.ndarray, chance: np.ndarray, eras: Sequence[str], limit: float
) -> list[Known]:
    """Columns whose mean of correlations (eras, columns) is above the limit."""
    means = found.mean(axis=0)
    limits = np.clip(CHANCE * np.sqrt(chance.sum(axis=0)) / len(eras), limit, MOST_PLAUSIBLE)
    return [
        Known(names[at], about, float(means[at]), eras[int(np.abs(found[:, at]).argmax())])
        for at in np.flatnonzero(np.abs(means) > limits).tolist()
    ]


def _result(panel: Panel, known: Sequence[Known], eras: int, persistent: bool, limit: float) -> ProbeResult:
    flagged = {one.column for one in known}
    planted = CANARIES if persistent else CANARIES[:2]
    silent = [name for name in planted if name not in flagged]
    found = [
        Finding(
            "canary columns",
            f"Column {one.column!r} knows the target of {one.about}: mean correlation {one.correlation:+.3f} "
            f"over {eras} eras, where {limit:g} is more than any honest column has.",
            column=one.column,
            moment=one.moment,
            gap=one.correlation,
        )
        for one in known
        if one.column not in CANARIES
    ]
    found += [Finding("canary columns", f"The gate did not notice a planted canary: {name}.") for name in silent]
    alive = f"{len(planted) - len(silent)} of {len(planted)} canaries flagged"
    columns = f"{len(panel.features)} columns in {eras} eras"
    apart = "" if persistent else "; ids do not persist, so the next round cannot be held against them"
    flags = len(found) - len(silent)
    sentence = f"{columns}: {flags or 'none'} {'know' if flags > 1 else 'knows'} the target; {alive}{apart}."
    return ProbeResult("canary columns", sentence, len(panel.features) * eras, tuple(found[:20]))


def _pairs(panel: Panel, count: int) -> list[tuple[str, str | None]]:
    """Evenly spread labelled eras, each with the one after it."""
    name = panel.target.name
    labelled = panel.labelled().frame.select(ERA).unique().collect()[ERA].to_list()
    place = panel.moments.position
    eras = sorted(labelled, key=place.__getitem__)
    if not eras or name not in panel.frame.collect_schema().names():
        return []
    chosen = np.unique(np.linspace(0, len(eras) - 1, min(count, len(eras))).round().astype(int))
    return [(eras[at], eras[at + 1] if at + 1 < len(eras) else None) for at in chosen]


def _with_canaries(
    panel: Panel, era: str, following: str | None, generator: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Features and canaries of an era (rows, columns), and the targets they are held against."""
    name = panel.target.name
    rows = panel.where_eras([era]).collect()
    truth = rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    coming = np.full(len(truth), np.nan)
    if following is not None:
        after = panel.where_eras([following]).frame.select(ID, pl.col(name).cast(pl.Float64).alias("coming"))
        joined = rows.select(ID).join(after.collect(), on=ID, how="left", maintain_order="left")
        coming = joined["coming"].fill_null(np.nan).to_numpy()
    spread = float(np.nanstd(truth)) or 1.0
    noisy = truth + generator.normal(0.0, NOISE * spread, len(truth))
    matrix = np.column_stack([frame_matrix(rows, panel.features, np.float32), truth, noisy, coming])
    truths = {"its own round": truth}
    if np.isfinite(coming).mean() > PERSISTENT:
        truths["the next round"] = coming
    return matrix, truths


def _correlations(matrix: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of each column with the truth over rows where both are known (0 for a column without variation), and
    the variance it would have by chance."""
    rows = np.isfinite(truth)
    aim = truth[rows]
    if len(aim) < 3 or np.ptp(aim) == 0:
        return np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
    slices = [slice(start, start + COLUMNS_AT_ONCE) for start in range(0, matrix.shape[1], COLUMNS_AT_ONCE)]
    found = [_slice_correlations(matrix[rows, part].astype(np.float64), aim) for part in slices]
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])


def _slice_correlations(part: np.ndarray, aim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Some columns at once, so that an era of thousands of columns needs little memory beside itself."""
    there = np.isfinite(part)
    count = np.maximum(there.sum(axis=0), 1)
    centred = np.where(there, part - np.where(there, part, 0.0).sum(axis=0) / count, 0.0)
    aims = np.where(there, aim[:, None], 0.0)
    aims = np.where(there, aims - aims.sum(axis=0) / count, 0.0)
    size = np.sqrt((centred**2).sum(axis=0) * (aims**2).sum(axis=0))
    correlations = np.where(size > 0, (centred * aims).sum(axis=0) / np.where(size > 0, size, 1.0), 0.0)
    return correlations, 1.0 / np.maximum(there.sum(axis=0) - 1, 1)
