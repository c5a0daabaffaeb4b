"""Writes the table of docs/models.md from the registered models. `--check` only says whether it is up to date."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from pathlib import Path
from typing import Any

from eraforge.core import plugins

PAGE = Path(__file__).resolve().parents[1] / "docs" / "models.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
EXTRAS = {"trees.xgboost_trees": "gbm", "trees.catboost_trees": "gbm", "networks": "nn", "automl": "automl"}
LOOP = "eraforge.models.networks.settings"
WHEN = {
    "lightgbm": "the default: strong, quick, and trains on everything in little memory",
    "xgboost": "a second opinion beside LightGBM; on a graphics card",
    "catboost": "symmetric trees err differently: good in an ensemble; needs four bytes per value",
    "random_forest": "hard to overfit; a steady member of an ensemble",
    "extra_trees": "as a forest, quicker and smoother",
    "ridge": "the first thing to try; solved exactly in seconds, rows are streamed",
    "lasso": "to see which features carry a linear signal",
    "elastic_net": "as the lasso, where features resemble each other",
    "logistic": "a linear model that cares less for the extremes of the label",
    "support_vectors": "smooth curves in a few dozen features",
    "mlp": "the first network to try",
    "resnet": "deeper than an MLP at the same ease",
    "tabnet": "when few features matter at a time",
    "ft_transformer": "some hundreds of features at most; slow, strong",
    "tabm": "the best network of tables for its time in its authors' benchmarks",
    "lstm": "windows of price history of moderate length",
    "gru": "as an LSTM, with fewer weights",
    "tcn": "long windows: quick, and its reach is known",
    "transformer": "windows in which distant moments matter to each other",
    "nhits": "windows with slow and fast movements at once",
    "tft": "windows of several channels of unequal worth",
    "patchtst": "long windows of many channels",
    "flaml": "when you would rather not choose settings",
    "average": "the default blend",
    "rank_average": "a blend in which extreme predictions count for less",
    "optimised": "some members, and a limit on each",
    "greedy": "a large pool of members of which few should stay",
    "dynamic": "members that take turns at being right",
    "stacked": "many eras, and members that complement each other",
    "regimes": "members that suit different markets",
    "neutralised": "less exposure to features, or to one group of them",
    "low_exposure": "to learn what is not linear in the features",
    "era_sample": "memory or time is short: eras overlap, little is lost",
    "era_boosting": "steadier results over eras, for some of the mean",
    "multi_target": "a panel that carries several targets",
    "columns": "one group of features, or a set of your own",
    "feature_groups": "an ensemble whose members see different features",
    "pca": "many features that move together; before networks and support vectors",
}


def table() -> str:
    """The table of every registered model."""
    rows = [
        "| model | what it is | extra | settings and defaults | when to use it |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in plugins.names("model"):
        kind = plugins.find("model", name)
        if kind.__module__.startswith("eraforge."):
            rows.append(f"| `{name}` | {_what(kind)} | {_extra(kind)} | {_settings(kind)} | {WHEN[name]} |")
    return "\n".join(rows) + "\n"


def _what(kind: Any) -> str:
    first = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
    return first.split(". ")[0].rstrip(".").replace("|", "\\|")


def _extra(kind: Any) -> str:
    return next((extra for part, extra in EXTRAS.items() if f"models.{part}" in kind.__module__), "")


def _settings(kind: Any) -> str:
    """Settings of its own; those of the training loop stand once below the table."""
    shared = set()
    for parent in kind.__mro__[1:]:
        if parent.__module__ == LOOP:
            shared = {(field.name, field.default) for field in dataclasses.fields(parent)}
    told = []
    for field in dataclasses.fields(kind):
        default = field.default if field.default is not dataclasses.MISSING else field.default_factory()  # type: ignore[misc]
        if (field.name, default if isinstance(default, int | float | str) else None) not in shared:
            told.append(f"`{field.name}`" if isinstance(default, dict) else f"`{field.name}={_plain(default)}`")
    return ", ".join(told)


def _plain(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else repr(value) if isinstance(value, str) else f"{value}"


def page() -> str:
    """The page with its table brought up to date."""
    head, rest = PAGE.read_text().split(BEGIN)
    return head + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else "docs/models.md is stale: run `make help-pages`")
    PAGE.write_text(page())
