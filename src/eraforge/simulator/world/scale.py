"""How large and how learnable a made-up world is: `tiny` for tests, `small` for the demo, `full` at true size."""

from __future__ import annotations

from dataclasses import dataclass

from eraforge.core.errors import UserError

# (name, correlation of the latent outcome with ender's), in the order of the real target list's importance here.
TARGET_NAMES: tuple[tuple[str, float], ...] = (
    ("ender", 1.0),
    ("jasper", 0.885),
    ("teager2b", 0.885),
    ("cyrusd", 0.845),
    ("alpha", 0.72),
    ("bravo", 0.70),
    ("victor", 0.76),
    ("xerxes", 0.66),
    ("agnes", 0.68),
    ("caroline", 0.74),
    ("charlie", 0.71),
    ("claudia", 0.73),
    ("delta", 0.69),
    ("echo", 0.67),
    ("jeremy", 0.62),
    ("ralph", 0.60),
    ("rowan", 0.75),
    ("sam", 0.64),
    ("tyler", 0.58),
    ("waldo", 0.65),
)

ADDED = 186 / 3_555


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of a made-up world.

    Args:
        name: `tiny`, `small` or `full`.
        first_train_era, last_train_era: numbered weeks of train.parquet; validation begins the week after.
        train_rows: rows of train.parquet in total; eras grow slowly, as the real universe did.
        live_rows: rows of a live day; later validation eras grow towards it.
        features: features in `all`; the sets `small`, `medium` and `quantum` have the sizes named so.
        targets: how many of TARGET_NAMES there are, each with 20 and 60 days.
        strength: correlation of the full signal with the latent 60-day outcome.
        competitors: size of the field.
        benchmark_first_era, meta_first_era: where benchmark and meta model files begin.
        row_group_rows: rows of a parquet row group; a footer grows with columns times row groups.
    """

    name: str
    first_train_era: int
    last_train_era: int
    train_rows: int
    live_rows: int
    features: int
    small: int
    medium: int
    quantum: int
    targets: int
    strength: float
    competitors: int
    benchmark_first_era: int
    meta_first_era: int
    row_group_rows: int

    @property
    def added(self) -> int:
        """Features that each further version of the data appends: 186 at true size, as v5.1 and v5.2 did."""
        return max(3, round(self.features * ADDED))

    @property
    def train_eras(self) -> int:
        """Number of eras in train.parquet."""
        return self.last_train_era - self.first_train_era + 1

    @property
    def first_validation_era(self) -> int:
        """Number of the first era of validation.parquet."""
        return self.last_train_era + 1


SCALES: dict[str, Scale] = {
    "tiny": Scale(
        name="tiny",
        first_train_era=1136,
        last_train_era=1195,
        train_rows=60 * 100,
        live_rows=150,
        features=60,
        small=42,
        medium=48,
        quantum=10,
        targets=6,
        strength=0.35,
        competitors=30,
        benchmark_first_era=1146,
        meta_first_era=1206,
        row_group_rows=2_000,
    ),
    "small": Scale(
        name="small",
        first_train_era=956,
        last_train_era=1155,
        train_rows=200 * 3_000,
        live_rows=3_200,
        features=120,
        small=42,
        medium=84,
        quantum=24,
        targets=8,
        strength=0.05,
        competitors=40,
        benchmark_first_era=976,
        meta_first_era=1176,
        row_group_rows=60_000,
    ),
    "full": Scale(
        name="full",
        first_train_era=1,
        last_train_era=574,
        train_rows=2_746_268,
        live_rows=6_720,
        features=3_555,
        small=42,
        medium=780,
        quantum=807,
        targets=20,
        strength=0.05,
        competitors=50,
        benchmark_first_era=158,
        meta_first_era=1133,
        row_group_rows=131_072,
    ),
}


def scale_named(name: str) -> Scale:
    """The scale of that name.

    Raises:
        UserError: `unknown-scale`.
    """
    if name not in SCALES:
        raise UserError("unknown-scale", f"There is no scale {name!r}.", f"Use one of: {', '.join(SCALES)}.")
    return SCALES[name]
