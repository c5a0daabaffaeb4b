"""What a turn reads: files fetched into the store by digest, and the panels made of them."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path
from typing import Any

import polars as pl

from eraforge.core.calendar import data_date, open_day
from eraforge.core.digest import digest_bytes, digest_value
from eraforge.core.errors import Broken, DataError, Transient
from eraforge.core.panel import ERA, ID, Panel, Sample, join_panels
from eraforge.core.words import Arena, Entry
from eraforge.data.download import download
from eraforge.data.feature_sets import columns_as_sets, feature_sets
from eraforge.data.panels import read_live, read_panel
from eraforge.data.probe import probe
from eraforge.pipeline.steps.bars import price_rows
from eraforge.pipeline.tools import Tools
from eraforge.store.atomic import only_one

META = "meta_model"
ARRIVALS = 4  # of one file, until one agrees with what was told before it
EVALUATED_AT_ONCE = 20
STEP = 64  # a growing file changes its blocks about once in a quarter of daily eras


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
            raise _not_offered(entry, arena, filename, offered)
        digests[role] = _fetch_file(tools, entry, filename, number if role == "live" else None)
        if role == ("train" if arena.files.features is None else "features"):
            columns_of(tools, entry, digests)  # a misspelt set or target is said before the gigabytes come
    if entry.prices and (not only or price_rows.ROLE in only):
        digests[price_rows.ROLE] = price_rows.fetch_prices(tools, entry)
    return digests


def _not_offered(entry: Entry, arena: Arena, filename: str, offered: Collection[str]) -> DataError:
    """What is said of a file that is not listed: that its version is gone, or that the file alone is missing."""
    versions = offered_versions(arena, offered)
    if versions and arena.version not in versions:
        step = (
            f'It offers {" and ".join(versions)}: write `version = "{versions[-1]}"` in [entries.{entry.name}] of '
            "eraforge.toml, and the model is trained again. What was played before is kept."
        )
    else:
        step = f"It offers: {', '.join(sorted(offered)[:6])} … Check `version` of entry {entry.name!r}."
    return DataError("dataset-not-offered", f"The tournament does not offer {filename} now.", step)


def offered_versions(arena: Arena, offered: Collection[str]) -> list[str]:
    """The data versions of which a listing holds every file that a turn reads, the oldest first."""
    before, _, after = arena.files.live.partition("{version}")
    pattern = re.compile(f"{re.escape(before)}([^/]+){re.escape(after)}")
    found = {match[1] for match in map(pattern.fullmatch, offered) if match}
    whole = [one for one in found if set(roles(replace(arena, version=one)).values()) <= set(offered)]
    return sorted(whole, key=version_order)


def version_order(version: str) -> tuple[list[int], str]:
    """Orders versions by their numbers: v5.10 comes after v5.9."""
    return [int(one) for one in re.findall(r"\d+", version)], version


def fetch_features(tools: Tools, entry: Entry, version: str) -> bytes | None:
    """The features file of a data version, or None where the arena has none.

    Raises:
        DataError, Transient: as `fetch_files`.
    """
    name = tools.arena(entry).files.features
    if name is None:
        return None
    return tools.objects.get(_fetch_file(tools, entry, name.format(version=version), None))


def _fetch_file(tools: Tools, entry: Entry, filename: str, number: int | None) -> str:
    """Digest of the file as the server has it now.

    What arrives under another name of its content than was told a moment before has changed underway, or comes from a
    cache that lags behind: it is believed once it has come twice alike.
    """
    seen: set[str] = set()
    for _ in range(ARRIVALS):
        digest, agrees = _ask_file(tools, entry, filename, number)
        if agrees or digest in seen:
            return digest
        seen.add(digest)
    raise Transient(
        "file-changed-underway",
        f"{filename}: what came was each time another file than the one told a moment before.",
        "It is fetched again with the next attempt.",
    )


def _ask_file(tools: Tools, entry: Entry, filename: str, number: int | None) -> tuple[str, bool]:
    """Digest of what arrived or was known, and whether it is the content that the server had just told."""
    arena, reader = tools.arena(entry), tools.reader(entry)
    told = probe(filename, lambda: reader.dataset_url(arena, filename, number), tools.clock)
    fresh = {"server": tools.configuration.server.url, "file": filename, "round": number, "content": told.validator}
    known = tools.cache.known("fetch", fresh) if told.validator else None
    if known is not None:
        return known, True
    downloads = tools.folder / "downloads"
    downloads.mkdir(exist_ok=True)
    target = downloads / f"{entry.arena}-{filename.replace('/', '-')}"
    with only_one(target):  # entries that play at the same time want the same file
        known = tools.cache.known("fetch", fresh) if told.validator else None
        if known is not None:
            return known, True
        return _download(tools, entry, filename, number, target, fresh)


def _download(
    tools: Tools, entry: Entry, filename: str, number: int | None, target: Path, fresh: dict[str, Any]
) -> tuple[str, bool]:
    arena, reader = tools.arena(entry), tools.reader(entry)
    arrival = download(
        filename,
        lambda: reader.dataset_url(arena, filename, number),
        target,
        partial(tools.objects.put_file, move=True),  # a part kept beside its object would be written over in place
        tools.clock,
        lambda name, done, total: tools.progress(f"download {name}", done, total),
    )
    agrees = arrival.validator in ("", fresh["content"]) or not fresh["content"]
    if fresh["content"] and agrees:
        tools.cache.remember("fetch", fresh, arrival.digest)
    return arrival.digest, agrees


def columns_of(tools: Tools, entry: Entry, files: Mapping[str, str]) -> dict[str, Any]:
    """Feature names of the entry's set, in the file's order, and its targets, the one it is judged by first.

    Where neither a features file nor the training file is among the files, the live file tells the features, and there
    are no targets: enough for a model that is trained already.

    Raises:
        UserError: `unknown-feature-set`, `unknown-target`.
    """
    arena = tools.arena(entry)
    told = str(Sample.TRAIN) if str(Sample.TRAIN) in files else str(Sample.LIVE)
    if arena.files.features is None:
        known = columns_as_sets(tools.objects.path(files[told]), arena)
    else:
        known = feature_sets(tools.objects.get(files["features"]))
    features = list(known.features(entry.features or arena.feature_set))
    learned = arena.files.features is not None or told == str(Sample.TRAIN)
    targets = dict.fromkeys((tools.target(entry), *entry.extra_targets)) if learned else {}
    columns = {"features": features, "targets": [known.require_target(name) for name in targets]}
    if price_rows.ROLE in files:
        columns["price_features"] = price_rows.price_columns(tools, entry, files[price_rows.ROLE])
    return columns


def panel(tools: Tools, entry: Entry, files: Mapping[str, str], sample: Sample, number: int | None = None) -> Panel:
    """The checked view of one file: the entry's features and target, lazily."""
    arena = tools.arena(entry)
    columns = columns_of(tools, entry, files)
    path = tools.objects.path(files[str(sample)])
    if sample is Sample.LIVE:
        if number is None:
            raise Broken("live-without-round", "A live panel was asked for without its round.", "Name the round.")
        day = data_date(open_day(arena.calendar, number))
        found = read_live(path, arena, columns["features"], day, files["live"])
    else:
        found = read_panel([path], arena, columns["features"], columns["targets"], sample, digest=files[str(sample)])
    return _with_prices(tools, entry, files, found, columns)


