"""What a turn reads: files fetched into the store by digest, and the panels made of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from eraforge.core.calendar import data_date, open_day
from eraforge.core.errors import Broken, DataError
from eraforge.core.panel import ERA, ID, Panel, Sample, join_panels
from eraforge.core.words import Arena, Entry
from eraforge.data.download import download
from eraforge.data.feature_sets import feature_sets
from eraforge.data.panels import read_live, read_panel
from eraforge.data.probe import probe
from eraforge.pipeline.tools import Tools
from eraforge.store.atomic import only_one

META = "meta_model"


def roles(arena: Arena) -> dict[str, str]:
    """File names of the arena by their role in a turn."""
    files = arena.files
    named = {
        "features": files.features,
        "train": files.train,
        "validation": files.validation,
        "live": files.live,
        META: files.meta_model,
    }
    return {role: name.format(version=arena.version) for role, name in named.items() if name}


def fetch_files(tools: Tools, entry: Entry, number: int, only: Collection[str] = ()) -> dict[str, str]:
    """Digest of every file the turn needs, downloading those that are not in the store as the server has them now.

    Args:
        only: the roles wanted, where not all of them are.

    Raises:
        DataError: `dataset-not-offered` when the server does not list a file; what is wrong with a download.
        UserError: `unknown-feature-set`, `unknown-target`.
        Transient: the server or the connection failed; what has arrived is kept.
    """
    arena = tools.arena(entry)
    offered = set(tools.reader(entry).datasets(arena))
    digests = {}
    for role, filename in roles(arena).items():
        if only and role not in only:
            continue
        if filename not in offered:
            raise DataError(
                "dataset-not-offered",
                f"The tournament does not offer {filename} now.",
                f"It offers: {', '.join(sorted(offered)[:6])} … Check `version` of entry {entry.name!r}.",
            )
        digests[role] = _fetch_file(tools, entry, filename, number if role == "live" else None)
        if role == "features":
            columns_of(tools, entry, digests)  # a misspelt set or target is said before the gigabytes come
    return digests


def _fetch_file(tools: Tools, entry: Entry, filename: str, number: int | None) -> str:
    arena, reader = tools.arena(entry), tools.reader(entry)
    told = probe(filename, reader.dataset_url(arena, filename, number))
    fresh = {"server": tools.configuration.server.url, "file": filename, "round": number, "content": told.validator}
    known = tools.cache.known("fetch", fresh) if told.validator else None
    if known is not None:
        return known
    downloads = tools.folder / "downloads"
    downloads.mkdir(exist_ok=True)
    target = downloads / f"{entry.arena}-{filename.replace('/', '-')}"
    with only_one(target):  # entries that play at the same time want the same file
        known = tools.cache.known("fetch", fresh) if told.validator else None
        if known is not None:
            return known
        return _download(tools, entry, filename, number, target, fresh)


def _download(
    tools: Tools, entry: Entry, filename: str, number: int | None, target: Path, fresh: dict[str, Any]
) -> str:
    arena, reader = tools.arena(entry), tools.reader(entry)
    arrival = download(
        filename,
        lambda: reader.dataset_url(arena, filename, number),
        target,
        partial(tools.objects.put_file, move=True),  # a part kept beside its object would be written over in place
        tools.clock,
        lambda name, done, total: tools.progress(f"download {name}", done, total),
    )
    if fresh["content"] and arrival.etag in ("", fresh["content"]):
        tools.cache.remember("fetch", fresh, arrival.digest)
    return arrival.digest


def columns_of(tools: Tools, entry: Entry, files: Mapping[str, str]) -> dict[str, Any]:
    """Feature names of the entry's set, in the file's order, and its target.

    Raises:
        UserError: `unknown-feature-set`, `unknown-target`.
    """
    known = feature_sets(tools.objects.get(files["features"]))
    return {"features": list(known.features(entry.features)), "targets": [known.require_target(entry.target)]}


def panel(tools: Tools, entry: Entry, files: Mapping[str, str], sample: Sample, number: int | None = None) -> Panel:
    """The checked view of one file: the entry's features and target, lazily."""
    arena = tools.arena(entry)
    columns = columns_of(tools, entry, files)
    path = tools.objects.path(files[str(sample)])
    if sample is Sample.LIVE:
        if number is None:
            raise Broken("live-without-round", "A live panel was asked for without its round.", "Name the round.")
        day = data_date(open_day(arena.calendar, number))
        return read_live(path, arena, columns["features"], day, files["live"])
    return read_panel([path], arena, columns["features"], columns["targets"], sample, digest=files[str(sample)])


def training_panel(tools: Tools, entry: Entry, files: Mapping[str, str]) -> Panel:
    """The labelled rows an entry's live model learns from, by its `train_on`."""
    train = panel(tools, entry, files, Sample.TRAIN)
    if entry.train_on == "train":
        return train.labelled()
    return _known(tools, join_panels(train, panel(tools, entry, files, Sample.VALIDATION))).labelled()


def evaluation_panel(tools: Tools, entry: Entry, files: Mapping[str, str]) -> Panel:
    """Training and validation rows in time order, as far as their labels are known today."""
    train = panel(tools, entry, files, Sample.TRAIN)
    return _known(tools, join_panels(train, panel(tools, entry, files, Sample.VALIDATION))).labelled()


def training_eras(tools: Tools, entry: Entry, files: Mapping[str, str]) -> int:
    """How many eras the training file holds."""
    return len(panel(tools, entry, files, Sample.TRAIN).eras)


def meta_model(tools: Tools, files: Mapping[str, str]) -> pl.DataFrame | None:
    """The meta model's past predictions: columns `era`, `id`, `meta_model`; None where the arena publishes none."""
    if META not in files:
        return None
    frame = pl.read_parquet(tools.objects.path(files[META]))
    value = next(name for name in frame.columns if name.endswith(META))
    return frame.select(ERA, ID, pl.col(value).alias(META))


def contributing_files(tools: Tools, entry: Entry, files: Mapping[str, str], used: Panel) -> list[str]:
    """Digests of the files that hold at least one era of `used`, so that a fit is not renamed by rows it never saw."""
    train = set(panel(tools, entry, files, Sample.TRAIN).eras)
    needs = [files["train"]] if set(used.eras) & train else []
    if set(used.eras) - train:
        needs.append(files["validation"])
    return needs


def _known(tools: Tools, whole: Panel) -> Panel:
    today = tools.clock.now().date()
    return whole.where_eras(whole.moments.known_before(whole.target.name, today))
