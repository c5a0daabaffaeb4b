"""The settings of the training loop, which every network has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eraforge.models.devices import check_device
from eraforge.models.eras import check_stopping, check_weighting
from eraforge.models.rows import require

LOSSES = ("error", "correlation")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class LoopSettings:
    """Settings of the training loop that every network has, besides those of its architecture.

    Args:
        epochs: passes over the training eras, at most.
        patience: stop after so many epochs without a better mean CORR of the purged last eras, and keep the weights of
            the best epoch; 0 trains all epochs on all eras.
        tail: share of the eras, the last ones, that early stopping judges by; they are not learned from.
        learning_rate, weight_decay: of AdamW.
        rows_at_once: rows of a batch at most; a batch holds rows of one era only.
        loss: `error` (squared, of labels centred in their era) or `correlation` (one minus Pearson's, in the batch).
        exposure_penalty: weight of the mean squared correlation of the predictions with each feature.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
        precision: `float32`, `bfloat16`, or `auto`: bfloat16 where a CUDA device has it.
        device: `auto`, `cpu` or `cuda`; on `cuda` two trainings are equal only up to rounding.
        seed: seed of the weights, the order of batches and dropout.
        threads: threads to compute with. Fixed, since sums split otherwise round otherwise.
    """

    epochs: int = 30
    patience: int = 5
    tail: float = 0.15
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    rows_at_once: int = 4096
    loss: str = "error"
    exposure_penalty: float = 0.0
    era_half_life: float = 0.0
    even_eras: bool = False
    precision: str = "auto"
    device: str = "auto"
    seed: int = 7
    threads: int = 4

    kind: ClassVar[str] = ""
    """The name under which fitted models are saved."""

    bytes_per_value: ClassVar[float] = 2.0
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(self.epochs >= 1, "epochs", self.epochs, "a number of epochs from 1")
        check_stopping(self.patience, self.tail)
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "at least 0")
        require(self.rows_at_once >= 2, "rows_at_once", self.rows_at_once, "a number of rows from 2")
        require(self.loss in LOSSES, "loss", self.loss, f"one of {', '.join(LOSSES)}")
        require(self.exposure_penalty >= 0, "exposure_penalty", self.exposure_penalty, "at least 0")
        check_weighting(self.era_half_life)
        require(self.precision in PRECISIONS, "precision", self.precision, f"one of {', '.join(PRECISIONS)}")
        check_device(self.device)
        require(self.threads >= 1, "threads", self.threads, "a number of threads from 1")
