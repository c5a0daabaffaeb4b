"""TabNet: decision steps that each attend to a sparse choice of features.

Source: Arik, Pfister, TabNet: Attentive Interpretable Tabular Learning (2019), with the paper's names in brackets.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

ROOT_HALF = 0.5**0.5
SHARED, OWN = 2, 2
MOMENTUM = 0.02


class GhostNorm(nn.Module):
    """Batch normalisation of parts of a batch, each by its own mean and deviation."""

    def __init__(self, width: int, ghost_rows: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, momentum=MOMENTUM)
        self.ghost_rows = ghost_rows

    def forward(self, inputs: Tensor) -> Any:
        """(rows, width) -> (rows, width)."""
        parts = len(inputs) // self.ghost_rows
        if not self.training or parts < 2:
            return self.norm(inputs)
        return torch.cat([self.norm(part) for part in inputs.chunk(parts)])


class Gated(nn.Module):
    """A layer, ghost normalisation, and a gate (GLU)."""

    def __init__(self, layer: nn.Linear, width: int, ghost_rows: int) -> None:
        super().__init__()
        self.layer = layer
        self.norm = GhostNorm(2 * width, ghost_rows)

    def forward(self, inputs: Tensor) -> Any:
        """(rows, any) -> (rows, width)."""
        return nn.functional.glu(self.norm(self.layer(inputs)))


class FeatureTransformer(nn.Module):
    """Gated layers with scaled residuals: the first share weights among all steps, the others are the step's own."""

    def __init__(self, shared: nn.ModuleList, width: int, ghost_rows: int) -> None:
        super().__init__()
        layers = [*shared, *(nn.Linear(width, 2 * width, bias=False) for _ in range(OWN))]
        self.blocks = nn.ModuleList(Gated(layer, width, ghost_rows) for layer in layers)

    def forward(self, inputs: Tensor) -> Any:
        """(rows, features) -> (rows, width)."""
        out = self.blocks[0](inputs)
        for block in self.blocks[1:]:
            out = (out + block(out)) * ROOT_HALF
        return out


class TabNet(nn.Module):
    """The encoder with a linear head.

    Args:
        features: columns.
        steps: decisions (N_steps).
        width: units of a decision and of what it hands on (N_d = N_a).
        reuse: relaxation (gamma): at 1 a feature is chosen in one step only.
        sparsity: weight of the entropy of the masks (lambda_sparse).
        ghost_rows: virtual batch size (B_V).
    """

    def __init__(self, features: int, steps: int, width: int, reuse: float, sparsity: float, ghost_rows: int) -> None:
        super().__init__()
        both = 2 * width
        shared = nn.ModuleList(
            nn.Linear(features if place == 0 else both, 2 * both, bias=False) for place in range(SHARED)
        )
        self.width, self.reuse, self.sparsity = width, reuse, sparsity
        self.norm = nn.BatchNorm1d(features, momentum=MOMENTUM)
        self.first = FeatureTransformer(shared, both, ghost_rows)
        self.steps = nn.ModuleList(FeatureTransformer(shared, both, ghost_rows) for _ in range(steps))
        self.choices = nn.ModuleList(nn.Linear(width, features, bias=False) for _ in range(steps))
        self.choice_norms = nn.ModuleList(GhostNorm(features, ghost_rows) for _ in range(steps))
        self.head = nn.Linear(width, 1, bias=False)
        self._entropy: Any = 0.0

    def forward(self, inputs: Tensor) -> Any:
        """(rows, features) -> (rows,)."""
        values = self.norm(inputs)
        prior = torch.ones_like(values)
        handed = self.first(values)[:, self.width :]
        total, entropy = 0.0, 0.0
        for step, choice, norm in zip(self.steps, self.choices, self.choice_norms, strict=True):
            mask = sparsemax(norm(choice(handed)) * prior)
            prior = prior * (self.reuse - mask)
            entropy = entropy - (mask * (mask + 1e-15).log()).sum(dim=1).mean() / len(self.steps)
            out = step(mask * values)
            total = total + torch.relu(out[:, : self.width])
            handed = out[:, self.width :]
        self._entropy = entropy
        return self.head(total).squeeze(-1)

    def own_loss(self) -> Any:
        """The weighted entropy of the last batch's masks."""
        return self.sparsity * self._entropy


def sparsemax(scores: Tensor) -> Any:
    """The point of the simplex nearest to each row of scores.

    Source: Martins, Astudillo, From Softmax to Sparsemax (2016).

    Args:
        scores: (rows, features).
    """
    ordered = scores.sort(dim=1, descending=True).values
    counts = torch.arange(1, scores.shape[1] + 1, dtype=scores.dtype, device=scores.device)
    sums = ordered.cumsum(dim=1) - 1
    support = (counts * ordered > sums).sum(dim=1, keepdim=True)
    threshold = sums.gather(1, support - 1) / support.to(scores.dtype)
    return torch.relu(scores - threshold)
