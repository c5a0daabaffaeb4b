"""A reader of sequences within a network of rows: it is given the windows, and its answer joins the other columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Windowed(nn.Module):
    """Cuts rows into windows and the rest, reads the windows, and answers from both.

    Args:
        reader: (rows, moments, channels) -> (rows, width).
        windows: places of the columns, (moments, channels).
        rest: places of the columns that are no lag.
        width: what the reader answers with.
        dropout: share of units dropped in training.
    """

    def __init__(
        self, reader: nn.Module, windows: Sequence[Sequence[int]], rest: Sequence[int], width: int, dropout: float
    ) -> None:
        super().__init__()
        self.reader = reader
        self.shape = (len(windows), len(windows[0]))
        self.register_buffer("places", torch.tensor(windows).flatten(), persistent=False)
        self.register_buffer("rest", torch.tensor(rest, dtype=torch.long), persistent=False)
        self.head = nn.Sequential(
            nn.Linear(width + len(rest), width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 1)
        )

    def forward(self, inputs: Tensor) -> Any:
        """(rows, features) -> (rows,)."""
        read = self.reader(inputs[:, self.places].unflatten(1, self.shape))
        return self.head(torch.cat([read, inputs[:, self.rest]], dim=1)).squeeze(-1)
