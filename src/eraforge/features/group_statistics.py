"""Statistics of groups of features, row by row: what a row of a panel is like on the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from eraforge.core.errors import UserError
from eraforge.core.panel import ERA, ID, Panel

STATISTICS = ("mean", "std", "skew")
PIECE = 65_536


def group_statistics(matrix: np.ndarray, places: Sequence[int]) -> np.ndarray:
    """Mean, standard deviation (ddof 0) and skewness over some columns of each row.

    Args:
        matrix: (rows, columns) of int8 or floats; NaN is not counted.
        places: the columns of the group.

    Returns:
        (rows, 3) float64. Skewness is the third standardised moment, 0 where all values are equal.
    """
    from eraforge.features.engine import share
    from eraforge.features.kernels.statistics import row_statistics

    out = np.empty((len(matrix), len(STATISTICS)))
    chosen = np.asarray(places, np.int64)

    def work(pieces: Iterator[int]) -> None:
        for piece in pieces:
            row_statistics(matrix, chosen, piece * PIECE, min(len(matrix), (piece + 1) * PIECE), out)

    share(work, -(-len(matrix) // PIECE))
    return out


def with_group_statistics(panel: Panel, groups: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Columns `era`, `id` and `GROUP_mean`, `GROUP_std`, `GROUP_skew` (float32) for every row of a panel, in its order.

    Groups are lists of features by name, as the feature sets of a dataset give them; a statistic looks at its own row
    alone. The panel is read in pieces of some eras.

    Raises:
        UserError: `unknown-column` for a feature the panel does not have, `empty-feature-group`.
    """
    empty = [name for name, members in groups.items() if not members]
    if empty:
        raise UserError("empty-feature-group", f"Group {empty[0]!r} names no feature.", "Leave it out or fill it.")
    wanted = list(dict.fromkeys(name for members in groups.values() for name in members))
    place = {name: number for number, name in enumerate(wanted)}
    parts = []
    for frame in panel.select(wanted, targets=[]).batches():
        matrix = frame.select(wanted).to_numpy()
        columns = [frame[ERA], frame[ID]]
        for name, members in groups.items():
            made = group_statistics(matrix, [place[member] for member in members]).astype(np.float32)
            columns += [pl.Series(f"{name}_{what}", made[:, number]) for number, what in enumerate(STATISTICS)]
        parts.append(pl.DataFrame(columns))
    return pl.concat(parts)
