"""Verbs about experiments and the registry of models."""

from __future__ import annotations

from eraforge.pipeline.verb import Option, Verb

_ALIAS = Option("alias", str, "champion", "which name is moved", choices=("champion", "challenger", "fallback"))
_NAME = Option("name", str, "", "name of an experiment, or the beginning of its identifier", positional=True)
_MODEL = Option("name", str, "", "name of the model in the registry", positional=True)
_NUMBER = Option("number", int, 0, "number of the version", positional=True)
_RUN = "eraforge.pipeline.research.experiment_verbs"
_REGISTRY = "eraforge.pipeline.research.registry_verbs"

RESEARCH: tuple[Verb, ...] = (
    Verb(
        "experiment run",
        "Run the experiment of a file: evaluate it out of fold and record what went in and what came out.",
        f"{_RUN}:experiment_run",
        (Option("file", str, "", "the experiment's TOML file", positional=True),),
    ),
    Verb("experiment list", "List all experiments, with their out-of-fold figures.", f"{_RUN}:experiment_list"),
    Verb(
        "experiment show",
        "Show an experiment: figures with honest intervals, and its luck among all that were tried.",
        f"{_RUN}:experiment_show",
        (_NAME,),
    ),
    Verb(
        "experiment compare",
        "Compare two experiments on the eras both predicted.",
        f"{_RUN}:experiment_compare",
        (
            Option("first", str, "", "one experiment", positional=True),
            Option("second", str, "", "the one to compare it with", positional=True),
        ),
    ),
    Verb(
        "experiment report",
        "Study an experiment: regimes, benchmarks, exposures, importances; as a page with plots.",
        f"{_RUN}:experiment_report",
        (_NAME, Option("output", str, "", "write the page here (.html)")),
    ),
    Verb(
        "experiment select",
        "Pick a blend from recorded experiments, judged on eras that the picking did not look at.",
        f"{_RUN}:experiment_select",
        (
            Option("name", list[str], (), "experiments to pick from; all on the newest's question", positional=True),
            Option("objective", str, "corr", "what is made as large as it can", choices=("corr", "sharpe")),
        ),
    ),
    Verb(
        "experiment export",
        "Show experiments to an MLflow tracking server; what it holds already is left alone.",
        f"{_RUN}:experiment_export",
        (
            Option("name", list[str], (), "experiments to export; all when left out", positional=True),
            Option("to", str, "http://127.0.0.1:5000", "address of the server"),
        ),
    ),
    Verb(
        "experiment reproduce",
        "Compute an experiment anew from the recorded data and compare every byte.",
        f"{_RUN}:experiment_reproduce",
        (_NAME,),
    ),
    Verb(
        "search",
        "Search the settings of an experiment; every try is recorded, and a stopped search goes on.",
        f"{_RUN}:search",
        (
            Option("file", str, "", "the experiment's TOML file, with a [search] table", positional=True),
            Option("tries", int, 0, "tries in all, those already made included; the file's when left out", least=0),
            Option("workers", int, 1, "tries that are carried out at once", least=1, most=256),
            Option("on", str, "processes", "what carries them out", choices=("processes", "ray")),
        ),
    ),
    Verb(
        "model register",
        "Train and evaluate an entry, and keep the model as a new version.",
        f"{_REGISTRY}:model_register",
        (
            Option("entry", str, "", "the entry whose model is kept", positional=True),
            Option("name", str, "", "name in the registry; the entry's when left out"),
        ),
    ),
    Verb("model list", "List registered versions, their aliases and figures.", f"{_REGISTRY}:model_list"),
    Verb(
        "model promote",
        "Make a version the champion when it beats the present one, or for a reason you give.",
        f"{_REGISTRY}:model_promote",
        (_MODEL, _NUMBER, _ALIAS, Option("because", str, "", "promote it for this reason, without proof")),
    ),
    Verb(
        "model rollback",
        "Let an alias point to the version before.",
        f"{_REGISTRY}:model_rollback",
        (_MODEL, _ALIAS),
    ),
    Verb(
        "model retire",
        "Take a version out of use.",
        f"{_REGISTRY}:model_retire",
        (_MODEL, _NUMBER, Option("because", str, "", "why")),
    ),
)