def _with_prices(
    tools: Tools, entry: Entry, files: Mapping[str, str], found: Panel, columns: Mapping[str, Any]
) -> Panel:
    """The panel with the entry's price features beside its own; an id without prices stands in the middle."""
    names = columns.get("price_features", [])
    if not names:
        return found
    reference, rows = files[price_rows.ROLE], _price_rows(tools, entry, files, found)
    joined = found.frame.join(rows, on=[ERA, ID], how="left", maintain_order="left")
    states = price_rows.state_columns(tools, entry, reference)
    joined = joined.with_columns(pl.col(name).fill_null(pl.col(name).max().over(ERA)) for name in states)
    joined = joined.with_columns(pl.col(names).fill_null(0.5))
    return replace(
        found,
        frame=joined.select(ERA, ID, *found.features, *names, *(target.name for target in found.targets)),
        features=(*found.features, *names),
        synthetic=found.synthetic or price_rows.synthetic(tools, reference),
        digest=None if found.digest is None else digest_value(found.digest, reference, names),
    )


def _price_rows(tools: Tools, entry: Entry, files: Mapping[str, str], found: Panel) -> pl.LazyFrame:
    dates = dict(zip(found.eras, found.moments.dates, strict=True))
    return price_rows.price_rows(tools, entry, files[price_rows.ROLE], dates)


def training_panel(tools: Tools, entry: Entry, files: Mapping[str, str]) -> Panel:
    """The eras an entry's live model learns from, by its `train_on`, with the rows whose label never came."""
    if entry.train_on == "train" and str(Sample.VALIDATION) in files:
        return panel(tools, entry, files, Sample.TRAIN)
    return _known(tools, _history(tools, entry, files))


