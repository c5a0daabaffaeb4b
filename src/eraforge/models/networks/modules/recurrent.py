"""Recurrent readers: LSTM and GRU."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Recurrent(nn.Module):
    """Reads moment by moment and answers with its last state.

    Args:
        kind: `nn.LSTM` or `nn.GRU`.
        channels: of the sequence.
        width: of the state.
        layers: of the recurrence.
    """

    def __init__(self, kind: Any, channels: int, width: int, layers: int) -> None:
        super().__init__()
        self.cells = kind(channels, width, layers, batch_first=True)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, moments, channels) -> (rows, width)."""
        return self.cells(sequence)[0][:, -1]
