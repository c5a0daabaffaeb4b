"""The encoder of the Temporal Fusion Transformer.

Source: Lim and others, Temporal Fusion Transformers for Interpretable Multi-horizon Time Series Forecasting (2021),
with the paper's names in brackets.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class GatedResidual(nn.Module):
    """A layer whose contribution a gate may shut (GRN)."""

    def __init__(self, before: int, width: int, dropout: float) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(before, width), nn.Linear(width, width)
        self.gate = Gate(width, dropout)
        self.skip = nn.Linear(before, width) if before != width else nn.Identity()

    def forward(self, inputs: Tensor) -> Any:
        """(..., before) -> (..., width)."""
        return self.gate(self.two(nn.functional.elu(self.one(inputs))), self.skip(inputs))


class Gate(nn.Module):
    """Dropout, a gated linear unit, the residual, and normalisation."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.layer = nn.Linear(width, 2 * width)
        self.norm = nn.LayerNorm(width)

    def forward(self, inputs: Tensor, residual: Tensor) -> Any:
        """(..., width) twice -> (..., width)."""
        return self.norm(residual + nn.functional.glu(self.layer(self.dropout(inputs)), dim=-1))


class ChannelChoice(nn.Module):
    """The channels of each moment, each by a layer of its own, weighed by how much they matter (variable selection)."""

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, width) * 0.1)
        self.bias = nn.Parameter(torch.zeros(channels, width))
        self.each = nn.ModuleList(GatedResidual(width, width, dropout) for _ in range(channels))
        self.choice = GatedResidual(channels * width, channels, dropout)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, moments, channels) -> (rows, moments, width)."""
        tokens = sequence[..., None] * self.weight + self.bias
        shares = self.choice(tokens.flatten(2)).softmax(dim=-1)
        read = torch.stack([layer(tokens[:, :, place]) for place, layer in enumerate(self.each)], dim=-1)
        return (read * shares[:, :, None]).sum(dim=-1)


class SharedAttention(nn.Module):
    """Attention of the last moment to all, whose heads share their values (interpretable multi-head attention)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.asked, self.keys = nn.Linear(width, width), nn.Linear(width, width)
        self.values, self.out = nn.Linear(width, self.size), nn.Linear(self.size, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, moments, width) -> (rows, width)."""
        asked = self.asked(sequence[:, -1]).unflatten(1, (self.heads, 1, self.size))
        keys = self.keys(sequence).unflatten(2, (self.heads, self.size)).transpose(1, 2)
        shares = self.dropout((asked @ keys.transpose(2, 3) / self.size**0.5).softmax(dim=-1)).mean(dim=1)
        return self.out((shares @ self.values(sequence)).squeeze(1))


class FusionReader(nn.Module):
    """Choice of channels, a memory, attention, and gates between them; answers for the last moment.

    Args:
        channels: of the sequence.
        width: of everything within.
        heads: of attention.
        dropout: share dropped in training.
    """

    def __init__(self, channels: int, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.choice = ChannelChoice(channels, width, dropout)
        self.memory = nn.LSTM(width, width, batch_first=True)
        self.memory_gate = Gate(width, dropout)
        self.attention = SharedAttention(width, heads, dropout)
        self.attention_gate = Gate(width, dropout)
        self.last = GatedResidual(width, width, dropout)
        self.last_gate = Gate(width, dropout)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, moments, channels) -> (rows, width)."""
        chosen = self.choice(sequence)
        remembered = self.memory_gate(self.memory(chosen)[0], chosen)
        attended = self.attention_gate(self.attention(remembered), remembered[:, -1])
        return self.last_gate(self.last(attended), remembered[:, -1])
