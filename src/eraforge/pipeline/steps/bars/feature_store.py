"""The feature store: features of bars, computed once, found by digest, appended to, mapped from the disk.

The name of a table is the digest of the bars' content, the declarations, the code that computes and the precision. When
bars have only grown (new moments, new listings), the earlier parts stay and the new moments are computed alone, with
the same bits; when their past was corrected, everything is computed again under another name, and the earlier table
remains what was known before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eraforge.core.bars import Bars
from eraforge.core.digest import canonical, digest_chunks, digest_value
from eraforge.core.errors import UserError
from eraforge.core.ports import Feature
from eraforge.features import engine, expression, operations, plan
from eraforge.features.engine import FeatureTable
from eraforge.features.feature import Declared
from eraforge.features.kernels import arithmetic, complexity, crossing, exponential, measures, rows, windows
from eraforge.pipeline.stage_cache import StageCache, as_json, code_digest
from eraforge.store.objects import Objects

CODE = (engine, expression, operations, plan, arithmetic, complexity, crossing, exponential, measures, rows, windows)
MOST_PARTS = 32
"""Parts after which a table is written as one again."""


@dataclass(frozen=True)
class StoredFeatures:
    """A table in the store. Parts follow each other in time; each has the symbols known when it was made."""

    objects: Objects
    facts: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names, in order."""
        return tuple(self.facts["names"])

    @property
    def times(self) -> np.ndarray:
        """(t,) datetime64[s] of all parts."""
        return np.concatenate([_times(part["times"]) for part in self.facts["parts"]])

    def read(
        self,
        names: Sequence[str] | None = None,
        *,
        since: np.datetime64 | None = None,
        until: np.datetime64 | None = None,
    ) -> FeatureTable:
        """Some features (all) of the moments from `since` to `until`, both included: later ones are not looked at.

        The bytes of a part are verified on first use in a process, then mapped: only what is asked for is read.

        Raises:
            UserError: `unknown-feature`.
            DataError: `object-missing`, `rotten-object`.
        """
        wanted = self.names if names is None else tuple(names)
        missing = [name for name in wanted if name not in self.names]
        if missing:
            raise UserError("unknown-feature", f"The store has no feature {missing[0]!r} here.", "Compute it first.")
        places = [self.names.index(name) for name in wanted]
        symbols = tuple(self.facts["symbols"])
        row = {symbol: number for number, symbol in enumerate(symbols)}
        chosen = []
        for part in self.facts["parts"]:
            times = _times(part["times"])
            begin = 0 if since is None else int(np.searchsorted(times, since))
            end = len(times) if until is None else int(np.searchsorted(times, until, side="right"))
            if begin < end:
                chosen.append((part, times, begin, end))
        count = sum(end - begin for _, _, begin, end in chosen)
        values = np.full((len(wanted), len(symbols), count), np.nan, np.dtype(self.facts["dtype"]))
        at = 0
        for part, times, begin, end in chosen:
            mapped = self._mapped(part, len(times))
            into = [row[symbol] for symbol in part["symbols"]]
            for number, place in enumerate(places):
                values[number, into, at : at + end - begin] = mapped[place, :, begin:end]
            at += end - begin
        moments = [times[begin:end] for _, times, begin, end in chosen]
        return FeatureTable(wanted, symbols, np.concatenate(moments) if moments else self.times[:0], values)

    def _mapped(self, part: Mapping[str, Any], times: int) -> np.ndarray:
        shape = (len(self.names), len(part["symbols"]), times)
        return np.memmap(self.objects.path(part["object"]), np.dtype(self.facts["dtype"]), "r", shape=shape)


class FeatureStore:
    """Features of bars, by digest.

    Args:
        objects: where parts lie.
        stages: where names point to tables.
    """

    def __init__(self, objects: Objects, stages: StageCache) -> None:
        self._objects = objects
        self._stages = stages
        self.computed: list[int] = []
        """Moments computed by each call that computed something."""

    def table(
        self, features: Sequence[Feature], bars: Bars, *, dtype: type[np.floating] = np.float32
    ) -> StoredFeatures:
        """The features of these bars: from the store where they are there, else computed, the newest moments alone if
        that is all that is missing.

        Raises:
            UserError: the errors of `features.engine.compute`.
        """
        what = {**declaration(features), "dtype": np.dtype(dtype).name}
        inputs = {"bars": bars_digest(bars), "symbols": list(bars.symbols), **what}
        known = self._stages.known("features", inputs)
        if known is not None:
            return StoredFeatures(self._objects, self._stages.read_json(known))
        earlier = self._earlier(bars, what)
        since = None if earlier is None else bars.times[len(earlier.times)]
        made = engine.compute(features, bars, since=since, dtype=dtype)
        self.computed.append(len(made.times))
        parts = [] if earlier is None else list(earlier.facts["parts"])
        facts = self._facts(made, parts)
        if len(parts) >= MOST_PARTS:
            facts = self._facts(StoredFeatures(self._objects, facts).read(), [])
        manifest = self._objects.put(as_json(facts))
        self._stages.remember("features", inputs, manifest)
        self._stages.remember("newest features", what, manifest)
        return StoredFeatures(self._objects, facts)

    def _facts(self, made: FeatureTable, parts: list[Mapping[str, Any]]) -> dict[str, Any]:
        data = np.ascontiguousarray(made.values).data.cast("B")
        part = {
            "object": self._objects.put(data),  # type: ignore[arg-type]  # bytes or what reads as bytes
            "symbols": list(made.symbols),
            "times": [int(moment) for moment in made.times.astype(np.int64)],
        }
        return {
            "names": list(made.names),
            "symbols": list(made.symbols),
            "dtype": made.values.dtype.name,
            "parts": [*parts, part],
        }

    def _earlier(self, bars: Bars, what: Mapping[str, Any]) -> StoredFeatures | None:
        """The newest table of these features, if the bars begin with those it was computed from."""
        newest = self._stages.known("newest features", what)
        if newest is None:
            return None
        table = StoredFeatures(self._objects, self._stages.read_json(newest))
        times = table.times
        begins = len(times) < len(bars.times) and np.array_equal(bars.times[: len(times)], times)
        if not begins or not set(table.facts["symbols"]) <= set(bars.symbols):
            return None
        inputs = {"bars": bars_digest(bars.until(times[-1])), "symbols": table.facts["symbols"], **what}
        return table if self._stages.known("features", inputs) == newest else None


def declaration(features: Sequence[Feature]) -> dict[str, Any]:
    """What is computed, and by which code."""
    return {
        "features": [_declaration(feature) for feature in features],
        "code": code_digest(*CODE, *(type(feature) for feature in features)),
    }


def bars_digest(bars: Bars) -> str:
    """Digest of the content: moments, columns, and the names and groups of the symbols that have a bar."""
    live = np.flatnonzero(np.isfinite(bars["close"]).any(axis=1))
    told = digest_value(
        [bars.symbols[row] for row in live],
        {name: [labels[row] for row in live] for name, labels in bars.groups.items()},
        sorted(bars.columns),
        bars.synthetic,
    )
    columns = (np.ascontiguousarray(bars[name][live]).data.cast("B") for name in sorted(bars.columns))
    return digest_chunks([told.encode(), bars.times.tobytes(), *columns])  # type: ignore[list-item]


def _declaration(feature: Feature) -> Any:
    if isinstance(feature, Declared):
        return canonical(feature)
    return [type(feature).__qualname__, feature.name, list(feature.inputs), feature.lookback, feature.lag]


def _times(seconds: Sequence[int]) -> np.ndarray:
    return np.array(seconds, np.int64).astype("datetime64[s]")
