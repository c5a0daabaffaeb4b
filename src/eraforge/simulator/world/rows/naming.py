"""Names: features and competitors from word lists, ids and model ids from draws and digests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eraforge.core.digest import digest_value
from eraforge.simulator.world.rows.draws import generator

_ADJECTIVES = (
    "amber ancient autumnal balmy brisk calm candid chilly cloudless coastal copper crisp dappled distant dusky "
    "earnest eastern elder faint feathered fern flinty foggy frosted gentle gilded glassy golden grassy hazy "
    "hollow humble idle inland ivory jovial keen languid lively lunar marbled mellow mild misty modest mossy "
    "nimble northern oaken opal pale patient pebbled placid polished quiet rainy rapid rosy rustic sandy serene "
    "silent silver slender solar sombre sturdy sunlit tender thorny tidal timber tranquil upland velvet verdant "
    "vivid warm western windy wintry"
)
_NOUNS = (
    "acorn alder anchor ant arbor aspen badger barley basin beacon beech birch bison bluff bramble brook buoy "
    "canyon cedar clover cobble comet coral cove crane creek cypress dell delta dove dune eagle elm falcon fen "
    "finch fjord glade glen grove gull harbor hawk hazel heath heron hickory hollow iris islet ivy jay juniper "
    "kelp kestrel lagoon larch lark ledge lichen lily linden lynx maple marsh marten meadow mesa moor moss myrtle "
    "newt oak orchard oriole osprey otter owl peak pebble pine plover pond poplar prairie quail quarry raven reed "
    "reef ridge robin rowan sage"
)
ADJECTIVES = tuple(_ADJECTIVES.split())
NOUNS = tuple(_NOUNS.split())
HEXADECIMAL = np.array([list(f"{byte:02x}".encode()) for byte in range(256)], np.uint8)  # two digits of each byte


def feature_names(count: int) -> tuple[str, ...]:
    """The first names of one list `feature_<adjective>_<adjective>_<noun>`, the same for every seed and scale."""
    source = generator("feature names")
    names: dict[str, None] = {}
    while len(names) < count:
        first, second = source.integers(len(ADJECTIVES), size=2)
        noun = NOUNS[int(source.integers(len(NOUNS)))]
        if first != second:
            names[f"feature_{ADJECTIVES[int(first)]}_{ADJECTIVES[int(second)]}_{noun}"] = None
    return tuple(names)


def competitor_names(count: int) -> tuple[str, ...]:
    """Model names of the field, distinct, lower case."""
    source = generator("competitor names")
    names: dict[str, None] = {}
    while len(names) < count:
        adjective = ADJECTIVES[int(source.integers(len(ADJECTIVES)))]
        names[f"{adjective}_{NOUNS[int(source.integers(len(NOUNS)))]}"] = None
    return tuple(names)


def model_id(*labels: int | str) -> str:
    """A UUID-shaped identifier that follows from the labels."""
    text = digest_value("model", *labels)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def row_ids(source: np.random.Generator, rows: int) -> NDArray[np.str_]:
    """`n` and 15 hexadecimal digits, unique and ascending. Shape (rows,)."""
    numbers = np.unique(source.integers(1 << 60, size=rows, dtype=np.uint64))
    while len(numbers) < rows:
        more = source.integers(1 << 60, size=rows - len(numbers), dtype=np.uint64)
        numbers = np.unique(np.concatenate([numbers, more]))
    letters = HEXADECIMAL[numbers.astype(">u8").view(np.uint8)].reshape(rows, 16)
    letters[:, 0] = ord("n")  # in the place of the highest digit, which is 0 below 2**60
    return letters.view("S16").ravel().astype(np.str_)
