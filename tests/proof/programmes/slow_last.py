"""A plugin of pytest: the tests that take seconds run after all others, for runs that stop at the first failure."""

from __future__ import annotations

from typing import Any

SLOW = (
    "test_no_order_of_commands_moves_a_stake_unapproved_or_twice",
    "test_orders_and_claims_are_placed_once_under_our_own_key",
    "test_no_creation_is_asked_for_outside_the_window",
    "test_the_histories_do_double_without_the_read_back",
    "test_the_living_and_the_dead",
    "test_histories_with_faults_and_crashes_end_with_one_submission",
)


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Bring them into that order."""
    items.sort(key=lambda item: SLOW.index(item.originalname) + 1 if item.originalname in SLOW else 0)
