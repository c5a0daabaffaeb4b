"""What a turn reads: files fetched into the store by digest, and the panels made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from eraforge.core.calendar import data_date, open_day
from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, ID, Panel, Sample, join_panels
from eraforge.core.words import Arena, Entry
from eraforge.data import download, feature_sets, panels
from eraforge.pipeline.tools import Tools

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


def fetch_files(tools: Tools, entry: Entry, number: int) -> dict[str, str]:
    """Digest of every file the turn needs, downloading those that are not in the store as the server has them now.

    Raises:
        UserError: `dataset-not-offered` when the server does not list a file.
        DataError, Transient: what went wrong with a download.
    """
    arena = tools.arena(entry)
    reader = tools.reader(entry)
    offered = set(reader.datasets(arena))
    digests = {}
    for role, filename in roles(arena).items():
        if filename not in offered:
            raise DataError(
                "dataset-not-offered",
                f"The tournament does not offer {filename} now.",
                f"It offers: {', '.join(sorted(offered)[:6])} … Check `version` of entry {entry.name!r}.",
            )
        url = reader.dataset_url(arena, filename)
        remote = download.probe(url)
        freshness = {"server": tools.configuration.server.url, "file": filename, **remote.as_dict()}
        if role == "live":
            freshness["round"] = number
        digest = tools.cache.known("fetch", freshness)
        if digest is None:
            digest = download.download(
                url, tools.folder / "downloads" / f"{entry.arena}-{filename.replace('/', '-')}",
                place=tools.objects.put_file, clock=tools.clock,
                progress=lambda _, done, total, name=filename: tools.progress(f"download {name}", done, total),
            )  # fmt: skip
            tools.cache.remember("fetch", freshness, digest)
        digests[role] = digest
    return digests


def columns_of(tools: Tools, entry: Entry, files: Mapping[str, str]) -> dict[str, Any]:
    """Feature names of the entry's set, in the file's order, and its target."""
    content = json.loads(tools.objects.get(files["features"]))
    names = feature_sets.feature_set(content, entry.features)
    return {"features": list(names), "targets": [entry.target]}


def panel(tools: Tools, entry: Entry, files: Mapping[str, str], sample: Sample, number: int | None = None) -> Panel:
    """The checked view of one file: the entry's features and target, lazily."""
    arena = tools.arena(entry)
    columns = columns_of(tools, entry, files)
    dates: dict[str, date] | None = None
    if sample is Sample.LIVE:
        if number is None:
            raise DataError("live-without-round", "A live panel needs its round.", "Name the round.")
        only = pl.scan_parquet(tools.objects.path(files["live"])).select(pl.col(arena.era_column).unique()).collect()
        dates = dict.fromkeys(only.to_series().to_list(), data_date(open_day(arena.calendar, number)))
    role = str(sample)
    return panels.read_panel(
        [tools.objects.path(files[role])],
        arena,
        columns["features"],
        [] if sample is Sample.LIVE else columns["targets"],
        sample,
        era_dates=dates,
        digest=files[role],
    )


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


def validation_eras(tools: Tools, entry: Entry, files: Mapping[str, str]) -> int:
    """How many eras of the validation file have a known label today."""
    return len(_known(tools, panel(tools, entry, files, Sample.VALIDATION)).eras)


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
