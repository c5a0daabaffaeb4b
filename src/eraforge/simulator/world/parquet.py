"""Writing parquet files in a stream, with the two things strangers look for: the synthetic tag and pandas' index."""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

SYNTHETIC_KEY = "eraforge.synthetic"
INDEX = "id"
STRING_VIEW, LARGE_STRING = b"vu", "U"
_ORDER = sys.byteorder


def sink(
    frames: Iterator[pl.DataFrame],
    schema: Mapping[str, pl.DataType],
    destination: Path,
    row_group_rows: int,
    synthetic: str,
    index: Sequence[str] = (INDEX,),
) -> None:
    """Stream frames into a parquet file without ever holding more than about two row groups.

    The tag stands in the key-value metadata under SYNTHETIC_KEY. As in the real files, pandas takes `id` as its index,
    or the text columns of `index` instead.
    """

    def source(*_: object) -> Iterator[pl.DataFrame]:
        yield from frames

    layout = pl.Schema(schema)
    pandas = json.dumps(_pandas(layout, index))
    pl.LazyFrame.sink_parquet(
        register_io_source(source, schema=layout),
        destination,
        row_group_size=row_group_rows,
        metadata={SYNTHETIC_KEY: synthetic},
        arrow_schema=_Described(layout, {"pandas": pandas}),
        maintain_order=True,
    )


def _pandas(layout: pl.Schema, index: Sequence[str]) -> dict[str, object]:
    """What pandas looks for to set an index."""
    return {
        "index_columns": list(index),
        "column_indexes": [],
        "columns": [
            {"name": name, "field_name": name, "metadata": None}
            | (
                {"pandas_type": "unicode", "numpy_type": "object"}
                if layout[name] == pl.String
                else {"pandas_type": "int64", "numpy_type": "int64"}
            )
            for name in index
        ],
        "pandas_version": "2.0.0",
    }


class _ArrowSchema(ctypes.Structure):
    """`struct ArrowSchema` of the Arrow C data interface, whose layout is fixed for good."""

    _fields_ = (
        ("format", ctypes.c_void_p),
        ("name", ctypes.c_void_p),
        ("metadata", ctypes.c_void_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _Described:
    """An Arrow schema with metadata, which polars itself cannot attach.

    pandas reads its index from there and nowhere else; pyarrow could make such a schema but is no dependency. The
    metadata live as long as this object, which outlives the call that reads them.
    """

    def __init__(self, schema: pl.Schema, metadata: Mapping[str, str]) -> None:
        self._schema = schema
        parts = [len(metadata).to_bytes(4, _ORDER)]
        for text in (text for pair in metadata.items() for text in pair):
            parts += [len(text.encode()).to_bytes(4, _ORDER), text.encode()]
        self._metadata = ctypes.create_string_buffer(b"".join(parts))

    def __arrow_c_schema__(self) -> object:
        capsule = self._schema.__arrow_c_schema__()
        struct = _struct(capsule)
        struct.metadata = ctypes.addressof(self._metadata)
        self._lenders = [self._as_large_string(child) for child in _children(struct)]
        return capsule

    def _as_large_string(self, child: _ArrowSchema) -> object:
        """Readers cannot filter string views yet. Each text is freed by its struct, so two structs swap theirs."""
        if not child.format or ctypes.string_at(child.format) != STRING_VIEW:
            return None
        lender = pl.Schema({LARGE_STRING: pl.Int8()}).__arrow_c_schema__()
        [lent] = _children(_struct(lender))
        child.format, lent.name = lent.name, child.format
        return lender


def _struct(capsule: object) -> _ArrowSchema:
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype = ctypes.c_void_p
    pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return _ArrowSchema.from_address(pointer(capsule, b"arrow_schema"))


def _children(struct: _ArrowSchema) -> list[_ArrowSchema]:
    table = ctypes.cast(struct.children, ctypes.POINTER(ctypes.c_void_p))
    return [_ArrowSchema.from_address(table[place] or 0) for place in range(struct.n_children)]
