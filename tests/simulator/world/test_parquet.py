"""Streamed parquet files as strangers read them: pandas by index, pyarrow by row group."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow.parquet as pq

from eraforge.simulator.world.parquet import sink


def test_pandas_takes_the_id_as_index(folder: Path) -> None:
    table = pd.read_parquet(folder / "live.parquet", columns=["era", "target"])
    assert table.index.name == "id"
    assert list(table.columns) == ["era", "target"]
    assert table.index.str.startswith("n").all()


def test_rows_come_out_in_order_in_groups_of_the_size_asked_for(tmp_path: Path) -> None:
    schema = {"id": pl.String(), "value": pl.Int8()}
    frames = [pl.DataFrame({"id": [f"n{i}"] * 70, "value": [i] * 70}, schema=schema) for i in range(10)]
    sink(iter(frames), schema, tmp_path / "x.parquet", 300, "tag")
    layout = pq.read_metadata(tmp_path / "x.parquet")
    assert [layout.row_group(at).num_rows for at in range(layout.num_row_groups)] == [300, 300, 100]
    assert pl.read_parquet(tmp_path / "x.parquet").equals(pl.concat(frames))
    assert layout.metadata[b"eraforge.synthetic"] == b"tag"
