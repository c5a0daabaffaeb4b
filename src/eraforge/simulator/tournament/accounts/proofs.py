"""The tree of a round's claims: a root that stands for all of them, and a proof for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from eraforge.core.digest import digest_value

EMPTY = "0x" + "0" * 64


@dataclass(frozen=True, slots=True)
class Leaf:
    """One claim; amounts in wei."""

    tournament: int
    round: int
    staker: str
    model_id: str
    payout: int
    burn: int

    @property
    def digest(self) -> str:
        """Its place in the tree."""
        return "0x" + digest_value("claim", *astuple(self))


class Tree:
    """A Merkle tree with sorted pairs, as the common contracts check it; the hash here is SHA-256.

    Args:
        leaves: the claims of one round, in any order.
    """

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._levels = [sorted(leaf.digest for leaf in leaves)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([parent(*below[place : place + 2]) for place in range(0, len(below), 2)])

    @property
    def root(self) -> str:
        """The digest of all claims; zeros without any."""
        return self._levels[-1][0] if self._levels[-1] else EMPTY

    def proof(self, leaf: Leaf) -> tuple[str, ...]:
        """The digests that lead from a leaf of this tree to its root."""
        found, place = [], self._levels[0].index(leaf.digest)
        for level in self._levels[:-1]:
            beside = place ^ 1
            if beside < len(level):
                found.append(level[beside])
            place //= 2
        return tuple(found)


def parent(left: str, right: str | None = None) -> str:
    """The digest above two; one without a partner goes up as it is."""
    return left if right is None else "0x" + digest_value("pair", *sorted((left, right)))


def proves(leaf: Leaf, proof: Sequence[str], root: str) -> bool:
    """Whether the proof leads from the leaf to the root."""
    at = leaf.digest
    for beside in proof:
        at = parent(at, beside)
    return at == root
