"""An entry judged out of fold: leak probes first, then each fold trained on its past and scored on its future."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from eraforge.core.panel import Panel
from eraforge.core.ports import Fitted, Model, Progress, Splitter
from eraforge.core.words import Entry
from eraforge.pipeline.stage_cache import code_digest
from eraforge.pipeline.steps import fits, inputs
from eraforge.pipeline.steps.bars import price_rows
from eraforge.pipeline.tools import Tools

TRAIN_ERAS_SCORED = 12  # enough to see overfitting; a train figure is never a result
Watch = Callable[[int, Mapping[str, float | None]], None]


def judge_out_of_fold(
    tools: Tools,
    entry: Entry,
    files: Mapping[str, str],
    splitter: Splitter,
    fit: Callable[[Model, Panel], Fitted] | None = None,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """The report of an entry: scores per era, figures, folds, and under `leaks` what the probes saw.

    The out-of-fold predictions become an object, named by the report under `predictions`.

    Args:
        splitter: how the past is cut.
        fit: how a fold is trained; without it, anew.
        watch: told each fold's CORR per era once it is predicted; what it raises ends all.

    Raises:
        DataError: `leak-found`, `leak-not-examined`, and whatever the evaluation refuses.
    """
    from eraforge.evaluation import report
    from eraforge.evaluation.leaks import entry_probe

    panel, model = inputs.evaluation_panel(tools, entry, files), fits.build_model(entry)
    prices = price_rows.computed_from(tools, entry, files[price_rows.ROLE]) if price_rows.ROLE in files else None
    probed = entry_probe.examine_entry(entry.name, model, panel, splitter, entry.leaks, _told(tools, entry), prices)
    probed.refuse()
    result = report.evaluate(
        model,
        panel,
        splitter,
        meta_model=inputs.meta_model(tools, files),
        fit=fit or report.plain_fit,
        train_eras=TRAIN_ERAS_SCORED,
        watch=watch,
        progress=_told(tools, entry),
    )
    kept = tools.objects.put(parquet_bytes(result.predictions))
    return {**result.as_dict(), "leaks": probed.as_dict(), "predictions": kept}


def code_of_evaluation() -> str:
    """Digest of the code that makes a report."""
    from eraforge.evaluation import report
    from eraforge.evaluation.leaks import entry_probe, probes
    from eraforge.evaluation.splitters import fold_checks, purging, splitter, walk_forward

    return code_digest(report, walk_forward, splitter, purging, fold_checks, entry_probe, probes, fits, inputs)


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """A frame as parquet; equal frames give equal bytes."""
    target = io.BytesIO()
    frame.write_parquet(target, compression="zstd", statistics=False)
    return target.getvalue()


def _told(tools: Tools, entry: Entry) -> Progress:
    """Progress of work on an entry, under the entry's name."""
    return lambda what, done, total: tools.progress(f"{entry.name}: {what}", done, total)
