"""Readers by attention: among moments (Transformer), and among patches of moments (PatchTST)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def encoder(width: int, blocks: int, heads: int, dropout: float) -> nn.Module:
    """Layers of attention with the normalisation first: (rows, tokens, width) -> the same."""
    layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, "gelu", batch_first=True, norm_first=True)
    return nn.TransformerEncoder(layer, blocks, norm=nn.LayerNorm(width), enable_nested_tensor=False)


class TransformerReader(nn.Module):
    """Each moment a token with a learned place; answers with the mean of the tokens.

    Args:
        channels, moments: of the sequence.
        width: of a token.
        blocks, heads: of attention.
        dropout: share dropped in training.
    """

    def __init__(self, channels: int, moments: int, width: int, blocks: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.token = nn.Linear(channels, width)
        self.place = nn.Parameter(torch.randn(moments, width) * 0.02)
        self.encoder = encoder(width, blocks, heads, dropout)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, moments, channels) -> (rows, width)."""
        return self.encoder(self.token(sequence) + self.place).mean(dim=1)


class PatchReader(nn.Module):
    """Each channel cut into patches, each patch a token; all channels are read by the same weights.

    Args:
        channels, moments: of the sequence.
        patch: moments of a patch.
        stride: moments from one patch to the next; the end of the window is repeated so that the last is whole.
        width: of a token.
        blocks, heads: of attention.
        dropout: share dropped in training.
    """

    def __init__(
        self, channels: int, moments: int, patch: int, stride: int, width: int, blocks: int, heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.patch, self.stride = patch, stride
        patches = (moments - patch) // stride + 2
        self.token = nn.Linear(patch, width)
        self.place = nn.Parameter(torch.randn(patches, width) * 0.02)
        self.encoder = encoder(width, blocks, heads, dropout)
        self.head = nn.Linear(channels * patches * width, width)

    def forward(self, sequence: Tensor) -> Any:
        """(rows, moments, channels) -> (rows, width)."""
        last = sequence[:, -1:].expand(-1, self.stride, -1)
        patches = torch.cat([sequence, last], dim=1).transpose(1, 2).unfold(2, self.patch, self.stride)
        rows, channels = patches.shape[:2]
        read = self.encoder((self.token(patches) + self.place).flatten(0, 1))
        return self.head(read.unflatten(0, (rows, channels)).flatten(1))
