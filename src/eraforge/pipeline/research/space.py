"""What a search may change: named settings with a range or choices, and what it is to make as large as it can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from eraforge.core.errors import UserError
from eraforge.core.words import PayoutPolicy
from eraforge.pipeline.research.experiment import Experiment, experiment_of
from eraforge.pipeline.steps.evaluating.judging import known

Objective = Literal["corr", "sharpe", "mmc", "payout"]
FIGURE_OF = {"corr": ("CORR", "mean"), "sharpe": ("CORR", "sharpe"), "mmc": ("MMC", "mean")}
# Scores of the tournaments that an evaluation has a counterpart of, out of fold.
SCORE_OF = {"corr": "CORR", "v2_corr20": "CORR", "corr60": "CORR", "mmc": "MMC", "mmc60": "MMC"}


class Range(BaseModel):
    """Values of one setting: `choices`, or numbers from `low` to `high`, whole ones when both ends are whole."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: tuple[str | int | float | bool, ...] = ()

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Range:
        ends = self.low is not None and self.high is not None and self.low < self.high
        if bool(self.choices) == ends or (self.log and not (ends and self.low and self.low > 0)):
            raise ValueError("give either choices, or low below high (above 0 with log)")
        return self

    def suggest(self, trial: Any, name: str) -> Any:
        """A value that an optuna trial suggests for the setting of that name."""
        if self.choices:
            return trial.suggest_categorical(name, list(self.choices))
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(name, self.low, self.high, log=self.log)
        return trial.suggest_float(name, self.low, self.high, log=self.log)


class Search(BaseModel):
    """The `[search]` table of an experiment's file.

    `space` names keys of `[entry]` with dots ("settings.max_depth", "features").
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tries: int = Field(default=20, ge=1)
    objectives: tuple[Objective, ...] = ("corr",)
    seed: int = 7
    prune: bool = True
    space: dict[str, Range] = Field(min_length=1)


def tried(experiment: Experiment, number: int, changes: Mapping[str, Any]) -> Experiment:
    """The experiment with some settings of its entry changed, named as the try it is.

    Raises:
        UserError: `experiment-wrong` when a setting does not take the value.
    """
    entry = experiment.entry.model_dump()
    for key, value in changes.items():
        *tables, name = key.split(".")
        inside = entry
        for table in tables:
            inside = inside.setdefault(table, {})
        inside[name] = value
    tree = {**experiment.model_dump(), "name": f"{experiment.name}-{number:03d}", "entry": entry}
    return experiment_of(tree, f"try {number} of {experiment.name}")


def worth(report: Mapping[str, Any], objectives: tuple[Objective, ...], policy: PayoutPolicy) -> list[float]:
    """What a report is worth by each objective; all figures are out of fold.

    `payout` is the mean over eras of `clip(factor * sum(weight * score), -cap, +cap)`, per unit of stake.

    Raises:
        UserError: `objective-without-figure`.
    """
    figures = {(row["score"], row["name"]): row["value"] for row in report["figures"]}
    values = []
    for objective in objectives:
        value = _payout(report, policy) if objective == "payout" else figures.get(FIGURE_OF[objective])
        if value is None:
            raise UserError(
                "objective-without-figure",
                f"The evaluation has no figure for the objective {objective!r}.",
                "Choose another objective: MMC needs eras that the meta model covers.",
            )
        values.append(float(value))
    return values


def _payout(report: Mapping[str, Any], policy: PayoutPolicy) -> float | None:
    series = {row["score"]: known(row["eras"]) for row in report["scores"]}
    unknown = [name for name, weight in policy.weights.items() if weight is None or name not in SCORE_OF]
    if unknown or policy.cap is None or not policy.weights:
        raise UserError(
            "objective-without-figure",
            f"What {policy.name!r} pays on ({', '.join(unknown) or 'nothing known'}) cannot be computed out of fold.",
            "Choose corr, sharpe or mmc as the objective.",
        )
    parts = [(float(weight or 0), series.get(SCORE_OF[name], {})) for name, weight in policy.weights.items()]
    shared = set.intersection(*(set(scores) for _, scores in parts))
    if not shared:
        return None
    cap, factor = float(policy.cap), float(policy.factor or 1)
    earned = [factor * sum(weight * scores[era] for weight, scores in parts) for era in sorted(shared)]
    return sum(min(max(value, -cap), cap) for value in earned) / len(earned)
