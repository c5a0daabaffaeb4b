"""A stored file that cannot be read to its end is thrown out, so that the next attempt fetches it anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import polars as pl

from eraforge.core.errors import DataError
from eraforge.data.wholeness import require_readable
from eraforge.pipeline.tools import Tools


@contextmanager
def thrown_out(tools: Tools, files: Mapping[str, str]) -> Iterator[None]:
    """Whatever is read of these files; where that fails, every one that cannot be read leaves the store.

    Args:
        files: role to digest.

    Raises:
        DataError: `file-damaged`, naming the role; the error of the reading where all files are sound.
    """
    try:
        yield
    except pl.exceptions.PolarsError:
        for role, digest in files.items():
            try:
                require_readable(tools.objects.path(digest), f"the {role} file")
            except DataError as error:
                if error.code == "file-damaged":
                    tools.objects.delete(digest)
                raise
        raise
