"""Members named in settings, and what memory a model made of models takes."""

from __future__ import annotations

import pytest

from eraforge.core.errors import UserError
from eraforge.models.ensemble import Average
from eraforge.models.linear import Ridge
from eraforge.models.members import UNKNOWN, check_members, made, member_models, memory_per_value
from eraforge.models.trees.catboost_trees import CatBoost
from eraforge.models.wrapping.training import EraSample


def test_members_become_models_in_alphabetical_order() -> None:
    found = member_models({"b": {"learner": "ridge", "settings": {"penalty": 0.5}}, "a": {"learner": "lightgbm"}})
    assert list(found) == ["a", "b"]
    assert found["b"] == Ridge(0.5)


def test_a_weight_is_known_only_where_it_means_something() -> None:
    check_members({"a": {"learner": "ridge", "weight": 2.0}}, weighted=True)
    with pytest.raises(UserError, match="weight"):
        check_members({"a": {"learner": "ridge", "weight": 2.0}})


def test_unknown_settings_are_named_with_their_place() -> None:
    with pytest.raises(UserError, match=r"members\.x.*'trees'"):
        made("ridge", {"trees": 3}, "members.x")


def test_memory_is_the_models_own_the_largest_members_or_a_share_of_the_inner_ones() -> None:
    assert memory_per_value(Ridge()) == 0.0
    members = {"a": {"learner": "ridge"}, "b": {"learner": "catboost"}}
    assert memory_per_value(Average(members)) == CatBoost.bytes_per_value
    assert memory_per_value(EraSample("catboost", every=4)) == CatBoost.bytes_per_value / 4

    class Strange:
        """A model that says nothing of its memory."""

    assert memory_per_value(Strange()) == UNKNOWN  # type: ignore[arg-type]
