"""Rows in small pieces: all of them, in order, and never more than a few in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.io.plugins import register_io_source

from eraforge.core.errors import UserError
from eraforge.core.panel import Panel
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.rows import pieces

PANEL = practice_panel(eras=9, rows=70, features=5)


def in_files(panel: Panel, folder: Path) -> Panel:
    """The same rows from three files, in groups of rows that fit neither eras nor pieces."""
    rows = panel.collect()
    for number, (start, stop) in enumerate([(0, 101), (101, 350), (350, rows.height)]):
        rows.slice(start, stop - start).write_parquet(folder / f"{number}.parquet", row_group_size=37)
    return replace(panel, frame=pl.scan_parquet(sorted(folder.glob("*.parquet"))))


@pytest.mark.parametrize("at_once", [1, 64, 100, 629, 630, 5000])
def test_pieces_are_all_rows_in_order_and_of_one_size(at_once: int, tmp_path: Path) -> None:
    features = [PANEL.features[3], PANEL.features[1]]
    whole = PANEL.select(features, ["target"]).collect()
    for panel in (PANEL, in_files(PANEL, tmp_path)):
        found = list(pieces(panel, features, at_once))
        assert pl.concat(found).equals(whole)
        assert {piece.height for piece in found[:-1]} <= {at_once} and found[-1].height <= at_once


def test_an_era_of_any_length_is_never_whole_in_memory() -> None:
    """The reader is asked for more only as pieces are taken."""
    read = []
    schema = {"era": pl.String, "id": pl.String, "feature_0": pl.Int8}

    def rows(*_: object) -> Iterator[pl.DataFrame]:
        for number in range(300):
            read.append(number)
            ids = [f"n{number:04d}{place:04d}" for place in range(100)]
            yield pl.DataFrame({"era": ["0001"] * 100, "id": ids, "feature_0": [number % 5] * 100}, schema=schema)

    frame = register_io_source(rows, schema=schema)
    one = PANEL.where_eras(PANEL.eras[:1]).select(["feature_0"], [])
    taken = pieces(replace(one, frame=frame), ["feature_0"], 100)
    assert next(taken)["id"][0] == "n00000000"
    assert len(read) < 150, "half of the rows were read for the first piece"
    assert sum(piece.height for piece in taken) == 299 * 100


def test_no_rows_are_no_pieces_and_a_missing_column_is_named() -> None:
    empty = replace(PANEL, frame=PANEL.frame.filter(pl.lit(False)))
    assert sum(piece.height for piece in pieces(empty, PANEL.features, 10)) == 0
    with pytest.raises(UserError, match="no column nothing"):
        next(pieces(PANEL, ["nothing"], 10))
