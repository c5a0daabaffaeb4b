"""Every claim of a round is proved by its root, and nothing else is."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from eraforge.simulator.tournament.accounts.proofs import EMPTY, Leaf, Tree, proves

leaves = st.integers(1, 40).map(
    lambda count: [Leaf(8, 1345, "0xa", f"model-{place}", place, 0) for place in range(count)]
)


@given(leaves)
def test_every_leaf_is_proved_and_a_changed_one_is_not(made: list[Leaf]) -> None:
    tree = Tree(made)
    for leaf in made:
        assert proves(leaf, tree.proof(leaf), tree.root)
        assert not proves(replace(leaf, payout=leaf.payout + 1), tree.proof(leaf), tree.root)


def test_a_round_without_claims_has_an_empty_root() -> None:
    assert Tree([]).root == EMPTY
