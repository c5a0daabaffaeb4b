"""The saved form: equal content, equal bytes; nothing in it can run; damage is noticed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.core.errors import DataError
from eraforge.models.archive import array_bytes, bytes_array, pack, unpack


@given(st.dictionaries(st.sampled_from("abc"), st.integers()), st.dictionaries(st.sampled_from("xyz"), st.binary()))
def test_gives_back_what_it_was_given_whatever_the_order(facts: dict[str, int], blobs: dict[str, bytes]) -> None:
    data = pack("thing", facts, blobs)
    assert data == pack("thing", dict(reversed(facts.items())), dict(reversed(blobs.items())))
    assert unpack("thing", data) == ({"kind": "thing", **facts}, blobs)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_every_damaged_byte_and_every_cut_is_noticed(flip: int) -> None:
    data = pack("thing", {"a": 1}, {"x": b"some bytes that matter"})
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= flip
        for wrong in (bytes(damaged), data[:place]):
            with pytest.raises(DataError):
                unpack("thing", wrong)


def test_refuses_another_kind() -> None:
    with pytest.raises(DataError) as caught:
        unpack("other", pack("thing", {}, {}))
    assert caught.value.code == "saved-model-of-another-kind"


def test_arrays_travel_without_pickle() -> None:
    array = np.linspace(0, 1, 7)
    np.testing.assert_array_equal(bytes_array(array_bytes(array)), array)
    with pytest.raises(ValueError, match="allow_pickle"):
        array_bytes(np.array([object()]))
