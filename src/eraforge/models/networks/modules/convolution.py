"""Temporal convolution: causal, dilated, residual.

Source: Bai, Kolter, Koltun, An Empirical Evaluation of Generic Convolutional and Recurrent Networks (2018).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Block(nn.Module):
    """Two causal convolutions of one dilation, and a residual."""

    def __init__(self, before: int, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.reach = (kernel - 1) * dilation
        self.one = nn.Conv1d(before, width, kernel, dilation=dilation)
        self.two = nn.Conv1d(width, width, kernel, dilation=dilation)
        self.skip = nn.Conv1d(before, width, 1) if before != width else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, before, moments) -> (rows, width, moments)."""
        out = self.dropout(nn.functional.pad(sequence, (self.reach, 0)))
        out = self.one(out).relu()
        out = self.two(nn.functional.pad(self.dropout(out), (self.reach, 0))).relu()
        return (out + self.skip(sequence)).relu()


class TemporalConvolution(nn.Module):
    """Blocks whose dilation doubles; answers with the last moment.

    Args:
        channels: of the sequence.
        width: of each block.
        blocks: how many.
        kernel: moments a convolution looks at.
        dropout: share of inputs dropped in training.
    """

    def __init__(self, channels: int, width: int, blocks: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(Block(width if place else channels, width, kernel, 2**place, dropout) for place in range(blocks))
        )

    def forward(self, sequence: Tensor) -> Any:
        """(rows, moments, channels) -> (rows, width)."""
        return self.blocks(sequence.transpose(1, 2))[:, :, -1]
