"""Search: every try an experiment, bad ones given up or told, stopped ones taken up, several aims at once."""

from __future__ import annotations

from typing import Any

import pytest

from eraforge.core.errors import UserError
from eraforge.core.words import PayoutPolicy
from eraforge.pipeline.research.space import worth


def test_every_try_is_an_experiment_and_counts_as_luck(laboratory: Any) -> None:
    facts = laboratory.perform("search", file="stiffness.toml")
    assert [row["state"] for row in facts["tries"]] == ["complete"] * 4
    names = [row["name"] for row in laboratory.perform("experiment list")["experiments"]]
    assert names == [f"stiffness-{number:03d}" for number in range(4)]
    best = max(facts["tries"], key=lambda row: row["values"]["corr"])
    assert facts["best"] == [best["experiment"]] and facts["winner"]["id"] == best["experiment"]
    assert facts["winner"]["luck"]["tries"] == 4


def test_a_stopped_search_goes_on_with_other_proposals(laboratory: Any) -> None:
    first = laboratory.perform("search", file="stiffness.toml", tries=2)
    whole = laboratory.perform("search", file="stiffness.toml", tries=4)
    assert [row["changes"] for row in whole["tries"][:2]] == [row["changes"] for row in first["tries"]]
    assert len({row["changes"]["settings.penalty"] for row in whole["tries"]}) == 4
    laboratory.seen.clear()
    assert laboratory.perform("search", file="stiffness.toml", tries=4)["tries"] == whole["tries"]
    assert not [what for what in laboratory.seen if "rows" in what]


def test_a_setting_that_cannot_be_ends_its_try_only(laboratory: Any, stiffness: str) -> None:
    text = stiffness.replace("{ low = 0.01, high = 100.0, log = true }", "{ choices = [-1.0, 0.1, 1.0] }")
    (laboratory.folder / "odd.toml").write_text(text.replace("tries = 4", "tries = 8"))
    facts = laboratory.perform("search", file="odd.toml")
    failed = [row for row in facts["tries"] if row["state"] == "fail"]
    assert failed and all("penalty" in row["error"] for row in failed)
    assert {row["changes"]["settings.penalty"] for row in failed} == {-1.0}
    assert facts["winner"]


def test_hopeless_tries_are_given_up_early(laboratory: Any, stiffness: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from eraforge.pipeline.research import search

    monkeypatch.setattr(search, "WARM", 2)
    text = stiffness.replace('learner = "ridge"', 'learner = "lightgbm"').replace("tries = 4", "tries = 8")
    text = text.split("[search.space]")[0] + (
        '[search.space]\n"settings.n_estimators" = { choices = [1, 30] }\n"settings.seed" = { low = 1, high = 99 }\n'
        '"settings.learning_rate" = { choices = [0.1, 0.000001] }\n'
    )
    (laboratory.folder / "trees.toml").write_text(text)
    facts = laboratory.perform("search", file="trees.toml")
    pruned = [row for row in facts["tries"] if row["state"] == "pruned"]
    assert pruned and all(not row["values"] and row["experiment"] is None for row in pruned)


def test_tries_of_a_search_that_was_killed_are_made_again(laboratory: Any) -> None:
    from pathlib import Path

    from eraforge.pipeline.research.search import open_search, propose, read_search
    from eraforge.pipeline.verb import Visit
    from eraforge.pipeline.workspace import open_workspace

    asked, wanted = read_search(Path(laboratory.folder) / "stiffness.toml")
    with open_workspace(Visit(Path(laboratory.folder), laboratory.environment)) as tools:
        left = propose(open_search(tools, asked, wanted).study, wanted).params
    facts = laboratory.perform("search", file="stiffness.toml")
    assert [row["state"] for row in facts["tries"]] == ["lost", *["complete"] * 4]
    assert facts["tries"][0]["changes"] == facts["tries"][1]["changes"] == left


def test_several_aims_give_the_tries_that_no_other_beats_in_all(laboratory: Any, stiffness: str) -> None:
    text = stiffness.replace("tries = 4", 'tries = 5\nobjectives = ["corr", "mmc"]')
    (laboratory.folder / "both.toml").write_text(text)
    facts = laboratory.perform("search", file="both.toml")
    values = {row["experiment"]: row["values"] for row in facts["tries"]}
    for chosen in facts["best"]:
        assert not any(
            other != chosen and all(values[other][aim] > values[chosen][aim] for aim in ("corr", "mmc"))
            for other in values
        )


def test_the_payout_objective_is_the_published_rule() -> None:
    report = {
        "figures": [],
        "scores": [
            {"score": "CORR", "eras": {"1": 0.02, "2": -0.5, "3": None}},
            {"score": "MMC", "eras": {"1": 0.01, "2": -0.1, "3": 0.1}},
        ],
    }
    from decimal import Decimal

    policy = PayoutPolicy(
        "rule", 1, {"corr60": Decimal(3), "mmc60": Decimal(15)}, Decimal(1), Decimal(1), "per_round", 60
    )
    assert worth(report, ("payout",), policy) == [pytest.approx((3 * 0.02 + 15 * 0.01 - 1) / 2)]
    unknown = PayoutPolicy("other", 1, {"alpha": Decimal(1)}, Decimal(1), Decimal(1), "per_round", 60)
    with pytest.raises(UserError, match="alpha"):
        worth(report, ("payout",), unknown)


@pytest.mark.parametrize(
    ("space", "named"),
    [
        ('"settings.penalty" = { low = 2.0, high = 1.0 }', "choices, or low below high"),
        ('"settings.penalty" = { low = 0.0, high = 1.0, log = true }', "choices, or low below high"),
        ('"settings.penalty" = { from = 1 }', "from"),
        ("", "space"),
    ],
)
def test_a_wrong_space_is_told(laboratory: Any, stiffness: str, space: str, named: str) -> None:
    (laboratory.folder / "wrong.toml").write_text(stiffness.split("[search.space]")[0] + "[search.space]\n" + space)
    with pytest.raises(UserError) as caught:
        laboratory.perform("search", file="wrong.toml")
    assert named in caught.value.sentence
