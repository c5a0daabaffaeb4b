"""N-HiTS: a hierarchy of stacks that read a window at several speeds.

Source: Challu and others, N-HiTS: Neural Hierarchical Interpolation for Time Series Forecasting (2022).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Stack(nn.Module):
    """Pools the window; says what of it is explained (interpolated between knots) and what it adds to the answer."""

    def __init__(self, channels: int, moments: int, pool: int, hidden: int, width: int, dropout: float) -> None:
        super().__init__()
        self.pool, self.moments, self.channels = min(pool, moments), moments, channels
        self.knots = -(-moments // self.pool)
        self.layers = nn.Sequential(
            nn.Linear(channels * self.knots, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
        )
        self.explained = nn.Linear(hidden, channels * self.knots)
        self.added = nn.Linear(hidden, width)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, channels, moments) -> what is explained, of the same shape, and (rows, width)."""
        pooled = nn.functional.max_pool1d(sequence, self.pool, ceil_mode=True)
        hidden = self.layers(pooled.flatten(1))
        knots = self.explained(hidden).unflatten(1, (self.channels, self.knots))
        if self.knots != self.moments:
            knots = nn.functional.interpolate(knots, size=self.moments, mode="linear", align_corners=False)
        return knots, self.added(hidden)


class NHiTSReader(nn.Module):
    """Stacks with doubly residual links; answers with the sum of what they add.

    Args:
        channels, moments: of the sequence.
        pools: moments pooled into one, per stack.
        hidden: units of a stack's layers.
        width: of the answer.
        dropout: share of hidden units dropped in training.
    """

    def __init__(
        self, channels: int, moments: int, pools: tuple[int, ...], hidden: int, width: int, dropout: float
    ) -> None:
        super().__init__()
        self.stacks = nn.ModuleList(Stack(channels, moments, pool, hidden, width, dropout) for pool in pools)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, moments, channels) -> (rows, width)."""
        left = sequence.transpose(1, 2)
        answers = []
        for stack in self.stacks:
            explained, added = stack(left)
            left = left - explained
            answers.append(added)
        return torch.stack(answers).sum(dim=0)
