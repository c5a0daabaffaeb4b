"""evaluate: train each fold on its past, predict its future, and report scores that name their sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import ERA, ID, Panel, Sample
from eraforge.core.ports import Fitted, Fold, Model, Progress, Splitter
from eraforge.core.words import PREDICTION
from eraforge.evaluation.scores import corr, mmc
from eraforge.evaluation.splitters.blends import check_blend
from eraforge.evaluation.splitters.fold_checks import check_fold, check_folds, refuse_shuffles
from eraforge.evaluation.summary import EraScores, Figure, era_scores, summarise
from eraforge.models.ensembles.evidence import overseen
from eraforge.models.progress import reporting

Fit = Callable[[Model, Panel], Fitted]
Watch = Callable[[int, Mapping[str, float | None]], None]
META_MODEL = "meta_model"
TRUTH = "truth"
TRAIN_ERAS = 32


@dataclass(frozen=True)
class FoldReport:
    """One fold as it was trained and predicted; eras and ISO dates are those of its first and last era.

    `train_corr` is the mean CORR on eras the fold was trained on: a sign of overfitting, never a result.
    """

    number: int
    train_eras: tuple[str, str]
    train_dates: tuple[str, str]
    train_count: int
    predict_eras: tuple[str, str]
    predict_dates: tuple[str, str]
    predict_count: int
    train_corr: Figure | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "number": self.number,
            "train": {"eras": list(self.train_eras), "dates": list(self.train_dates), "count": self.train_count},
            "predict": {
                "eras": list(self.predict_eras),
                "dates": list(self.predict_dates),
                "count": self.predict_count,
            },
            "train_corr": None if self.train_corr is None else self.train_corr.as_dict(),
        }


@dataclass(frozen=True, eq=False)
class Report:
    """What an evaluation found. Equal inputs give equal reports.

    Args:
        target: the target scored against.
        folds: how each fold was cut, with its train-sample CORR.
        scores: CORR, and MMC where a meta model was given, per predicted era (out of fold, validation sample).
        figures: their summary; every figure of it is of the validation sample.
        predictions: out-of-fold predictions: `era`, `id`, `prediction`, of every row, labelled or not.
        scored_rows: how many of them have a label; the others never reached one, and no score counts them.
        synthetic: tag of made-up data, or None.
    """

    target: str
    folds: tuple[FoldReport, ...]
    scores: tuple[EraScores, ...]
    figures: tuple[Figure, ...]
    predictions: pl.DataFrame
    scored_rows: int
    synthetic: str | None = None

    def figure(self, score: str, name: str) -> Figure:
        """One figure of the summary, such as `figure("CORR", "sharpe")`.

        Raises:
            UserError: `no-such-figure`.
        """
        for figure in self.figures:
            if (figure.score, figure.name) == (score, name):
                return figure
        known = ", ".join(f"{figure.score} {figure.name}" for figure in self.figures)
        raise UserError("no-such-figure", f"The report has no {score} {name}.", f"It has: {known}.")

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form, without the predictions themselves."""
        return {
            "target": self.target,
            "synthetic": self.synthetic,
            "folds": [fold.as_dict() for fold in self.folds],
            "scores": [scores.as_dict() for scores in self.scores],
            "figures": [figure.as_dict() for figure in self.figures],
            "predicted_rows": self.predictions.height,
            "scored_rows": self.scored_rows,
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return NotImplemented
        return self.as_dict() == other.as_dict() and self.predictions.equals(other.predictions)

    __hash__ = None  # type: ignore[assignment]


def plain_fit(model: Model, panel: Panel) -> Fitted:
    """Train, and remember nothing."""
    return model.fit(panel)


def evaluate(
    model: Model,
    panel: Panel,
    splitter: Splitter,
    *,
    fit: Fit = plain_fit,
    meta_model: pl.DataFrame | None = None,
    progress: Progress | None = None,
    train_eras: int = TRAIN_ERAS,
    watch: Watch | None = None,
) -> Report:
    """Scores of predictions that no trained fold had seen.

    A fold learns from the labelled rows of `panel.asof(first predicted era)`; it predicts rows that carry no target at
    all. A splitter that says it is `two_sided` also trains on purged eras after the predicted ones.

    Every row of a predicted era is predicted, also one whose label never comes: ranks among survivors would tell who
    they are. Such rows are left out when an era is scored, as the tournament does.

    Args:
        model: what to evaluate.
        panel: all rows of history; predicted eras whose target is unknown stay in the report as not scored.
        splitter: its folds are checked again here.
        fit: how a fold is trained, so that a caller can remember fitted folds.
        meta_model: `era`, `id`, `meta_model`: the meta model's predictions, for MMC on the eras it covers.
        progress: told about folds, and about the training inside each.
        train_eras: how many eras of each fold's training part are scored as its train sample, evenly spread; 0 for
            none.
        watch: told the number of each fold and its CORR per era once it is predicted; what it raises ends all.

    Raises:
        Broken: when a fold is not clean, or a blend's inner folds are not (`check_blend`).
        UserError: `nothing-scored`, `too-few-eras`, `splitter-shuffles`.
        DataError: `predictions-do-not-fit`, and whatever training and scoring refuse.
    """
    refuse_shuffles(splitter)
    folds = tuple(splitter.split(panel))
    two_sided = bool(getattr(splitter, "two_sided", False))
    for target in panel.targets if two_sided else (panel.target,):
        check_folds(panel, folds, target, getattr(splitter, "embargo", 0), two_sided)
    reports, predicted = [], []
    for number, fold in enumerate(folds, start=1):
        if progress is not None:
            progress("folds", number - 1, len(folds))
        train = training_part(panel, fold, splitter)
        with reporting(progress), overseen(partial(_check_inner, panel, fold, two_sided)):
            fitted = fit(model, train)
        predicted.append(_predict(fitted, panel, fold.predict))
        reports.append(_fold_report(number, fold, panel, _train_corr(fitted, train, fold, train_eras)))
        if watch is not None:
            watch(number, _score_eras(panel, predicted[-1], Sample.VALIDATION).values)
    if progress is not None:
        progress("folds", len(folds), len(folds))
    predictions = pl.concat(predicted)
    scores = [_score_eras(panel, predictions, Sample.VALIDATION)]
    if meta_model is not None:
        scores.append(_contributions(panel, predictions, meta_model))
    figures = tuple(figure for score in scores for figure in summarise(score))
    scored = _with_truth(panel, predictions).filter(pl.col(TRUTH).is_finite()).height
    return Report(panel.target.name, tuple(reports), tuple(scores), figures, predictions, scored, panel.synthetic)


def _check_inner(panel: Panel, fold: Fold, two_sided: bool, inner: Sequence[Fold]) -> None:
    """Stop a blend that would learn its weights from anything but predictions its members were not trained for.

    A two-sided fold has its blend on both sides of what it predicts; there each inner fold is checked by itself.
    """
    if two_sided:
        for one in inner:
            check_fold(panel, one, panel.target)
        return
    seen = Fold(tuple(era for one in inner for era in one.predict), fold.predict)
    check_blend(panel, seen, {"all": [*inner, fold]}, panel.target)


def training_part(panel: Panel, fold: Fold, splitter: Splitter) -> Panel:
    """What a fold trains on: the rows of its eras as they were known when the predicted part began, or, two-sided, as
    they are. Rows whose label never came are among them: a model learns from the labelled ones, and a blend ranks all.
    """
    two_sided = bool(getattr(splitter, "two_sided", False))
    return (panel if two_sided else panel.asof(fold.predict[0])).where_eras(fold.train)


def _predict(fitted: Fitted, panel: Panel, eras: tuple[str, ...]) -> pl.DataFrame:
    rows = panel.where_eras(eras).select(targets=())
    predictions = fitted.predict(rows)
    keys = rows.frame.select(ERA, ID).collect()
    if predictions.columns != [ERA, ID, PREDICTION] or not predictions.select(ERA, ID).equals(keys):
        raise DataError(
            "predictions-do-not-fit",
            f"The model gave {predictions.height} rows with columns {predictions.columns} for {keys.height} rows, "
            "or put them in another order.",
            "Return era, id and prediction for every row of the panel, in its order.",
        )
    return predictions


def _train_corr(fitted: Fitted, train: Panel, fold: Fold, count: int) -> Figure | None:
    """Mean CORR on some of the eras the fold was trained on, tagged as what it is."""
    if not count:
        return None
    places = np.unique(np.linspace(0, len(fold.train) - 1, min(count, len(fold.train))).round().astype(int))
    eras = tuple(fold.train[place] for place in places)
    scores = _score_eras(train.where_eras(eras), _predict(fitted, train, eras), Sample.TRAIN)
    return summarise(scores)[0] if len(scores.scored()) else None


def _score_eras(panel: Panel, predictions: pl.DataFrame, sample: Sample) -> EraScores:
    """CORR per era of the predictions."""
    return _per_era("CORR", _with_truth(panel, predictions), sample, lambda rows: corr(rows[:, :1], rows[:, 1]))


def _contributions(panel: Panel, predictions: pl.DataFrame, meta_model: pl.DataFrame) -> EraScores:
    """MMC per era of the predictions; eras without a meta model stay unscored."""
    known = meta_model.select(ERA, ID, pl.col(META_MODEL).cast(pl.Float64))
    rows = _with_truth(panel, predictions).join(known, on=[ERA, ID], how="left", maintain_order="left")
    return _per_era("MMC", rows, Sample.VALIDATION, lambda rows: mmc(rows[:, :1], rows[:, 2], rows[:, 1]))


def _with_truth(panel: Panel, predictions: pl.DataFrame) -> pl.DataFrame:
    """`era`, `id`, `prediction`, `truth` in the order of the predictions."""
    truth = pl.col(panel.target.name).cast(pl.Float64).alias(TRUTH)
    eras = predictions.get_column(ERA).unique(maintain_order=True).to_list()
    rows = panel.where_eras(eras).frame.select(ERA, ID, truth).collect()
    return predictions.join(rows, on=[ERA, ID], how="left", maintain_order="left", validate="1:1")


def _per_era(name: str, rows: pl.DataFrame, sample: Sample, score: Callable[[np.ndarray], np.ndarray]) -> EraScores:
    """`score` of the float matrix (prediction, truth, ...) of each era's labelled rows; NaN where fewer than two are,
    or another column is wholly unknown."""
    parts: Mapping[Any, pl.DataFrame] = rows.partition_by(ERA, as_dict=True, maintain_order=True)
    values = []
    for part in parts.values():
        labelled = part.filter(pl.col(TRUTH).is_finite())
        matrix = labelled.drop(ERA, ID).to_numpy().astype(np.float64)
        unknown = len(matrix) < 2 or np.isnan(matrix).all(axis=0).any()
        values.append(np.nan if unknown else float(score(matrix)[0]))
    eras = tuple(str(key[0]) for key in parts)
    return era_scores(name, sample, eras, np.array(values))


def _fold_report(number: int, fold: Fold, panel: Panel, train_corr: Figure | None) -> FoldReport:
    def ends(eras: tuple[str, ...]) -> tuple[tuple[str, str], tuple[str, str]]:
        first, last = eras[0], eras[-1]
        return (first, last), (panel.moments.date_of(first).isoformat(), panel.moments.date_of(last).isoformat())

    train_eras, train_dates = ends(fold.train)
    predict_eras, predict_dates = ends(fold.predict)
    return FoldReport(
        number,
        train_eras,
        train_dates,
        len(fold.train),
        predict_eras,
        predict_dates,
        len(fold.predict),
        train_corr,
    )