def evaluation_panel(tools: Tools, entry: Entry, files: Mapping[str, str]) -> Panel:
    """Training and validation rows of the eras whose labels are known today, in time order.

    Rows whose label never came stay: a name that was gone by then was there to be predicted. Where an era comes every
    day, the newest ones wait until `EVALUATED_AT_ONCE` of them are there: one more era in a thousand changes no figure,
    and would have every fold scored again.
    """
    known = _known(tools, _history(tools, entry, files))
    last = known.moments.dates[-EVALUATED_AT_ONCE:]
    if len(last) < EVALUATED_AT_ONCE or (last[-1] - last[0]).days > 2 * EVALUATED_AT_ONCE:
        return known
    return known.where_eras(known.eras[: len(known.eras) // EVALUATED_AT_ONCE * EVALUATED_AT_ONCE])


def history_samples(files: Mapping[str, str]) -> tuple[Sample, ...]:
    """The samples of the past that the arena publishes: always train; validation where it is a file of its own."""
    return tuple(sample for sample in (Sample.TRAIN, Sample.VALIDATION) if str(sample) in files)


def _history(tools: Tools, entry: Entry, files: Mapping[str, str]) -> Panel:
    first, *rest = (panel(tools, entry, files, sample) for sample in history_samples(files))
    return reduce(join_panels, rest, first)


def chunk_eras(tools: Tools, entry: Entry, files: Mapping[str, str]) -> int:
    """Eras in a block of the walk-forward, the same while eras keep arriving.

    Where validation is a file of its own, the training file is cut into `folds` blocks. Where the one file grows, it is
    cut into a block to begin with and `folds` to predict, in steps of `STEP` eras.
    """
    eras = len(panel(tools, entry, files, Sample.TRAIN).eras)
    if str(Sample.VALIDATION) in files:
        return max(1, eras // entry.folds)
    length = max(1, eras // (entry.folds + 1))
    return length - length % STEP if length > STEP else length


def meta_model(tools: Tools, files: Mapping[str, str]) -> pl.DataFrame | None:
    """The meta model's past predictions: columns `era`, `id`, `meta_model`; None where the arena publishes none."""
    if META not in files:
        return None
    frame = pl.read_parquet(tools.objects.path(files[META]))
    value = next(name for name in frame.columns if name.endswith(META))
    return frame.select(ERA, ID, pl.col(value).alias(META))


def others_predictions(tools: Tools, entry: Entry, files: Mapping[str, str]) -> list[pl.DataFrame]:
    """Past predictions that the tournament publishes: `era`, `id` and a column a model; the meta model's among them.

    Benchmark files are fetched when they are first asked for.

    Raises:
        Transient: the server or the connection failed.
    """
    arena = tools.arena(entry)
    frames = []
    market = meta_model(tools, files)
    if market is not None:
        frames.append(market)
    if arena.files.benchmarks is not None:
        name = arena.files.benchmarks.format(version=arena.version)
        if name in tools.reader(entry).datasets(arena):
            frame = pl.read_parquet(tools.objects.path(_fetch_file(tools, entry, name, None)))
            frames.append(frame.select(ERA, ID, *(name for name, kind in frame.schema.items() if kind.is_float())))
    return frames


def contributing_files(tools: Tools, entry: Entry, files: Mapping[str, str], used: Panel) -> list[str]:
    """Digests of the files that hold at least one era of `used`, so that a fit is not renamed by rows it never saw."""
    if _grows(files):
        return [_content(used)]
    needs, wanted = [], set(used.eras)
    for sample in history_samples(files):
        if wanted & set(panel(tools, entry, files, sample).eras):
            needs.append(files[str(sample)])
    return needs


def history_digests(tools: Tools, entry: Entry, files: Mapping[str, str]) -> list[str]:
    """What an evaluation reads, by digest: the files, or the rows themselves where the files change every day."""
    if _grows(files):
        return [_content(evaluation_panel(tools, entry, files)), files.get(META, "")]
    return [digest for role, digest in sorted(files.items()) if role != str(Sample.LIVE)]


def _grows(files: Mapping[str, str]) -> bool:
    """Whether a new day changes what is read without changing the past in it: one growing file, or prices."""
    return str(Sample.VALIDATION) not in files or price_rows.ROLE in files


def _content(rows: Panel) -> str:
    """Digest of the keys, features and targets of a panel."""
    target = io.BytesIO()
    columns = [ERA, ID, *rows.features, *(one.name for one in rows.targets)]
    rows.frame.select(columns).collect().write_ipc(target)
    return digest_bytes(target.getbuffer())


def _known(tools: Tools, whole: Panel) -> Panel:
    today = tools.clock.now().date()
    return whole.where_eras(whole.moments.known_before(whole.target.name, today))
