"""Other authors' modules, made to answer with one number per row (or one per row and member)."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Column(nn.Module):
    """A module whose last axis of length 1 is dropped."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, inputs: Tensor) -> Any:
        """(rows, features) -> (rows,) or (rows, members)."""
        return self.inner(inputs).squeeze(-1)


class ContinuousColumn(Column):
    """A module that asks for continuous and categorical features, and gets no categorical ones."""

    def forward(self, inputs: Tensor) -> Any:
        """(rows, features) -> (rows,)."""
        return self.inner(inputs, None).squeeze(-1)
