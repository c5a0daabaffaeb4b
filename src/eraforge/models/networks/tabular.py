"""Networks of tables: MLP, ResNet, FT-Transformer, TabM and TabNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from eraforge.models.devices import library
from eraforge.models.networks.network import Network
from eraforge.models.rows import require


@dataclass(frozen=True)
class MLP(Network):
    """Layers of rectified linear units. Settings of the training loop are those of `LoopSettings`.

    Source: Gorishniy and others, Revisiting Deep Learning Models for Tabular Data (2021), and the authors' modules.

    Args:
        layers: hidden layers.
        width: units of a layer.
        dropout: share of units dropped in training.
    """

    layers: int = 3
    width: int = 256
    dropout: float = 0.2

    kind: ClassVar[str] = "mlp"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(layers=self.layers, width=self.width)
        check_dropout(self.dropout)

    def module(self, features: tuple[str, ...]) -> Any:
        """See `Network.module`."""
        from eraforge.models.networks.modules.column import Column

        made = library("rtdl_revisiting_models", "nn").MLP(
            d_in=len(features), d_out=1, n_blocks=self.layers, d_block=self.width, dropout=self.dropout
        )
        return Column(made)


@dataclass(frozen=True)
class ResNet(Network):
    """Residual blocks of batch normalisation and two layers.

    Source: Gorishniy and others, Revisiting Deep Learning Models for Tabular Data (2021), and the authors' modules.

    Args:
        blocks: residual blocks.
        width: units between blocks.
        hidden: units within a block.
        dropout: share of hidden units dropped in training.
    """

    blocks: int = 2
    width: int = 192
    hidden: int = 256
    dropout: float = 0.2

    kind: ClassVar[str] = "resnet"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(blocks=self.blocks, width=self.width, hidden=self.hidden)
        check_dropout(self.dropout)

    def module(self, features: tuple[str, ...]) -> Any:
        """See `Network.module`."""
        from eraforge.models.networks.modules.column import Column

        made = library("rtdl_revisiting_models", "nn").ResNet(
            d_in=len(features),
            d_out=1,
            n_blocks=self.blocks,
            d_block=self.width,
            d_hidden=self.hidden,
            d_hidden_multiplier=None,
            dropout1=self.dropout,
            dropout2=0.0,
        )
        return Column(made)


@dataclass(frozen=True)
class FTTransformer(Network):
    """Attention among features, each a token. Memory grows with the square of their number: for some hundreds at most.

    Source: Gorishniy and others, Revisiting Deep Learning Models for Tabular Data (2021), and the authors' modules.

    Args:
        blocks: layers of attention.
        width: numbers per token; a multiple of `heads`.
        heads: heads of attention.
        dropout: share dropped in training, of attention and of hidden units.
    """

    rows_at_once: int = 1024
    blocks: int = 2
    width: int = 64
    heads: int = 4
    dropout: float = 0.1

    kind: ClassVar[str] = "ft_transformer"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(blocks=self.blocks, width=self.width, heads=self.heads)
        check_heads(self.width, self.heads)
        check_dropout(self.dropout)

    def module(self, features: tuple[str, ...]) -> Any:
        """See `Network.module`."""
        from eraforge.models.networks.modules.column import ContinuousColumn

        made = library("rtdl_revisiting_models", "nn").FTTransformer(
            n_cont_features=len(features),
            cat_cardinalities=[],
            d_out=1,
            n_blocks=self.blocks,
            d_block=self.width,
            attention_n_heads=self.heads,
            attention_dropout=self.dropout,
            ffn_d_hidden=None,
            ffn_d_hidden_multiplier=4 / 3,
            ffn_dropout=self.dropout,
            residual_dropout=0.0,
        )
        return ContinuousColumn(made)


@dataclass(frozen=True)
class TabM(Network):
    """Many MLPs in one that share most of their weights; their predictions are averaged.

    Source: Gorishniy, Kotelnikov, Babenko, TabM: Advancing Tabular Deep Learning with Parameter-Efficient Ensembling
    (2024), and the authors' module.

    Args:
        members: MLPs.
        layers: hidden layers of each.
        width: units of a layer.
        dropout: share of units dropped in training.
    """

    rows_at_once: int = 2048
    members: int = 16
    layers: int = 2
    width: int = 192
    dropout: float = 0.1

    kind: ClassVar[str] = "tabm"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(members=self.members, layers=self.layers, width=self.width)
        check_dropout(self.dropout)

    def module(self, features: tuple[str, ...]) -> Any:
        """See `Network.module`."""
        from eraforge.models.networks.modules.column import Column

        made = library("tabm", "nn").TabM.make(
            n_num_features=len(features),
            d_out=1,
            k=self.members,
            n_blocks=self.layers,
            d_block=self.width,
            dropout=self.dropout,
        )
        return Column(made)


@dataclass(frozen=True)
class TabNet(Network):
    """Steps of attention that choose which features to look at next.

    Source: Arik, Pfister, TabNet: Attentive Interpretable Tabular Learning (2019).

    Args:
        steps: decisions.
        width: units of a decision, and of what it hands to the next.
        reuse: how freely a feature may be chosen again, from 1 (once).
        sparsity: weight of the entropy of the choices.
        ghost_rows: rows normalised together in training.
    """

    learning_rate: float = 5e-3
    steps: int = 3
    width: int = 16
    reuse: float = 1.3
    sparsity: float = 1e-3
    ghost_rows: int = 256

    kind: ClassVar[str] = "tabnet"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(steps=self.steps, width=self.width, ghost_rows=self.ghost_rows)
        require(self.reuse >= 1, "reuse", self.reuse, "at least 1")
        require(self.sparsity >= 0, "sparsity", self.sparsity, "at least 0")

    def module(self, features: tuple[str, ...]) -> Any:
        """See `Network.module`."""
        from eraforge.models.networks.modules import tabnet

        return tabnet.TabNet(len(features), self.steps, self.width, self.reuse, self.sparsity, self.ghost_rows)


def check_sizes(**sizes: int) -> None:
    """Check settings that count something.

    Raises:
        UserError: `model-setting`.
    """
    for name, value in sizes.items():
        require(value >= 1, name, value, "a number from 1")


def check_dropout(dropout: float) -> None:
    """Check the setting `dropout`.

    Raises:
        UserError: `model-setting`.
    """
    require(0 <= dropout < 1, "dropout", dropout, "a share in [0, 1)")


def check_heads(width: int, heads: int) -> None:
    """Check that every head of attention gets the same share of a token.

    Raises:
        UserError: `model-setting`.
    """
    require(width % heads == 0, "width", width, f"a multiple of the {heads} heads")
