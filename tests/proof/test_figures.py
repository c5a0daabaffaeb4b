"""The page and the README show the figures that were measured, and no figure that is kept misses its bar."""

from __future__ import annotations

import json
from typing import Any

import pytest
from programmes.figures import Figure, Proof, next_seed
from programmes.pages import PAGE, PROMISES, README, ROOT, SUMMARY, figures_of, page, readme

KNOWN: dict[str, Any] = json.loads((ROOT / "proof" / "figures.json").read_text())


def test_the_page_and_the_readme_agree_with_the_figures() -> None:
    assert PAGE.read_text() == page(KNOWN), "run `python tools/prove.py --pages`"
    assert README.read_text() == readme(README.read_text(), KNOWN), "run `python tools/prove.py --pages`"


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_kept_figure_meets_its_bar_and_says_where_it_comes_from(name: str) -> None:
    figures = figures_of(KNOWN, name)
    assert figures and all(one.holds for one in figures)
    assert {one.promise for one in figures} <= set(PROMISES)
    assert KNOWN[name]["seeds"] and KNOWN[name]["commit"] and KNOWN[name]["date"]


def test_the_readme_finds_every_figure_it_shows() -> None:
    for programme, begins, _ in SUMMARY:
        assert sum(one.name.startswith(begins) for one in figures_of(KNOWN, programme)) == 1, (programme, begins)


def test_a_bar_can_be_missed() -> None:
    assert not Figure("P1", "x", 1, "== 0").holds
    assert not Figure("P1", "x", 9, "== whole", 10).holds
    assert not Figure("P1", "x", 2e-12, "<= 1e-12").holds
    assert Figure("P1", "x", 30, ">= 30").holds


def test_counts_of_further_seeds_are_added_and_nothing_else_is() -> None:
    def counted(seeds: str, kills: int, name: str = "kills") -> Proof:
        figures = (Figure("P1", "doubles", 0, "== 0", kills), Figure("P5", name, kills, ">= 1"))
        return Proof("kills", "turns killed", kills, 2000, seeds, figures)

    kept = counted("1-7", 20).as_dict()
    both = counted("8-9", 5).after(kept)
    assert next_seed(kept) == 8 and next_seed(both.as_dict()) == 10
    assert (both.scale, both.seeds) == (25, "1-9")
    assert [(one.value, one.of) for one in both.figures] == [(0, 25), (25, 0)]
    for other in (counted("9-9", 5), counted("8-9", 5, "deaths")):
        with pytest.raises(ValueError, match=r"does not follow|count something else"):
            other.after(kept)
